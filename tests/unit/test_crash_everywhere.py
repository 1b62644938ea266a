"""A fault at every single effect, then redelivery and sweeps: does it always end in the same state?

No original is ever deleted without its equal copy: the fakes see to that at every deletion.
"""

from typing import NamedTuple

import pytest

from shared.domain.models import ChunkStatus, RecordingStatus
from tests.builders import document_id, file_ready_event, keep_at_acs, media, metadata
from tests.fakes import Cloud, Effect, FakeHost, Fault
from tests.fakes.world import Plan, no_fault

CHUNKS = 2


def run(plan: Plan, **settings: str) -> Cloud:
    """Record a call, end it, and drive everything to rest."""
    cloud = Cloud(plan, UNKNOWN_RECORDINGS="manage", **settings)
    keep_at_acs(cloud, CHUNKS)
    host = FakeHost(cloud)
    host.publish(file_ready_event(CHUNKS))
    host.settle()
    return cloud


def at(number: int, fault: Fault) -> Plan:
    return lambda effect: fault if effect.number == number else None


def outcome(cloud: Cloud) -> dict[str, object]:
    """Everything that must be the same however it came about."""
    folder = cloud.recording().folder
    manifests = {name for name in cloud.store.blobs if "recording." in name}
    return {
        "recording": cloud.recording().status,
        "chunks": [chunk.status for chunk in cloud.chunks()],
        "at ACS": list(cloud.source.documents),
        "blobs": {name: content for name, content in cloud.store.blobs.items() if name not in manifests},
        "manifests": {name.removeprefix(f"{folder}/") for name in manifests},
        "open": list(cloud.catalog.open),
        "rejected": list(cloud.rejected.events),
    }


UNDISTURBED = run(no_fault)
EFFECTS = UNDISTURBED.world.effects
BEFORE = [Fault.CRASH_BEFORE, Fault.ERROR_BEFORE]
AFTER = [Fault.CRASH_AFTER, Fault.ERROR_AFTER]
READS = {
    *(f"catalog.{name}" for name in ("recording", "recording_by_acs_id", "recordings_by_call", "chunk", "chunks")),
    *("catalog.has_open_chunk", "catalog.due_entries", "letters.names", "store.stat", "store.committed", "store.read"),
    "source.open",
}
BLOCKS = {"TRANSFER_BLOCK_BYTES": "300"}
EFFECTS_IN_BLOCKS = run(no_fault, **BLOCKS).world.effects


def test_undisturbed_everything_is_stored_deleted_and_completed() -> None:
    result = outcome(UNDISTURBED)

    assert result["recording"] is RecordingStatus.COMPLETED
    assert result["chunks"] == [ChunkStatus.DELETED] * CHUNKS
    assert result["at ACS"] == []
    assert result["manifests"] == {"recording.json"}
    assert result["open"] == []


def test_undisturbed_every_blob_is_byte_for_byte_what_acs_had() -> None:
    folder = UNDISTURBED.recording().folder
    expected = {
        f"{folder}/{number:04}-{document_id(number)}.{extension}": content
        for number in range(CHUNKS)
        for extension, content in (
            ("wav", media(size=1000 + number, seed=number)),
            ("metadata.json", metadata(number)),
        )
    }

    assert outcome(UNDISTURBED)["blobs"] == expected


class Strike(NamedTuple):
    """A fault at an effect."""

    effect: Effect
    fault: Fault

    def __str__(self) -> str:
        return f"{self.effect.number} {self.effect.name}: {self.fault}"


def strikes(effects: list[Effect]) -> list[Strike]:
    """Every effect with every fault that makes a difference: after a read there is nothing that took effect."""
    return [
        Strike(effect, fault) for effect in effects for fault in (BEFORE if effect.name in READS else BEFORE + AFTER)
    ]


@pytest.mark.parametrize("strike", strikes(EFFECTS), ids=str)
def test_one_fault_anywhere_ends_in_the_same_state(strike: Strike) -> None:
    cloud = run(at(strike.effect.number, strike.fault))

    assert outcome(cloud) == outcome(UNDISTURBED)


COPYING = [effect for effect in EFFECTS_IN_BLOCKS if effect.name.startswith(("store", "source"))]


@pytest.mark.parametrize("strike", strikes(COPYING), ids=str)
def test_one_fault_while_copying_in_blocks_ends_in_the_same_state(strike: Strike) -> None:
    cloud = run(at(strike.effect.number, strike.fault), **BLOCKS)

    assert outcome(cloud) == outcome(UNDISTURBED)


@pytest.mark.parametrize("fault", [Fault.EMPTY, Fault.TRUNCATED, Fault.HTML, Fault.MISSING])
@pytest.mark.parametrize("number", range(1, 1 + sum(effect.name == "source.open" for effect in EFFECTS)))
def test_a_bad_answer_of_acs_ends_in_the_same_state(number: int, fault: Fault) -> None:
    cloud = run(lambda effect: fault if effect.name == "source.open" and effect.count == number else None)

    assert outcome(cloud) == outcome(UNDISTURBED)


@pytest.mark.parametrize("number", [e.number for e in EFFECTS if e.name in {"catalog.chunk", "catalog.recording"}])
def test_a_stale_read_ends_in_the_same_state(number: int) -> None:
    cloud = run(at(number, Fault.STALE))

    assert outcome(cloud) == outcome(UNDISTURBED)


@pytest.mark.parametrize("number", [effect.number for effect in EFFECTS if effect.name == "queue.send"])
def test_a_duplicated_message_ends_in_the_same_state(number: int) -> None:
    cloud = run(at(number, Fault.DUPLICATE))

    assert outcome(cloud) == outcome(UNDISTURBED)
