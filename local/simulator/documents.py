"""Documents: the stored files of recordings, each with its metadata."""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256

from local.simulator.bodies import BytesBody
from local.simulator.clock import Clock
from local.simulator.media import Media
from local.simulator.settings import CurrentSettings


@dataclass
class Document:
    """One chunk at ACS: media and metadata under one id, deleted together."""

    document_id: str
    recording_id: str
    index: int
    end_reason: str
    media_format: str
    media: Media = field(repr=False)
    metadata: bytes = field(repr=False)
    home_host: str
    created_at: datetime
    metadata_missing: bool = False
    deleted_at: datetime | None = None
    expired_at: datetime | None = None
    """When it was destroyed over admin, before its retention was over."""
    content_fetches: int = 0
    metadata_fetches: int = 0

    @property
    def metadata_body(self) -> BytesBody:
        return BytesBody(self.metadata)

    @cached_property
    def metadata_sha256(self) -> str:
        return sha256(self.metadata).hexdigest()


class Documents:
    """The storage behind every storage host."""

    def __init__(self, settings: CurrentSettings, clock: Clock) -> None:
        self.by_id: dict[str, Document] = {}
        self.settings = settings
        self.clock = clock
        self.lock = threading.Lock()

    def add(self, document: Document) -> None:
        with self.lock:
            self.by_id[document.document_id] = document

    def all(self) -> list[Document]:
        with self.lock:
            return list(self.by_id.values())

    def get(self, document_id: str) -> Document:
        """Find a document, whatever became of it.

        Raises:
            LookupError: there was never one of this name.
        """
        with self.lock:
            if document_id not in self.by_id:
                raise LookupError(f"No document {document_id}")
            return self.by_id[document_id]

    def available(self, document_id: str) -> Document | None:
        """The document, unless it was deleted or its retention is over."""
        with self.lock:
            document = self.by_id.get(document_id)
        if document is None or document.deleted_at is not None or self.expired(document):
            return None
        return document

    def expired(self, document: Document) -> bool:
        if document.expired_at is not None:
            return True
        retention = timedelta(hours=self.settings.current.retention_hours)
        return self.clock.retention_now() >= document.created_at + retention

    def expire(self, document: Document) -> None:
        """Destroy a document, as the end of its retention does."""
        with self.lock:
            document.expired_at = document.expired_at or self.clock.now()

    def count_fetch(self, document: Document, *, metadata: bool) -> None:
        with self.lock:
            if metadata:
                document.metadata_fetches += 1
            else:
                document.content_fetches += 1

    def delete(self, document: Document) -> bool:
        """Delete content and metadata; False when another request was faster."""
        with self.lock:
            if document.deleted_at is not None:
                return False
            document.deleted_at = self.clock.now()
            return True
