"""Whatever breaks on the way from ACS, nothing wrong is ever committed, and the next attempt ends with the content."""

import random

import pytest
from azure.communication.callautomation import CallAutomationClient

from local.simulator.client import SimulatorAdmin
from local.simulator.faults import Action, InjectedFault
from shared.adapters.acs_contents import SdkSource
from shared.adapters.blob_storage import BlobChunkStore
from shared.domain.errors import SourceSuspect, SourceUnavailable, Transient
from shared.domain.ports import ChunkStore
from tests.contract.conftest import HOST_SUFFIXES
from tests.contract.source_under_test import SDK_WARNINGS, Kept, SimulatorSourceUnderTest
from tests.copying import BLOCK, NAME, a_copier, a_request, assert_copied

pytestmark = SDK_WARNINGS
SIZE = 4 * BLOCK + 4321
EDGES = [place + step for place in range(0, SIZE, BLOCK) for step in (-1, 0, 1)]
POSITIONS = sorted(
    {0, 1, 11, 12, 13, 43, 44, 45, SIZE - 2, SIZE - 1}
    | {edge for edge in EDGES if 0 <= edge < SIZE}
    | set(random.Random(3).sample(range(SIZE), 20))
)
NEVER_THE_CONTENT: list[Action] = [
    "wrongContentRange",
    "totalChanged",
    "ignoreRange",
    "closeDelimited",
    "chunked",
    "chunkedOpen",
    "gzip",
    "emptyBody",
    "htmlBody",
    "jsonBody",
    "wrongSignature",
    "badRequestHtml",
    "unavailable",
    "tooManyRequests",
    "internalError",
    "loseResponse",
]


def attempt_fails_and_the_next_ends_with_the_content(
    source_under_test: SimulatorSourceUnderTest, store: ChunkStore, kept: Kept, fault: InjectedFault
) -> None:
    copier = a_copier(source_under_test.source, store)
    source_under_test.spoil(fault)

    with pytest.raises(Transient):
        copier.copy(a_request(kept.url))

    assert store.stat(NAME).etag is None
    assert_copied(store, kept, copier.copy(a_request(kept.url, resume=True)))


def test_there_are_enough_positions() -> None:
    assert len(POSITIONS) >= 40


@pytest.mark.stack
@pytest.mark.parametrize("action", ["truncate", "reset"])
@pytest.mark.parametrize("at", POSITIONS)
def test_a_content_that_breaks_off_anywhere_is_not_committed_and_resumed(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore, at: int, action: Action
) -> None:
    fault = InjectedFault(action=action, kind="content", at=at)

    attempt_fails_and_the_next_ends_with_the_content(simulated_source, blob_store, simulated_source.keep(SIZE), fault)


@pytest.mark.parametrize("size", [BLOCK, SIZE])
@pytest.mark.parametrize("action", NEVER_THE_CONTENT)
def test_what_cannot_be_the_content_is_not_committed(
    simulated_source: SimulatorSourceUnderTest, store: ChunkStore, action: Action, size: int
) -> None:
    fault = InjectedFault(action=action, kind="content")

    attempt_fails_and_the_next_ends_with_the_content(simulated_source, store, simulated_source.keep(size), fault)


@pytest.mark.parametrize("action", ["wrongContentRange", "totalChanged", "ignoreRange", "chunked", "htmlBody"])
def test_what_cannot_be_a_later_range_is_not_committed(
    simulated_source: SimulatorSourceUnderTest, store: ChunkStore, action: Action
) -> None:
    kept = simulated_source.keep(SIZE)
    simulated_source.spoil(InjectedFault(action="truncate", kind="content", at=2 * BLOCK + 7))
    with pytest.raises(Transient):
        a_copier(simulated_source.source, store).copy(a_request(kept.url))
    simulated_source.admin.clear_faults()
    simulated_source.spoil(InjectedFault(action=action, kind="content", skip=1))

    with pytest.raises(SourceSuspect):
        a_copier(simulated_source.source, store).copy(a_request(kept.url, resume=True))

    assert store.stat(NAME).etag is None


def test_bytes_behind_the_announced_ones_are_not_copied(
    simulated_source: SimulatorSourceUnderTest, store: ChunkStore
) -> None:
    kept = simulated_source.keep(SIZE)
    simulated_source.spoil(InjectedFault(action="longBody", kind="content", extra_bytes=BLOCK))

    copied = a_copier(simulated_source.source, store).copy(a_request(kept.url))

    assert_copied(store, kept, copied)


def test_a_stall_ends_the_attempt_and_the_next_goes_on(
    admin: SimulatorAdmin, acs_client: CallAutomationClient, store: ChunkStore
) -> None:
    source_under_test = SimulatorSourceUnderTest(admin, SdkSource(acs_client, HOST_SUFFIXES, read_seconds=0.2))
    fault = InjectedFault(action="stall", kind="content", at=3 * BLOCK, seconds=5)

    attempt_fails_and_the_next_ends_with_the_content(source_under_test, store, source_under_test.keep(SIZE), fault)

    # Between three blocks staged and none: the last writes may have been on their way.
    later = [str(request.range) for request in admin.requests("content")][2:]
    assert all(int(asked.removeprefix("bytes=").partition("-")[0]) >= BLOCK for asked in later)


def test_a_flipped_bit_is_found_by_the_second_read(
    simulated_source: SimulatorSourceUnderTest, store: ChunkStore
) -> None:
    kept = simulated_source.keep(SIZE)
    copier = a_copier(simulated_source.source, store)
    simulated_source.spoil(InjectedFault(action="flipBit", kind="content", at=2 * BLOCK + 5))
    copied = copier.copy(a_request(kept.url))

    again = copier.digest_of_source(a_request(kept.url))

    assert again != (copied.length, copied.sha256)


@pytest.mark.stack
def test_attempts_that_each_break_off_later_end_with_the_content(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore
) -> None:
    kept = simulated_source.keep(SIZE)
    copier = a_copier(simulated_source.source, blob_store, writers=1)
    # A staged block shortens the rest of the content, so that each attempt dies a little further on.
    simulated_source.spoil(InjectedFault(action="reset", kind="content", at=BLOCK + 100, times=None))

    failures = 0
    while blob_store.stat(NAME).etag is None and failures < 20:
        try:
            copied = copier.copy(a_request(kept.url, resume=failures > 0))
        except SourceUnavailable:
            failures += 1

    assert 1 <= failures < 20
    assert_copied(blob_store, kept, copied)
