"""Reads and writes of a recording's row: written anew when another writer was first, linked to ACS's ids."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial

import msgspec

from shared.domain.errors import CatalogConflict, RecordingNotFound, RowUnreadable
from shared.domain.identifiers import CallId, CallIdKind
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


def readable_recording(catalog: Catalog, id: str) -> Recording | None:
    """The row of a recording, for an event that names it; None where it cannot be read, which keeps nothing up."""
    with suppress(RowUnreadable):
        return catalog.recording(id)
    return None


def chunks_in_order(catalog: Catalog, id: str) -> list[Chunk]:
    """The chunks of a recording as they follow each other. Raises: RowUnreadable."""
    return in_order(catalog.chunks(id))


def in_order(chunks: Iterable[Chunk]) -> list[Chunk]:
    return sorted(chunks, key=lambda chunk: (chunk.index, chunk.document_id))


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


def call_ids(recording: Recording) -> tuple[CallId, ...]:
    """Every id by which the recording's call can be looked up."""
    named = {
        CallIdKind.SERVER_CALL: recording.server_call_id,
        CallIdKind.CALL_CONNECTION: recording.call_connection_id,
        CallIdKind.GROUP_CALL: recording.group_call_id,
        CallIdKind.ROOM: recording.room_id,
        CallIdKind.SERVER_CALL_CLUE: recording.clue_server_call_id,
        CallIdKind.CALL_CLUE: recording.clue_call_id,
    }
    return tuple(CallId(kind, id) for kind, id in named.items() if id)


def with_clues(recording: Recording, *, server_call_id: str | None, call_id: str | None) -> Recording:
    """The row with what a verified callback says of its call, where nothing better is known; the first clue stands.

    A callback's callConnectionId is no clue: of a start by serverCallId, groupCallId or roomId it is the recorder's
    own, and a start by callConnectionId has it already.
    """
    return msgspec.structs.replace(
        recording,
        clue_server_call_id=recording.clue_server_call_id or (None if recording.server_call_id else server_call_id),
        clue_call_id=recording.clue_call_id or (None if recording.call_id else call_id),
    )


def keep_clues(catalog: Catalog, recording: Recording, *, server_call_id: str | None, call_id: str | None) -> Recording:
    """Write the clues of a verified callback onto the row that it is about, findable first; nothing if none is new.

    Raises:
        CatalogConflict, RecordingNotFound: as `save_recording`.
    """
    change = partial(with_clues, server_call_id=server_call_id, call_id=call_id)
    changed = change(recording)
    if changed == recording:
        return recording
    catalog.index_calls(changed)
    return save_recording(catalog, recording, change)
