"""Values that the contract tests write: whole, and different from each other unless a test says otherwise."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from shared.domain.identifiers import CallId, CallIdKind
from shared.domain.index_entry import IndexEntry
from shared.domain.list_entry import Place
from shared.domain.models import Chunk, Recording
from shared.domain.ports import BlobHeaders, Catalog
from shared.domain.statuses import ChunkStatus, ControlStatus, Origin

NOW = datetime(2026, 11, 22, 12, 34, 56, 123457, tzinfo=UTC)
SERVER_CALL_ID = "aHR0cHM6Ly9hcGkuZmxpZ2h0cHJveHk/c29tZStwYXRo"
CALL = CallId(CallIdKind.SERVER_CALL, SERVER_CALL_ID)
WAV = BlobHeaders(content_type="audio/wav", metadata={"id": "6f1c", "index": "0", "documentId": "0-wus-d4-ab"})


def ids_listed(catalog: Catalog, behind: Place | None = None, at_once: int = 100) -> list[str]:
    """Our ids of all recordings, as they are listed."""
    return [entry.id for entry in catalog.listed(behind, at_once)]


def ids_of_call(catalog: Catalog, call: CallId, not_after: datetime = NOW) -> list[str]:
    """Our ids of a call's recordings that were created by then, as they are listed."""
    return [entry.id for entry in catalog.listed_of_call(call, (not_after, ""), 100)]


def a_recording(**changes: Any) -> Recording:
    whole: dict[str, Any] = {
        "id": str(uuid4()),
        "origin": Origin.API,
        "control": ControlStatus.ACTIVE,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Recording(**whole | changes)


def a_chunk(recording: Recording, **changes: Any) -> Chunk:
    document_id = changes.pop("document_id", f"0-wus-d4-{uuid4().hex}")
    whole: dict[str, Any] = {
        "id": recording.id,
        "document_id": document_id,
        "index": 0,
        "status": ChunkStatus.PENDING,
        "created_at": NOW,
        "expires_at": NOW + timedelta(hours=24),
        "content_location": f"https://us-storage.asm.skype.com/v1/objects/{document_id}/content/video",
        "content_blob": f"2026/11/22/{recording.id}/0000-{document_id}.wav",
    }
    return Chunk(**whole | changes)


def a_line(**changes: Any) -> IndexEntry:
    whole: dict[str, Any] = {"id": str(uuid4()), "document_id": "0-wus-d4-ab", "due_at": NOW}
    return IndexEntry(**whole | changes)


def some_bytes(count: int, seed: int = 1) -> bytes:
    """Bytes that begin like a wav file, so that every check of a head lets them pass."""
    head = b"RIFF\x00\x00\x00\x00WAVE"
    return (head + random.Random(seed).randbytes(max(count - len(head), 0)))[:count]
