"""The rows of a recording as its manifest says them: a file that whoever may write blobs could have changed.

So nothing in it is taken unless it can be what this app wrote: names, lengths, times, and how much there is of all.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from shared.domain import blob_names
from shared.domain.acs_urls import in_own_storage
from shared.domain.channels import ChannelAffinity
from shared.domain.chunk_facts import PARTICIPANTS_MAX, PAUSES_MAX, ChunkParticipant, ChunkPause
from shared.domain.derived_fields import SAVED
from shared.domain.errors import NotUnderstood
from shared.domain.identifiers import DOCUMENT_ID
from shared.domain.json_fields import NUMBER_MAX, Json, parse_time
from shared.domain.json_views import ChunkView, Manifest, PauseView
from shared.domain.models import Chunk, Recording
from shared.domain.statuses import FilesStatus, RecordingStatus

SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
COLUMN_CHARACTERS_MAX = 32_000  # what a column of a table holds; ACS's and callers' texts are far shorter
RECORDING_BYTES_MAX = 100_000  # a row may have ten times that
CHUNK_BYTES_MAX = 32_000  # a hundred of them go into one transaction of 4 MiB
# What manifests of version 0.1, which have no schemaVersion, do not say of a recording and of a chunk.
UNSAID_OF_RECORDING: Json = {
    "schemaVersion": 1,
    "failureKind": None,
    "replayable": False,
    "waitsFor": None,
    "recordingKind": None,
    "callConnectionId": None,
    "groupCallId": None,
    "roomId": None,
    "pauseOnStart": None,
    "audioChannelParticipantOrdering": [],
    "channelAffinity": [],
    "recordingStorageContainerUrl": None,
    "storageType": None,
    "endedAt": None,
    "manifestBlob": None,
}
UNSAID_OF_CHUNK: Json = {
    "bytesDone": 0,
    "metadataSha256": None,
    "contentVersion": None,
    "metadataVersion": None,
    "failureKind": None,
    "startTime": None,
    "participants": [],
    "pauses": [],
}
# What a row says in the words of its document.
OF_RECORDING = (
    *("id", "recording_id", "recording_kind", "origin", "same_as", "storage_type", "pause_on_start", "tags"),
    *("server_call_id", "call_connection_id", "group_call_id", "room_id", "call_id", "session_end_reason"),
    *("recording_content_type", "recording_channel_type", "recording_format_type", "recording_duration_ms"),
    *("audio_channel_participant_ordering", "recording_storage_container_url"),
)
OF_CHUNK = (
    *("document_id", "index", "end_reason", "status", "content_blob", "metadata_blob", "bytes", "bytes_done"),
    *("sha256", "metadata_sha256", "content_version", "metadata_version", "attempts", "failure"),
)


class ManifestRows(NamedTuple):
    """The rows as a manifest says them, without what Blob Storage says of the copies."""

    recording: Recording
    chunks: tuple[Chunk, ...]


class Surroundings(NamedTuple):
    """What a manifest must agree with, and what it does not say.

    Attributes:
        id: of the recording, by the name of its folder.
        folder: that the manifest lies in.
        number: of the manifest.
        containers: of the operator's, that ACS records into.
        retention: how long ACS keeps a file.
        now: when the rows are written.
    """

    id: str
    folder: str
    number: int
    containers: tuple[str, ...]
    retention: timedelta
    now: datetime


def manifest_rows(document: Json, around: Surroundings) -> ManifestRows:
    """The rows of a completed recording and its chunks.

    Raises:
        NotUnderstood: this app wrote no such manifest, or not for this folder.
    """
    said = parsed(document)
    require(said.id == around.id, "it is another recording's")
    require(said.status is RecordingStatus.COMPLETED, "its recording is not completed")
    recording = recording_row(said, around)
    require(fits(recording, RECORDING_BYTES_MAX), "it is longer than a row can be")
    chunks = tuple(chunk_row(chunk, recording, around) for chunk in said.chunks)
    documents = {chunk.document_id for chunk in chunks}
    require(0 < len(documents) == len(chunks), "it lists no chunk, or one of them twice")
    return ManifestRows(recording, chunks)


def parsed(document: Json) -> Manifest:
    """The manifest with its fields and types; one of version 0.1 with what it does not say."""
    whole = dict(document)
    listed = whole.get("chunks")
    if "schemaVersion" not in whole and isinstance(listed, list):
        chunks = [{**UNSAID_OF_CHUNK, **chunk} if isinstance(chunk, dict) else chunk for chunk in listed]
        whole = {**UNSAID_OF_RECORDING, **whole, "chunks": chunks}
    try:
        return msgspec.convert(whole, Manifest)
    except (msgspec.ValidationError, UnicodeEncodeError):  # the second of a name that no encoding can write
        # Its text may repeat what stands in the file.
        raise NotUnderstood("The manifest is not to be used: a field is missing, or is none of its type.") from None


def recording_row(said: Manifest, around: Surroundings) -> Recording:
    created_at, updated_at, completed_at = at(said.created_at), at(said.updated_at), at(said.completed_at)
    require(plausible(said.recording_duration_ms), "a number in it is implausible")
    if created_at is None or updated_at is None or completed_at is None:
        raise NotUnderstood("The manifest is not to be used: it does not say when its recording was completed.")
    return Recording(
        **{name: getattr(said, name) for name in OF_RECORDING},
        channel_affinity=tuple(ChannelAffinity(pin.participant, pin.channel) for pin in said.channel_affinity),
        created_at=created_at,
        updated_at=updated_at,
        completed_at=completed_at,
        ended_at=at(said.ended_at),
        recording_start_time=at(said.recording_start_time),
        files=FilesStatus.COMPLETED,
        folder=around.folder,
        manifests=around.number,
    )


def chunk_row(said: ChunkView, recording: Recording, around: Surroundings) -> Chunk:
    """The row of a chunk. It names no place at ACS: nothing is ever read or deleted there because of it."""
    require(DOCUMENT_ID.fullmatch(said.document_id) is not None, "a documentId is none")
    require(said.status in SAVED, "one of its chunks is not stored")
    numbers = (said.index, said.bytes, said.bytes_done, said.attempts)
    require(said.bytes is not None and all(map(plausible, numbers)), "a number in it is implausible")
    require(is_digest(said.sha256), "a chunk has no SHA-256")
    require(said.metadata_sha256 is None or is_digest(said.metadata_sha256), "a SHA-256 is none")
    require(len(said.participants) <= PARTICIPANTS_MAX and len(said.pauses) <= PAUSES_MAX, "a list in it is too long")
    require(all(plausible(one.channel) for one in said.participants), "a number in it is implausible")
    own_storage = in_own_storage(said.content_blob, around.containers)
    require(own_storage or has_its_names(said, around.folder), "a blob is not named as the chunk's")
    stored_at, deleted_at = at(said.stored_at), at(said.deleted_at)
    if stored_at is None:
        raise NotUnderstood("The manifest is not to be used: it does not say when a chunk was stored.")
    # Of a saved chunk it is not shown; should the copy turn out to be lost, it must not be later than it was.
    kept_until = min(filter(None, (stored_at, recording.ended_at))) + around.retention
    chunk = Chunk(
        **{name: getattr(said, name) for name in OF_CHUNK},
        id=recording.id,
        created_at=around.now,
        expires_at=deleted_at or at(said.expires_at) or kept_until,
        content_location="",
        call_id=recording.call_id,
        own_storage=own_storage,
        start_time=at(said.start_time),
        participants=tuple(ChunkParticipant(one.id, one.channel) for one in said.participants),
        pauses=tuple(map(pause, said.pauses)),
        stored_at=stored_at,
        deleted_at=deleted_at,
        open=False,
    )
    require(fits(chunk, CHUNK_BYTES_MAX), "a chunk in it is longer than a row can be")
    return chunk


def pause(said: PauseView) -> ChunkPause:
    since, until = at(said.since), at(said.until)
    if since is None or until is None:
        raise NotUnderstood("The manifest is not to be used: a pause has no time.")
    return ChunkPause(since, until)


def has_its_names(said: ChunkView, folder: str) -> bool:
    """Whether the blobs of a chunk have names that this app gives, in the recording's own folder."""
    contents = {
        blob_names.content_blob(folder, said.index, said.document_id, extension, unfinished=unfinished)
        for extension in blob_names.CONTENT_TYPES
        for unfinished in (False, True)
    }
    return said.content_blob in contents and said.metadata_blob in {None, *map(blob_names.metadata_blob, contents)}


def at(text: str | None) -> datetime | None:
    """A time of a manifest. Raises: NotUnderstood when it is none."""
    moment = parse_time(text) if text is not None else None
    require(text is None or moment is not None, "a time in it is none")
    return moment


def plausible(number: int | None) -> bool:
    return number is None or 0 <= number <= NUMBER_MAX


def is_digest(text: str | None) -> bool:
    return text is not None and SHA256.fullmatch(text) is not None


def fits(row: Recording | Chunk, bytes_max: int) -> bool:
    """Whether a table takes the row whole, and a text in it that no encoding can write is none."""
    try:
        columns: Iterable[bytes] = [msgspec.json.encode(value) for value in msgspec.structs.astuple(row)]
    except UnicodeEncodeError:
        return False
    lengths = [len(column) for column in columns]
    return sum(lengths) <= bytes_max and max(lengths) <= COLUMN_CHARACTERS_MAX


def require(condition: bool, otherwise: str) -> None:
    """Raises: NotUnderstood unless the condition holds."""
    if not condition:
        raise NotUnderstood(f"The manifest is not to be used: {otherwise}.")
