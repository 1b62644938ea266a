"""A worker's hold on a chunk, and how long is waited between attempts."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from shared.domain.errors import CatalogConflict
from shared.domain.models import Chunk
from shared.pipeline.claims import Claim
from shared.pipeline.retries import RetryPolicy
from tests.builders import a_chunk
from tests.fakes import BEGINNING, Cloud

LASTS = timedelta(minutes=10)
HALF_A_SECOND = timedelta(seconds=0.5)
RETRIES = RetryPolicy(claim=LASTS, first=HALF_A_SECOND, longest=timedelta(hours=1), retention=timedelta(hours=24))


def claimed(cloud: Cloud) -> Claim:
    chunk = a_chunk()
    return Claim.take(
        cloud.catalog, cloud.world.clock, LASTS, cloud.catalog.written((chunk.id, chunk.document_id), chunk)
    )


def written_by_somebody_else(cloud: Cloud) -> Chunk:
    chunk = cloud.chunk()
    return cloud.catalog.written((chunk.id, chunk.document_id), replace(chunk, attempts=7))


def test_a_claim_counts_an_attempt_and_holds_the_chunk(cloud: Cloud) -> None:
    claimed(cloud)

    until = BEGINNING + LASTS
    assert (cloud.chunk().attempts, cloud.chunk().claimed_until, cloud.chunk().due_at) == (1, until, until)


def test_a_claim_of_which_half_is_left_is_not_renewed(cloud: Cloud) -> None:
    claim = claimed(cloud)
    cloud.world.advance(LASTS / 2)

    claim.renew()

    assert cloud.chunk().claimed_until == BEGINNING + LASTS


def test_a_claim_of_which_less_than_half_is_left_is_renewed(cloud: Cloud) -> None:
    claim = claimed(cloud)
    cloud.world.advance(LASTS / 2 + timedelta(seconds=1))

    claim.renew()

    assert cloud.chunk().claimed_until == cloud.world.now + LASTS


def test_whoever_lost_a_chunk_is_told_when_it_renews_its_claim(cloud: Cloud) -> None:
    claim = claimed(cloud)
    other = written_by_somebody_else(cloud)
    cloud.world.advance(LASTS)

    with pytest.raises(CatalogConflict):
        claim.renew()

    assert cloud.chunk() == other


def test_whoever_lost_a_chunk_writes_no_facts_on_its_row(cloud: Cloud) -> None:
    claim = claimed(cloud)
    other = written_by_somebody_else(cloud)

    with pytest.raises(CatalogConflict):
        claim.record(bytes=1)

    assert cloud.chunk() == other


@pytest.mark.parametrize(
    ("attempts", "asked", "wait"),
    [(0, None, 0.5), (1, None, 0.5), (2, None, 1), (3, None, 2), (3, 1, 2), (3, 7, 7), (3, 7200, 3600), (99, 0, 3600)],
)
def test_waits_double_and_heed_acs_up_to_the_longest(attempts: int, asked: float | None, wait: float) -> None:
    assert RETRIES.wait(attempts, asked) == timedelta(seconds=wait)
