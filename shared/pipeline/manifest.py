"""The manifest: the document beside the files of a completed recording, which says what they are."""

import json

import msgspec

from shared.domain import blob_names
from shared.domain.errors import BlobExists, BlobUnreadable, StoreUnavailable
from shared.domain.json_fields import Json, moment
from shared.domain.json_views import chunk_view, manifest
from shared.domain.models import Chunk, Recording
from shared.domain.ports import BlobHeaders, ChunkStore

MANIFESTS_MAX = 1000  # a recording is not reopened more often than that
MANIFEST_BYTES_MAX = 1024 * 1024  # without its chunks: whatever is longer was not written by us
MANIFEST_BYTES_PER_CHUNK = 32 * 1024  # a few KiB, and 24 with as many participants and pauses as a row keeps
# What a chunk is known by: what every version of the manifest says, and no later step changes.
LASTING = ("documentId", "index", "endReason", "status", "contentBlob", "metadataBlob", "bytes", "sha256")


def write_manifest(store: ChunkStore, recording: Recording, chunks: list[Chunk]) -> Recording:
    """Write the manifest under the first free name.

    One that lists these very chunks was written by an attempt that died afterwards: it stands, with its time.
    Whatever else bears the name is not ours, whatever it is, and stays as it is.
    """
    folder = recording.folder or blob_names.folder(recording.id, recording.created_at)  # of a row that lost it
    for number in range(max(recording.manifests, 1), MANIFESTS_MAX):
        row = msgspec.structs.replace(recording, folder=folder, manifests=number)
        name = blob_names.manifest_blob(folder, number)
        content = msgspec.json.format(msgspec.json.encode(manifest(row, chunks)), indent=2)
        try:
            store.put(name, content, BlobHeaders(content_type="application/json", metadata={"id": recording.id}))
        except StoreUnavailable as error:
            # Under a policy or a legal hold a taken name may be refused as immutable, which alone says nothing.
            if store.stat(name).etag is None:
                if isinstance(error, BlobExists):
                    continue  # somebody's staged blocks, which cannot be read, have the name
                raise
            written = read_manifest(store, name, chunks)
            at = moment(written, "completedAt")
            if at is None or not lists_exactly(written, chunks):
                continue
            return msgspec.structs.replace(row, completed_at=at, updated_at=at)
        return row
    raise StoreUnavailable(f"There are {MANIFESTS_MAX} manifests of one recording.")


def read_manifest(store: ChunkStore, name: str, chunks: list[Chunk]) -> Json:
    """What a blob under a manifest's name says; nothing when it is no manifest that these chunks can have.

    Raises:
        StoreUnavailable: it cannot be read just now.
    """
    return read_document(store, name, MANIFEST_BYTES_MAX + MANIFEST_BYTES_PER_CHUNK * len(chunks))


def read_document(store: ChunkStore, name: str, longest: int) -> Json:
    """The JSON object in a blob of at most so many bytes; nothing when it has none.

    Raises:
        StoreUnavailable: it cannot be read just now.
    """
    content = bytearray()
    try:
        for piece in store.read(name):
            content += piece
            if len(content) > longest:
                return {}
        parsed = json.loads(content)
    except (BlobUnreadable, ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def chunks_of(manifest: Json) -> list[Json]:
    """The chunks that a manifest lists; whatever cannot be a chunk is an empty one, which is like no other."""
    listed = manifest.get("chunks")
    items = listed if isinstance(listed, list) else []
    return [item if isinstance(item, dict) else {} for item in items]


def lists_exactly(manifest: Json, chunks: list[Chunk]) -> bool:
    """Whether a manifest lists these very chunks."""
    ours = json.loads(msgspec.json.encode([chunk_view(chunk) for chunk in chunks]))
    return [lasting(chunk) for chunk in chunks_of(manifest)] == [lasting(chunk) for chunk in ours]


def lasting(chunk: Json) -> Json:
    return {name: chunk[name] for name in LASTING if name in chunk}
