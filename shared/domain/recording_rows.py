"""Writes of a recording's row that survive other writers."""

from collections.abc import Callable
from contextlib import suppress

import msgspec

from shared.domain.errors import CatalogConflict, NotFound, RowUnreadable
from shared.domain.identifiers import normal_recording_id
from shared.domain.log import LogEvent, log
from shared.domain.models import Recording
from shared.domain.ports import Catalog

SAVE_TRIES = 5  # a row that somebody else wrote first is read again and decided again


def save_recording(catalog: Catalog, recording: Recording, change: Callable[[Recording], Recording]) -> Recording:
    """Write a changed row; read it again and change it anew when somebody else was first.

    Raises:
        CatalogConflict: it never worked out.
        NotFound: the row is gone.
    """
    row = recording
    for _ in range(SAVE_TRIES - 1):
        changed = change(row)
        if changed == row:
            return row
        try:
            return catalog.save_recording(changed)
        except CatalogConflict:
            current = catalog.recording(recording.id)
            if current is None:
                raise NotFound("There is no recording with this id.") from None
            row = current
    return catalog.save_recording(change(row))


def learn_acs_id(catalog: Catalog, recording: Recording, recording_id: str) -> Recording:
    """The row with ACS's id on it. When another row has it already, both are one recording: they are linked."""
    if recording.recording_id == recording_id:
        return recording
    owner = catalog.link_acs_id(normal_recording_id(recording_id), recording.id)
    if owner != recording.id:
        log(LogEvent.RECORDINGS_LINKED, id=recording.id, sameAs=owner)
        with suppress(RowUnreadable):  # then only this row says so
            other = catalog.recording(owner)
            if other is not None and other.same_as is None:
                save_recording(catalog, other, lambda row: msgspec.structs.replace(row, same_as=recording.id))
    return msgspec.structs.replace(
        recording, recording_id=recording_id, same_as=owner if owner != recording.id else recording.same_as
    )
