"""A source of documents under test: the fake's dictionary, or the simulator's storage hosts."""

from dataclasses import dataclass, field
from typing import Protocol
from uuid import uuid4

import pytest

from local.simulator.admin_requests import ForeignRecordingRequest
from local.simulator.client import SimulatorAdmin
from local.simulator.faults import InjectedFault
from local.simulator.scripts import Script
from shared.domain.ports import Source, SourceRange
from tests.fakes.acs import FakeSource
from tests.fakes.world import World

from .samples import some_bytes

SDK_WARNINGS = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
"""The SDK still calls utcnow(), which Python 3.12 deprecates."""


@dataclass(frozen=True)
class Kept:
    """A document that ACS keeps."""

    url: str
    metadata_url: str
    delete_url: str
    content: bytes = field(repr=False)

    @property
    def path(self) -> str:
        return self.url.partition(".com")[2]


class SourceUnderTest(Protocol):
    """A source, and a way to put documents there."""

    @property
    def source(self) -> Source: ...

    def keep(self, size: int = 5000) -> Kept: ...


class FakeSourceUnderTest:
    """The fake's."""

    def __init__(self) -> None:
        self.source = FakeSource(World())

    def keep(self, size: int = 5000) -> Kept:
        id, content = f"0-wus-d4-{uuid4().hex}", some_bytes(size)
        self.source.add(id, content, b"{}")
        return kept("us-storage.asm.skype.com", id, content)


@dataclass(frozen=True)
class SimulatorSourceUnderTest:
    """The simulator's, reached by the app's own adapter."""

    admin: SimulatorAdmin
    source: Source

    def keep(self, size: int = 5000) -> Kept:
        request = ForeignRecordingRequest(script=Script(chunk_bytes=max(size, 64)))
        recording = self.admin.wait_for_files(self.admin.foreign_recording(request).recording_id)
        [document] = recording.documents
        return kept(document.home_host, document.document_id, self.admin.content(document.document_id))

    def spoil(self, fault: InjectedFault) -> None:
        """Let requests go wrong."""
        self.admin.add_fault(fault)


def kept(host: str, document_id: str, content: bytes) -> Kept:
    place = f"https://{host}/v1/objects/{document_id}"
    return Kept(f"{place}/content/video", f"{place}/content/acsmetadata", place, content)


def unverified() -> None:
    """Verify nothing before a deletion."""


def fetched(source: Source, url: str, offset: int = 0, length: int = 10_000_000) -> bytes:
    with source.open(url, offset, length) as answer:
        return received(answer, answer.length)


def received(answer: SourceRange, count: int) -> bytes:
    """The next bytes of an answer, so many at most."""
    content = bytearray(count)
    arrived = 0
    while arrived < count and (piece := answer.receive_into(memoryview(content)[arrived:])):
        arrived += piece
    return bytes(content[:arrived])
