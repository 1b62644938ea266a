"""The app's errors, and whether a retry helps.

RecorderError
    Refused                 the request cannot be carried out; no retry helps
        InvalidRequest      400  a field is wrong
        TooLarge            413  the body is longer than any that is wanted
        NotFound            404  nothing has that name
            RecordingNotFound    … no recording
            ChunkNotFound        … no chunk
        Conflict            409  not in this state, or not yet
        CopyGone            410  a proven copy that is not there any more
        KeyReused           422  an idempotency key came back with another body
        NotExportable       422  no single file can be made of this recording
        CallbackRefused     401  a callback is not proven to be ACS's
    AcsError                ACS answered with an error, or not at all
        AcsRefused          ACS judged the request, and refused it
            RecordingUnknown     … since it does not know the recording (yet, or any more)
        AcsUnavailable      ACS did not judge it: try again; surely nothing took effect
            AcsUncertain    … save that it may have taken effect all the same
                AcsUnreadable    … ACS answered what nobody can read
            ControlUnknown  … save that the recording's state is unknown: ask again
            CallbackKeysMissing  … so that a callback cannot be verified
    Transient               a step of the pipeline failed and is worth repeating until the deadline
        SourceUnavailable   ACS did not return the chunk
            SourceMissing   … because it has no such document
        SourceSuspect       ACS returned something that cannot be the chunk
        StoreUnavailable    Blob Storage did not answer
            BlobExists      … because a blob of that name exists: verify it
            BlocksGone      … because staged blocks are gone: verify what was committed
            BlobGone        … because the blob is not there (any more)
            BlockRefused    … because a block does not go with those that are staged, or is one too many
            BlocksInTheWay  … because somebody else's blocks are staged: a person must remove them
            BlobUnreadable  … because the blob cannot be read as it is: archived, or encrypted with another's key
            CopyAltered     … because what bears a copy's name is not, or not any more, what was proven
            CopyRefused     … because it does not let itself read the copy that it is to compose from
        TopicUnavailable    Event Grid did not take an event of ours
            EventsRefused   … because they are too many, or one is too long or none
        OutOfTime           stopped at a block boundary; the next attempt goes on from there
        Unforeseen          an unforeseen error; logged with its traceback
            RowUnreadable   … because this version cannot read a row
    Permanent               a step of the pipeline failed for good
        Expired             ACS destroyed the chunk before it could be copied, or never answered with it
        ContentConflict     a blob of the chunk's name has another content
    CatalogConflict         another write of the row came first: read again and decide again
    CatalogUnavailable      Table Storage did not answer; only our own outage raises out of a trigger
    NotUnderstood           an event, topic or URL that is not understood: keep it and alert
        NotAllowed          … because the settings do not allow the URL
    SettingsInvalid         the environment is not usable; every problem is listed
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import NamedTuple, Self

from shared.domain.durations import CONTROL_RETRY_SECONDS

ROWS_NAMED_MAX = 3  # in one sentence


class RecorderError(Exception):
    """The root of this app's errors; its docstring is the message when none is given.

    Attributes:
        id: our id of the recording that it is about, once that has a row; None where it is about none.
        advice: sentences for the caller that follow the message: what to do now.
    """

    id: str | None = None
    advice: str = ""

    def __str__(self) -> str:
        return super().__str__() or (self.__doc__ or "").strip()


@contextmanager
def about(id: str) -> Iterator[None]:
    """Have errors say which recording they are about, unless they say it already."""
    try:
        yield
    except RecorderError as error:
        error.id = error.id or id
        raise


class Refused(RecorderError):
    """The request cannot be carried out."""

    status = HTTPStatus.BAD_REQUEST


class WrongField(NamedTuple):
    """A field of a request, and what is wrong with it and what is allowed, as a sentence."""

    field: str
    detail: str


class InvalidRequest(Refused):
    """A field of the request is wrong.

    Attributes:
        faults: every wrong field; none where the request is wrong as a whole.
    """

    faults: tuple[WrongField, ...] = ()

    @classmethod
    def of(cls, faults: Iterable[WrongField]) -> Self:
        """The error of these faults, all told in one."""
        listed = tuple(faults)
        error = cls(" ".join(f"{field}: {detail}" for field, detail in listed))
        error.faults = listed
        return error


class TooLarge(Refused):
    """The body is longer than any that is wanted."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class NotFound(Refused):
    """There is nothing by that name."""

    status = HTTPStatus.NOT_FOUND


class RecordingNotFound(NotFound):
    """There is no recording with this id."""


class ChunkNotFound(NotFound):
    """There is no chunk with this documentId in this recording."""


class Conflict(Refused):
    """The recording is not in a state that allows this."""

    status = HTTPStatus.CONFLICT


class CopyGone(Refused):
    """The copy was proven, and is not there any more."""

    status = HTTPStatus.GONE


class KeyReused(Refused):
    """The Idempotency-Key was used before with another body."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class NotExportable(Refused):
    """No single file can be made of this recording."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class CallbackRefused(Refused):
    """The callback is not verifiably ACS's; nothing in it was used."""

    status = HTTPStatus.UNAUTHORIZED


CODE_NOT_FOUND = "8522"  # ACS: recording not found
# ACS's answers about the app and its load, not about the request: it took no effect, and is not refused for good.
NOT_JUDGED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})
CODES_APP_REFUSED = frozenset({"7504", "7509", "7510"})  # no permission; signature or managed identity refused
CODES_THROTTLED = frozenset({"8516", "8529", "8530", "8589"})
NOT_JUDGED_CODES = CODES_APP_REFUSED | CODES_THROTTLED  # whatever status they come with


class AcsError(RecorderError):
    """ACS did not do what it was asked.

    Args:
        message: ACS's own words, or what happened on the way.
        status: the HTTP status ACS answered with; None when it did not answer.
        code: ACS's error code, a string of digits such as "8553"; None when it gave none.
        retry_after_seconds: ACS's Retry-After in seconds; None if absent.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after_seconds = retry_after_seconds


class AcsRefused(AcsError):
    """ACS judged the request and refused it."""


class RecordingUnknown(AcsRefused):
    """ACS does not know the recording that it was to pause or to resume."""


class AcsUnavailable(AcsError):
    """ACS did not judge the request: it throttled, refused the app, or was never reached. Nothing took effect."""


class AcsUncertain(AcsUnavailable):
    """ACS failed or did not answer; the request may have taken effect all the same."""


class AcsUnreadable(AcsUncertain):
    """ACS answered what nobody can read; the request may have taken effect all the same."""


class ControlUnknown(AcsUnavailable):
    """ACS could not confirm the recording's state.

    Args:
        message: what was not confirmed.
        answer: what ACS answered instead; None where it was not asked.
    """

    def __init__(self, message: str, answer: AcsError | None = None) -> None:
        words = f"{message} {answer}" if answer else message
        wait = answer.retry_after_seconds if answer else None
        super().__init__(
            f"{words} Whether it records is not known, and nothing was changed here; ask again.",
            status=answer.status if answer else None,
            code=answer.code if answer else None,
            retry_after_seconds=CONTROL_RETRY_SECONDS if wait is None else wait,
        )


class CallbackKeysMissing(AcsUnavailable):
    """ACS's keys could not be fetched."""

    def __init__(self) -> None:
        super().__init__(
            "ACS's keys could not be fetched, so the callback could not be verified. Nothing is lost: ACS is asked for"
            " the state, and tells of its files by event. If this lasts, see CALLBACK_JWKS_URL."
        )


class Transient(RecorderError):
    """This attempt failed; a later one may succeed."""

    def __init__(self, message: str = "", *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class SourceUnavailable(Transient):
    """ACS did not hand out the chunk."""


class SourceMissing(SourceUnavailable):
    """ACS says that there is no such document: not yet, not any more, or deleted."""


class SourceSuspect(Transient):
    """What ACS handed out cannot be the chunk; it was not stored."""


class StoreUnavailable(Transient):
    """Blob Storage did not answer or refused a write; what it had before is untouched."""


class BlobExists(StoreUnavailable):
    """There is a blob of that name already; it was not touched."""


class BlocksGone(StoreUnavailable):
    """Blocks that were staged are not there any more: another attempt committed, or a week went by."""


class BlockRefused(StoreUnavailable):
    """A block does not go with those that are staged under the name, or there are too many of them."""


class BlocksInTheWay(StoreUnavailable):
    """Somebody else's blocks are staged under the name: nothing can be written there until a person removes them."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Blocks that this app did not write lie uncommitted under the name {name}, and Blob Storage takes no"
            " others beside them; they are not touched. Whoever wrote them must remove them: write a blob of that name"
            " at once and delete it. Then the copy goes on; by itself Blob Storage drops them after a week."
        )


class BlobGone(StoreUnavailable):
    """There is no blob of that name (any more): another run has finished with it."""


class BlobUnreadable(StoreUnavailable):
    """The blob of that name cannot be read as it is: archived, or encrypted with another's key."""


class CopyAltered(StoreUnavailable):
    """What bears the name of a copy is not, or not any more, what was proven."""


class CopyRefused(StoreUnavailable):
    """Blob Storage does not let itself read a copy that it is to compose a file from."""


class TopicUnavailable(Transient):
    """Event Grid did not take events of ours; their rows are there, and the sweep sends them again."""


class EventsRefused(TopicUnavailable):
    """Event Grid refuses a request for what it holds: it is too long, or one of the events is none."""


class OutOfTime(Transient):
    """The attempt stopped at a block boundary before its time ran out; the next one goes on from there."""


class Unforeseen(Transient):
    """An unforeseen error; the log has its traceback."""


class RowUnreadable(Unforeseen):
    """A row says what this version of the app does not understand; it was left as it is.

    Args:
        id: our id of the recording.
        document_ids: of the chunks whose rows these are; none when it is the recording's own.
        column: the column that cannot be read; None when unknown. Its value is never repeated.
    """

    def __init__(self, id: str, *document_ids: str, column: str | None = None) -> None:
        more = f" and {len(document_ids) - ROWS_NAMED_MAX} more" if len(document_ids) > ROWS_NAMED_MAX else ""
        chunk = f"chunk {', '.join(document_ids[:ROWS_NAMED_MAX])}{more} of " if document_ids else ""
        super().__init__(
            f"The row of {chunk}recording {id} cannot be read: {f'its column {column}' if column else 'it'} says what"
            " this version of the app does not understand. It was left as it is. Correct it, or update the app."
        )
        self.id = id
        self.document_ids = document_ids
        self.column = column


class Permanent(RecorderError):
    """No further attempt can succeed."""


class Expired(Permanent):
    """ACS destroyed the chunk before it could be copied, or never answered with it for as long as it is tried."""


class ContentConflict(Permanent):
    """A blob with the chunk's name holds another content; neither was touched."""


class CatalogConflict(RecorderError):
    """The row was written by somebody else in the meantime."""


class CatalogUnavailable(RecorderError):
    """Table Storage did not answer; nothing was acknowledged."""


class NotUnderstood(RecorderError):
    """This is not understood; it is kept as it came, and an alert is logged."""


class NotAllowed(NotUnderstood):
    """A URL is not one that the settings allow; with others it may be understood."""


class WrongSetting(NamedTuple):
    """A setting that is missing or malformed: its name and what it must be, never its value."""

    name: str
    must_be: str


class SettingsInvalid(RecorderError):
    """Nothing works with these settings.

    Args:
        wrong: every setting that is missing or malformed.
    """

    def __init__(self, wrong: Sequence[WrongSetting]) -> None:
        listed = "; ".join(f"{name} must be {must_be}" for name, must_be in wrong)
        super().__init__(f"{len(wrong)} of the app's settings are wrong: {listed}.")
        self.wrong = tuple(wrong)
