"""What may stand in a log line: a closed set of fields, each with the alphabet of its values.

Whatever is of no such alphabet is left out, and a mark stands in its place. A digest would not do: there are so few
phone numbers that each can be found by its digest.
"""

import base64
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain, groupby, islice
from logging import LogRecord
from pathlib import PurePath
from typing import TypedDict

from shared.domain.log_words import WORDS

WITHHELD = "[withheld]"  # stands for what is not logged
SENTENCE_CHARACTERS_MAX = 4000  # of one field; only the list of wrong settings comes near it
REASON_CHARACTERS_MAX = 200  # an event may have a thousand; they are whole beside the kept event
NUMBERS_MAX = 10**15  # beyond every count and every size of ours
CHAIN_MAX = 6  # exceptions of one traceback that are told, each the cause of the one before
FRAMES_MAX = 40  # of one exception: the innermost; runaway recursion has a thousand

type Field = str | int | float | BaseException | LogRecord | None


class LogFields(TypedDict, total=False):
    """Every field that a log line may have."""

    # Ids
    id: str  # ours, of a recording
    sameAs: str
    documentId: str | None
    recordingId: str | None
    incident: str  # of an unknown fault
    # Counts and durations
    chunks: int
    lost: int
    number: int
    bytes: int | None
    attempts: int
    events: int
    units: int
    statusCode: int | None
    transfers: int
    deletions: int
    hoursLeft: float
    open: int | None
    oldestOpenSeconds: int | None
    due: int | None
    failed: int | None
    atRisk: int | None
    # Words of ours
    status: str | None
    queue: str
    run: str
    dependency: str
    # Names and digests of what is kept
    kept: str
    name: str
    sha256: str
    # Kinds of errors, sentences of ours, and where something happened
    error: str
    failure: str | None
    reason: str
    traceback: BaseException
    library: LogRecord


UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
DOCUMENT = re.compile(r"\d-[a-z]{2,6}\d?-d\d{1,3}-[0-9a-f]{1,32}", re.ASCII)  # the form that ACS's have had
COPY = rf"\d{{4,6}}-{DOCUMENT.pattern}(\.unfinished)?\.\w{{3,8}}(\.json)?"  # a blob of a chunk, in its folder
ACS_ID_PARTS = re.compile(r"""\{("[A-Za-z]{1,24}":"[0-9A-Fa-f-]{36}",?){2}\}""", re.ASCII)  # of two GUIDs, decoded
ACS_ID = re.compile(r"eyJ[A-Za-z0-9_-]{1,300}={0,2}", re.ASCII)
QUEUE = re.compile(r"chunk-(transfers|deletions)(-poison)?", re.ASCII)
DIGEST = re.compile(r"[0-9a-f]{8}", re.ASCII)
KEPT = re.compile(r"[0-9a-f]{64}\.json", re.ASCII)
# Event Grid names a dead letter by topic, subscription, hour, and an id of its own.
LETTER = re.compile(r"(?:[\w-]{1,80}/){0,3}(\d{4}(?:/\d{1,2}){2,3}/v?[0-9a-f-]{1,36}\.json)", re.ASCII)
ERROR_NAME = re.compile(r"([A-Z]{2,5})?([A-Z][a-z]{1,19}){1,7}", re.ASCII)
LOGGER_NAME = re.compile(r"[A-Za-z0-9_]{1,30}(\.[A-Za-z_]{1,40}){0,9}", re.ASCII)
LABEL = r"(?=[0-9-]*[a-z])[a-z0-9][a-z0-9-]{0,62}"  # of a host; digits alone could be a phone number
HOST = re.compile(rf"{LABEL}(\.{LABEL}){{1,6}}", re.ASCII)
# What is told behind a word: ids of calls are UUIDs, too, and a key may look like a host.
BEHIND: Mapping[str, re.Pattern[str]] = {"recording": UUID, "host": HOST}
# Words of a sentence that are none of the app's own.
SHAPES = tuple(
    re.compile(shape, re.ASCII)
    for shape in (
        r"-?\d{1,6}(\.\d{1,3})?%?",  # fewer digits than a phone number has
        r"\d{1,3}(,\d{3}){1,5}",
        r"[1-5]\d\d/(\d{4}|([A-Z][a-z]{1,19}){1,6})",  # ACS's status and code, which is a number or a word
        r"text/(html|plain|xml)",  # what a gateway answers in its place
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)",
        DOCUMENT.pattern,
        r"(AzureWebJobs|Recordings)Storage(__[A-Za-z]{1,30})+",  # a setting that is not understood
        # The name of one of our blobs, or of what is kept.
        rf"\d{{4}}/\d\d/\d\d/{UUID.pattern}/({COPY}|recording\.(\d+\.)?json)?",
        KEPT.pattern,
        rf"\.{HOST.pattern}",  # a suffix of hosts
        r"([A-Z]{2,5})?([A-Z][a-z]{1,19}){0,6}(Error|Exception|Timeout|Warning|Read)",  # OSError, IncompleteRead
        r"\(([A-Z][a-z]{1,19}(\d{1,2})?){2,8}\)",  # the code of an answer of storage, behind its status
    )
)
# As a phone number is written; ACS's status and code, behind its words, are none, whatever these end with.
NUMBERS_IN_A_ROW = re.compile(r"[+(]*\d[\d().-]*(?: (?!\([1-5]\d\d/)[\d().-]*\d[\d().-]*)+", re.ASCII)
# Sizes and positions, which may have as many digits as a phone number: they get commas, and none has those.
SIZE = re.compile(r"\d{6,15}(?= bytes\b)|(?<=\bbytes instead of )\d{6,15}|(?<=\bbytes, now it has )\d{6,15}", re.ASCII)
JOINT = "__"  # in the names of settings that are made of two
MARKS = ".,;:!?()[]\"'"  # around a word


def count(value: object) -> Field:
    """A number that is none of a phone."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return WITHHELD
    return value if abs(value) < NUMBERS_MAX else WITHHELD  # NaN is withheld, too


def matching(pattern: re.Pattern[str]) -> Callable[[object], Field]:
    """The kind of values that a pattern matches whole."""

    def kind(value: object) -> Field:
        return value if isinstance(value, str) and pattern.fullmatch(value) else WITHHELD

    return kind


def acs_id(value: object) -> Field:
    """ACS's id of a recording: base64 of two GUIDs by name; any other text could be anything."""
    if not isinstance(value, str) or not ACS_ID.fullmatch(value):
        return WITHHELD
    bare = value.rstrip("=")
    decoded = base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4)) if len(bare) % 4 != 1 else b""
    return value if ACS_ID_PARTS.fullmatch(decoded.decode("latin-1")) else WITHHELD


def letter(value: object) -> Field:
    """The name of a dead letter from its day on: what stands before it the operator chose."""
    found = LETTER.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else WITHHELD


def word(value: object) -> Field:
    """One word of the app's own."""
    return str(value) if isinstance(value, str) and value in WORDS else WITHHELD


def sentence(value: object, characters_max: int = SENTENCE_CHARACTERS_MAX) -> str:
    """A sentence in the app's own words, and in it ids, numbers and hosts; a mark for each run of other words."""
    if not isinstance(value, str):
        return WITHHELD
    whole = (
        value if len(value) <= characters_max else value[: characters_max + 1].rpartition(" ")[0]
    )  # no part of a word
    whole = " ".join(whole.split())  # whatever blank stands between the numbers of a phone
    whole = SIZE.sub(lambda found: f"{int(found[0]):,}", NUMBERS_IN_A_ROW.sub(WITHHELD, whole))
    words = whole.split()
    told = (each if is_told(each, before) else WITHHELD for before, each in zip(["", *words], words, strict=False))
    return " ".join(chain.from_iterable([key] if key == WITHHELD else run for key, run in groupby(told)))


def is_told(text: str, before: str) -> bool:
    """Whether a word may be logged behind another."""
    bare = text.strip(MARKS)
    behind = BEHIND.get(before.casefold())
    if all(not part or part in WORDS for part in bare.split(JOINT)):
        return True
    if behind is not None and behind.fullmatch(bare):
        return True
    return any(is_shape(shape, text, bare) for shape in SHAPES)


def is_shape(shape: re.Pattern[str], text: str, bare: str) -> bool:
    forms = {bare, text.rstrip(".,;:"), text.lstrip("(").rstrip(".,;:)")}  # the last is a suffix of hosts in a list
    return any(shape.fullmatch(form) for form in forms)


def told_traceback(value: object) -> Field:
    """Of an exception and its causes: their types, their frames, and what ours say; what others say is left out."""
    if not isinstance(value, BaseException):
        return WITHHELD
    return "\n".join(line for error in islice(causes(value), CHAIN_MAX) for line in told_error(error))


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An exception, and what it came of."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def told_error(error: BaseException) -> Iterator[str]:
    kind = type(error)
    is_ours = kind.__module__.partition(".")[0] == "shared"
    yield f"{kind.__module__}.{kind.__qualname__}: {sentence(str(error)) if is_ours else WITHHELD}"
    for frame in traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]:
        yield f"  {place(frame.filename)}:{frame.lineno} {frame.name}"


def place(path: str) -> str:
    """A file by its last folders: what stands before is the same of all."""
    return "/".join(PurePath(path).parts[-3:])


def library(value: object) -> Field:
    """Which line of a library logged something, instead of what it said."""
    if not isinstance(value, LogRecord):
        return WITHHELD
    name = value.name if LOGGER_NAME.fullmatch(value.name) else WITHHELD
    return f"{name} {place(value.pathname)}:{value.lineno}"


type Kind = Callable[[object], Field]

KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("id", "sameAs", "incident"), matching(UUID)),
    "documentId": matching(DOCUMENT),
    "recordingId": acs_id,
    **dict.fromkeys(("chunks", "lost", "number", "bytes", "attempts", "events", "units", "statusCode"), count),
    **dict.fromkeys(("transfers", "deletions", "hoursLeft"), count),
    **dict.fromkeys(("open", "oldestOpenSeconds", "due", "failed", "atRisk"), count),
    "queue": matching(QUEUE),
    **dict.fromkeys(("status", "run", "dependency"), word),
    "kept": matching(KEPT),
    "name": letter,
    "sha256": matching(DIGEST),
    "error": matching(ERROR_NAME),
    "failure": sentence,
    "reason": partial(sentence, characters_max=REASON_CHARACTERS_MAX),
    "traceback": told_traceback,
    "library": library,
}


def told(name: str, value: object) -> Field:
    """A field's value as it may be logged; None as it is."""
    kind = KINDS.get(name)
    return value if value is None else WITHHELD if kind is None else kind(value)
