"""Find the recording that an event is about: what each start and each form of an event is matched by, and why not.

The table of all of them is docs/matching.md.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from shared.domain.durations import START_TOLERANCE
from shared.domain.identifiers import (
    CallId,
    CallIdKind,
    id_from_call,
    id_from_recording_id,
    normal_recording_id,
)
from shared.domain.listed_rows import rows_of_call
from shared.domain.models import Chunk, Recording
from shared.domain.ports import Catalog
from shared.domain.statuses import Origin
from shared.pipeline.file_ready_event import FileReady

CANONICAL_PARTS = ("PlatformEndpointId", "ResourceSpecificId")
RECORDING_ID_CHARACTERS_MAX = 1024  # ACS's have about 200; what is longer is not decoded

type Rank = tuple[bool, int, bool, bool, bool, bool, float]  # of the recordings of a call the lowest is the event's


class Found(msgspec.Struct, frozen=True):
    """The recording that an event is about.

    Attributes:
        recording: its row.
        chunks: the rows of its chunks by document; None for one that cannot be read.
    """

    recording: Recording
    chunks: Mapping[str, Chunk | None]


def find_recording(event: FileReady, catalog: Catalog) -> Found | None:
    """The recording that an event is about, and its chunks; None where it has no row.

    Raises:
        RowUnreadable: the row that it is certainly about cannot be read.
    """
    known = by_acs_id(event, catalog)
    if known is not None:
        return known
    recording = (
        by_call(event, catalog, ids_inside(event))
        or by_call(event, catalog, ids_of_call(event))
        or by_derived_id(event, catalog)
        or by_call(event, catalog, clues(event))
    )
    return found(catalog, recording.id) if recording is not None else None


def found(catalog: Catalog, id: str) -> Found | None:
    recording, chunks = catalog.recording_and_chunks(id)
    return Found(recording, chunks) if recording is not None else None


def by_acs_id(event: FileReady, catalog: Catalog) -> Found | None:
    for recording_id in dict.fromkeys(filter(None, (event.recording_id, event.subject_recording_id))):
        id = catalog.recording_by_acs_id(recording_id)
        if id is not None and (known := found(catalog, id)):
            return known
    return None


def ids_inside(event: FileReady) -> list[CallId]:
    """The callConnectionId inside ACS's id of a recording that was started by it."""
    parts = canonical_parts(event.recording_id)
    return [CallId(CallIdKind.CALL_CONNECTION, parts[0])] if parts else []


def ids_of_call(event: FileReady) -> list[CallId]:
    """The ids by which an event names its call, as a start may have named it."""
    named = {CallIdKind.SERVER_CALL: event.server_call_id, CallIdKind.CALL_CONNECTION: event.call_connection_id}
    return [CallId(kind, id) for kind, id in named.items() if id]


def clues(event: FileReady) -> list[CallId]:
    """The ids by which an event names its call, as a verified callback may have named it."""
    named = {CallIdKind.SERVER_CALL_CLUE: event.server_call_id, CallIdKind.CALL_CLUE: event.call_id}
    return [CallId(kind, id) for kind, id in named.items() if id]


def by_call(event: FileReady, catalog: Catalog, calls: list[CallId]) -> Recording | None:
    """Of the recordings of a call the one whose start is nearest to the event's, and not after it if there is one."""
    found = [recording for call in calls for recording in candidates(event, catalog, call)]
    return min(found, key=lambda recording: rank(recording, event), default=None)


def candidates(event: FileReady, catalog: Catalog, call: CallId) -> Iterator[Recording]:
    """The recordings of a call that may be the event's, newest first.

    A row that cannot be read is perhaps another recording of the call: the event's files do not wait for it.
    """
    rows = rows_of_call(catalog, call, began(event) + START_TOLERANCE)
    return (row for row in rows if isinstance(row, Recording) and may_be(row, event))


def may_be(recording: Recording, event: FileReady) -> bool:
    """Whether a recording of the event's call can be the event's."""
    # A row that an event made is found by its derived id: it is younger than the start of its recording.
    if recording.judged or recording.origin is Origin.EVENT:
        return False
    if known_to_differ(recording.recording_id, event.recording_id):
        return False
    ended, start = recording.ended_at, event.recording_start_time
    return ended is None or start is None or start <= ended + START_TOLERANCE


def rank(recording: Recording, event: FileReady) -> Rank:
    """How well a recording of the event's call fits; the lowest fits best.

    One whose start ACS never judged comes last: it was surely not carried out, unless what said so was no part of ACS.
    Then counts what an earlier event said of its start. Then come those that were started in the minute before the
    event's recording began, then those before, and as the last resort, since a clock may be wrong, those in the minute
    after; of these each time starts that ACS never answered last, after that minute what is live last, and then the
    nearest first.
    """
    known, start = recording.recording_start_time, event.recording_start_time
    heard = 1 if known is None or start is None else 0 if known == start else 2
    ahead = (began(event) - (recording.repeatability_first_sent or recording.created_at)).total_seconds()
    late, long_before = ahead < 0, ahead > START_TOLERANCE.total_seconds()
    live = recording.ended_at is None
    return recording.refused, heard, late, long_before, recording.recording_id is None, late and live, abs(ahead)


def began(event: FileReady) -> datetime:
    return event.recording_start_time or event.event_time


def by_derived_id(event: FileReady, catalog: Catalog) -> Recording | None:
    """The row that an earlier event of the same recording made."""
    rows = (catalog.recording(id) for id in derived_ids(event))
    return next((row for row in rows if row and not known_to_differ(row.recording_id, event.recording_id)), None)


def derived_ids(event: FileReady) -> list[str]:
    """The ids that the row of an unknown recording may have; a new row gets the first."""
    by_acs = [id_from_recording_id(normal_recording_id(event.recording_id))] if event.recording_id else []
    return [*by_acs, id_from_call(event.call_id, event.recording_start_time)]


def new_recording(event: FileReady, now: datetime) -> Recording:
    """The row of a recording that was not started here."""
    return Recording(
        id=derived_ids(event)[0],
        origin=Origin.EVENT,
        created_at=now,
        updated_at=now,
        server_call_id=event.server_call_id,
        call_connection_id=event.call_connection_id,
    )


def known_to_differ(ours: str | None, theirs: str | None) -> bool:
    """Whether two ids of ACS certainly name two recordings.

    ACS's own form is base64url of a JSON object with two GUIDs. Whether an event's subject always carries that form is
    not documented, so an id of another form proves nothing, nor does a missing one.
    """
    first, second = canonical_parts(ours), canonical_parts(theirs)
    return first is not None and second is not None and first != second


def canonical_parts(recording_id: str | None) -> tuple[str, ...] | None:
    bare = normal_recording_id(recording_id or "")
    if len(bare) > RECORDING_ID_CHARACTERS_MAX:
        return None
    try:
        parts = json.loads(base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    if not isinstance(parts, dict) or not all(isinstance(parts.get(name), str) for name in CANONICAL_PARTS):
        return None
    return tuple(parts[name].lower() for name in CANONICAL_PARTS)
