"""What happens in a run: which files ACS has, how their events come, and how the app is set."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache

import msgspec

from shared.domain.open_work import recording_entry
from tests.builders import a_recording, document_id, file_ready_event, media, metadata
from tests.builders import announced_chunk as announced
from tests.fakes import BEGINNING, OUR_TOPIC, Cloud

MEDIA_BYTES = 40
BLOCK_BYTES = 16  # three blocks, the last one shorter
EXPIRES_AT = BEGINNING + timedelta(hours=24)
BYTES_AT_ONCE = "4194304"


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens.

    Attributes:
        chunks: how many files the recording has.
        in_blocks: whether the media are larger than one block.
        parts: how many chunks one event brings; further events bring the others, in reverse order.
        deliveries: how often Event Grid delivers each event at least.
        known: whether a row of ours explains the recording; else the operator wants unknown ones managed.
        double_read: whether the media are read a second time before anything may be deleted.
        names_format: whether the events say what format the media have.
        topic: whether events for other apps are sent to one.
    """

    chunks: int = 1
    in_blocks: bool = False
    parts: int = 99
    deliveries: int = 1
    known: bool = False
    double_read: bool = False
    names_format: bool = True
    topic: bool = False

    def cloud(self, **settings: str) -> Cloud:
        cloud = Cloud(
            UNKNOWN_RECORDINGS="store" if self.known else "manage",
            TRANSFER_BLOCK_BYTES=str(BLOCK_BYTES) if self.in_blocks else BYTES_AT_ONCE,
            VERIFY_SOURCE="double-read" if self.double_read else "once",
            EVENTS_TOPIC_ENDPOINT=OUR_TOPIC if self.topic else "",
            **settings,
        )
        for number in range(self.chunks):
            cloud.source.add(document_id(number), *files(number), EXPIRES_AT)
        if self.known:
            active = cloud.catalog.save_recording(a_recording(recording_id=None))
            row = cloud.catalog.save_recording(msgspec.structs.replace(active, ended_at=BEGINNING))
            cloud.catalog.put_entries([recording_entry(row, BEGINNING + timedelta(hours=1))])
        return cloud

    def events(self) -> Iterator[dict[str, object]]:
        """Latest chunks first: nothing promises an order."""
        numbers = range(self.chunks)
        for start in reversed(range(0, self.chunks, self.parts)):
            yield self.event(tuple(numbers[start : start + self.parts]))

    def event(self, numbers: tuple[int, ...], of: int = 0) -> dict[str, object]:
        """The event that brings these chunks; the last one of so many is the last of the recording."""
        return event(numbers, of or self.chunks, "Wav" if self.names_format else None)

    @property
    def name(self) -> str:
        return " ".join(f"{field}={getattr(self, field):d}" for field in self.__slots__)

    @classmethod
    def named(cls, name: str) -> "Scenario":
        given = dict(part.split("=") for part in name.split())
        kinds = {field: type(getattr(cls(), field)) for field in given}
        return cls(**{field: kinds[field](int(value)) for field, value in given.items()})


@cache
def files(number: int) -> tuple[bytes, bytes]:
    """Media and metadata of a chunk."""
    return media("wav", MEDIA_BYTES + number, seed=number), metadata(number)


@cache
def event(numbers: tuple[int, ...], of: int, format: str | None = "Wav") -> dict[str, object]:
    last = of - 1
    chunks = [announced(n, endReason="SessionEnded" if n == last else "ChunkMaximumTimeExceeded") for n in numbers]
    return file_ready_event(chunks, recordingFormatType=format)


def expected_blobs(folder: str, chunks: int) -> dict[str, bytes]:
    """What lies in Blob Storage in the end, beside the manifest."""
    found: dict[str, bytes] = {}
    for number in range(chunks):
        stem = f"{folder}/{number:04}-{document_id(number)}"
        found[f"{stem}.wav"], found[f"{stem}.metadata.json"] = files(number)
    return found


ONE = Scenario()
THREE = Scenario(chunks=3)


def in_blocks(scenario: Scenario) -> Scenario:
    return replace(scenario, in_blocks=True)
