"""Reads and writes of a recording's row: written anew when another writer was first, and linked to ACS's id."""

from collections.abc import Callable
from contextlib import suppress

import msgspec

from shared.domain.errors import CatalogConflict, RecordingNotFound, RowUnreadable
from shared.domain.log import LogEvent, log
from shared.domain.models import Chunk, Recording
from shared.domain.ports import Catalog

SAVE_TRIES = 5  # a row that another writer changed is read again and decided again


def existing_recording(catalog: Catalog, id: str) -> Recording:
    """The row of a recording. Raises: RecordingNotFound."""
    recording = catalog.recording(id)
    if recording is None:
        raise RecordingNotFound
    return recording


def chunks_in_order(catalog: Catalog, id: str) -> list[Chunk]:
    """The chunks of a recording as they follow each other. Raises: RowUnreadable."""
    return sorted(catalog.chunks(id), key=lambda chunk: (chunk.index, chunk.document_id))


def save_recording(catalog: Catalog, recording: Recording, change: Callable[[Recording], Recording]) -> Recording:
    """Write a changed row; where another writer was first, read it again and change it anew.

    `change` gives the row as it should be. It is called at each try, so it must have no effects.

    Raises:
        CatalogConflict: other writers were first at every try.
        RecordingNotFound: the row is gone.
    """
    row = recording
    for _ in range(SAVE_TRIES - 1):
        changed = change(row)
        if changed == row:
            return row
        try:
            return catalog.save_recording(changed)
        except CatalogConflict:
            row = existing_recording(catalog, recording.id)
    return catalog.save_recording(change(row))


def link_acs_id(catalog: Catalog, recording: Recording, recording_id: str) -> str:
    """Link ACS's id to a recording, before its row says so; returns the id of the row that owns the link.

    Where another row owns it, both are one recording. The other row is marked (`sameAs`) before this one: once this row
    has the id, nothing would come back to mark the other.
    """
    if recording.recording_id == recording_id:
        return recording.id
    owner = catalog.link_acs_id(recording_id, recording.id)
    if owner != recording.id:
        log(LogEvent.RECORDINGS_LINKED, id=recording.id, sameAs=owner)
        with suppress(RowUnreadable):  # then only this row says so
            other = catalog.recording(owner)
            if other is not None and other.same_as is None:
                save_recording(catalog, other, lambda row: msgspec.structs.replace(row, same_as=recording.id))
    return owner


def with_acs_id(recording: Recording, recording_id: str, owner: str) -> Recording:
    """The row with ACS's id, once that is linked to the row `owner`."""
    if recording.recording_id == recording_id:
        return recording
    same_as = owner if owner != recording.id else recording.same_as
    return msgspec.structs.replace(recording, recording_id=recording_id, same_as=same_as)
