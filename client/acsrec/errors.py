"""What can go wrong, each as one exception."""

from collections.abc import Sequence
from dataclasses import dataclass

EMPTY_ANSWERS = {
    401: "The app wants a function key: there is none, or it is wrong. Nothing was done.",
    404: "The app has no such route: the address is another app's, or an older version's. Nothing was done.",
    429: "The instance of the app that was asked has as many requests as it takes. Nothing was done: ask again soon.",
}


class Error(Exception):
    """Base of what this package raises on purpose."""


@dataclass(frozen=True)
class Fault:
    """One wrong field of a request, or one wrong setting of the app."""

    name: str
    detail: str


class Problem(Error):
    """The app refused, or could not: its problem document (RFC 9457).

    Args:
        status: of HTTP.
        title: the phrase of the status.
        detail: what happened, what was lost, and what to do.
        acs_code: ACS's own error code, where ACS refused.
        acs_status: ACS's HTTP status, where ACS answered.
        id: of the recording that it is about, where there is one.
        faults: every wrong field, or every wrong setting.
        retry_after: seconds after which the app wants to be asked again; None if it does not say.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        acs_code: str | None = None,
        acs_status: int | None = None,
        id: str | None = None,
        faults: Sequence[Fault] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{status} {title}: {detail}")
        self.status = status
        self.title = title
        self.detail = detail
        self.acs_code = acs_code
        self.acs_status = acs_status
        self.id = id
        self.faults = tuple(faults)
        self.retry_after = retry_after


class Unanswered(Error):
    """No answer came, or none that can be read; `sent` says whether the app may have done what it was asked for."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class Unreadable(Error):
    """The list was read to its end, and these recordings belong to it, but the app cannot read their rows."""

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__(
            f"The list is not whole: the app cannot read {len(ids)} of its recordings just now: {', '.join(ids)}."
            " Ask again; `GET /api/consistency` says what is wrong with a row"
        )
        self.ids = tuple(ids)


class ChunksLeftOut(Error):
    """The answer has no chunks: lists leave them out, and an action while one of their rows cannot be read."""

    def __init__(self, id: str) -> None:
        super().__init__(f"This answer leaves the chunks out; get({id!r}) has them")
