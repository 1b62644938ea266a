"""Find the recording that an event is about: by ACS's id, else by call, else by the id that earlier events derived."""

import base64
import binascii
import json
from datetime import datetime

from shared.domain.durations import START_TOLERANCE
from shared.domain.errors import RowUnreadable
from shared.domain.identifiers import id_from_call, id_from_recording_id, normal_recording_id
from shared.domain.models import Origin, Recording
from shared.domain.ports import Catalog
from shared.pipeline.file_ready_event import FileReady

CANONICAL_PARTS = ("PlatformEndpointId", "ResourceSpecificId")
RECORDING_ID_CHARACTERS_MAX = 1024  # ACS's have about 200; what is longer is not decoded


def find_recording(event: FileReady, catalog: Catalog) -> Recording | None:
    """The recording that an event is about; None where it has no row.

    Raises:
        RowUnreadable: the row that it is certainly about cannot be read.
    """
    return by_acs_id(event, catalog) or by_call(event, catalog) or by_derived_id(event, catalog)


def by_acs_id(event: FileReady, catalog: Catalog) -> Recording | None:
    id = catalog.recording_by_acs_id(event.recording_id) if event.recording_id else None
    return catalog.recording(id) if id else None


def by_call(event: FileReady, catalog: Catalog) -> Recording | None:
    """The latest recording of the same call that was started before this one, unless it is known to be another."""
    if event.server_call_id is None:
        return None
    not_after = (event.recording_start_time or event.event_time) + START_TOLERANCE
    for id in catalog.recordings_by_call(event.server_call_id, not_after):
        try:
            recording = catalog.recording(id)
        except RowUnreadable:
            continue  # perhaps another recording of the call: the event's files do not wait for it
        # A row that an event made is found by its derived id below: it is younger than the start of its recording.
        if recording is None or recording.refused or recording.origin is Origin.EVENT:
            continue
        if not known_to_differ(recording.recording_id, event.recording_id):
            return recording
    return None


def by_derived_id(event: FileReady, catalog: Catalog) -> Recording | None:
    """The row that an earlier event of the same recording made."""
    return next((found for id in derived_ids(event) if (found := catalog.recording(id))), None)


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
