"""Every fault, every pair of faults, and drawn runs of three to eight end alike, and no invariant breaks on the way.

`make test` takes every fault, some pairs and some drawn runs; `make prove` takes every pair and tens of thousands of
drawn runs. `python -m tests.model` runs the longest form, and runs one again that a failure here names.
"""

import os
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.statuses import ChunkStatus, RecordingStatus
from tests.fakes import BEGINNING, Fault
from tests.model.faults import BAD_ANSWERS, EVERYWHERE
from tests.model.model_run import ModelRun, exactly, first_parts
from tests.model.scenarios import ONE, THREE, Scenario, in_blocks
from tests.model.search import Totals, drawn, everywhere, one, pairs_with, single_faults, strided, undisturbed
from tests.model.violation import Violation

DRAWN_RUNS = int(os.environ.get("MODEL_RUNS", "50000"))
DRAWN_RUNS_MIN = 5_000
DRAWN_SECONDS = float(os.environ.get("MODEL_SECONDS", "100"))  # a busy machine draws fewer; never under the minimum
SOME_PAIRS_STEP = 60  # of the first faults whose pairs `make test` takes
SOME_DRAWN_RUNS = 400
BLOCK_PAIRS_STEP = 5  # of the first faults of the pairs in blocks; the long form takes each
NO_VIOLATION = ""
KILLS = (Fault.CRASH_BEFORE, Fault.CRASH_AFTER)
CLAIM = timedelta(minutes=5)
PATIENCE = timedelta(minutes=15)  # with a message that was sent
SOON = timedelta(minutes=2)  # at most a sweep after the next


def told(totals: Totals) -> str:
    """What went wrong, and how to see it again."""
    return "\n".join(totals.violations[:5])


@pytest.mark.parametrize("scenario", [ONE, in_blocks(ONE)], ids=["at once", "in blocks"])
def test_some_pairs_of_faults_end_in_the_same_state(scenario: Scenario) -> None:
    totals = everywhere(pairs_with, list(strided(single_faults(scenario), SOME_PAIRS_STEP)))

    assert told(totals) == NO_VIOLATION
    assert totals.runs > 100


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_a_pair_of_faults_anywhere_ends_in_the_same_state() -> None:
    totals = everywhere(pairs_with, single_faults(ONE))

    assert told(totals) == NO_VIOLATION
    assert totals.runs > 25_000


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_a_pair_of_faults_while_copying_in_blocks_ends_in_the_same_state() -> None:
    totals = everywhere(pairs_with, list(strided(single_faults(in_blocks(ONE)), BLOCK_PAIRS_STEP)))

    assert told(totals) == NO_VIOLATION


SCENARIOS = {
    "one chunk": ONE,
    "one chunk in blocks": in_blocks(ONE),
    "one chunk, known": replace(ONE, known=True),
    "one chunk, read twice": replace(ONE, double_read=True),
    "one chunk in blocks, read twice": replace(in_blocks(ONE), double_read=True),
    "one chunk in blocks, of no named format": replace(in_blocks(ONE), names_format=False),
    "one chunk, told to a topic": replace(ONE, topic=True),
    "one chunk, known, told to a topic": replace(ONE, known=True, topic=True),
    "three chunks": THREE,
    "three chunks in blocks": in_blocks(THREE),
    "three chunks, an event each": first_parts(THREE),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_one_fault_anywhere_ends_in_the_same_state(scenario: Scenario) -> None:
    totals = Totals()
    for task in single_faults(scenario):
        totals.add(one(task))

    assert told(totals) == NO_VIOLATION


@pytest.mark.parametrize("scenario", [ONE, in_blocks(ONE)], ids=["at once", "in blocks"])
def test_after_a_kill_a_claimed_chunk_waits_for_its_claim_and_no_chunk_longer_than_for_a_message(
    scenario: Scenario,
) -> None:
    names = undisturbed(scenario)
    kills = [(number, fault) for number in range(1, len(names) + 1) for fault in KILLS]
    waits = [exactly(scenario, {number: fault}).run(again=False).world.now - BEGINNING for number, fault in kills]
    claim, stored, _ = (number for number, name in enumerate(names, start=1) if name == "catalog.save_chunk")
    held = slice(kills.index((claim, Fault.CRASH_AFTER)), kills.index((stored, Fault.CRASH_AFTER)))

    assert all(CLAIM <= wait < CLAIM + SOON for wait in waits[held])
    assert PATIENCE <= max(waits) < PATIENCE + SOON


def test_some_drawn_runs_of_three_to_eight_faults_end_in_the_same_state() -> None:
    totals = everywhere(drawn, range(SOME_DRAWN_RUNS))

    assert told(totals) == NO_VIOLATION
    assert set(totals.struck) == set(range(3, 9))


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_three_to_eight_drawn_faults_end_in_the_same_state() -> None:
    totals = everywhere(drawn, range(DRAWN_RUNS), seconds=DRAWN_SECONDS)

    assert told(totals) == NO_VIOLATION
    assert totals.runs >= min(DRAWN_RUNS, DRAWN_RUNS_MIN)
    assert set(totals.struck) == set(range(3, 9))


def test_looks_that_come_too_early_end_in_the_same_state() -> None:
    totals = Totals()
    looks = [number for number, name in enumerate(undisturbed(ONE), start=1) if name == "store.stat"]
    for first in looks:
        after = exactly(ONE, {first: Fault.STALE}).run(again=False).world.effects[first:]
        for effect in after:
            totals.count(exactly(ONE, {first: Fault.STALE, effect.number: Fault.STALE}), again=False)

    assert told(totals) == NO_VIOLATION


def flipped(scenario: Scenario, effect: int, more: dict[int, Fault]) -> ModelRun:
    """A run in which one answer of ACS has a wrong bit, and what it came to."""
    model_run = exactly(scenario, {effect: Fault.FLIPPED} | more)
    try:
        model_run.run(again=False)
    except Violation:
        # The recording may end as failed, for an operator to decide; what is forbidden is a deletion.
        assert model_run.cloud.recording().status is RecordingStatus.FAILED
        assert [chunk.status for chunk in model_run.cloud.chunks()] == [ChunkStatus.FAILED]
        assert model_run.cloud.deleted == []
    return model_run


@pytest.mark.parametrize("scenario", [ONE, in_blocks(ONE)], ids=["at once", "in blocks"])
def test_with_a_second_read_no_flipped_bit_leads_to_a_deletion(scenario: Scenario) -> None:
    scenario = replace(scenario, double_read=True)
    opens = [number for number, name in enumerate(undisturbed(scenario), start=1) if name == "source.open"]
    for number in opens:
        after = flipped(scenario, number, {}).world.effects[number:]
        for effect in after:
            for fault in EVERYWHERE + (BAD_ANSWERS if effect.name == "source.open" else ()):
                flipped(scenario, number, {effect.number: fault})


def test_a_violation_says_how_to_see_it_again() -> None:
    model_run = exactly(ONE, {16: Fault.CRASH_BEFORE})
    model_run.cloud.source.documents.clear()

    with pytest.raises(Violation, match=r'--scenario "chunks=1 .*" --faults "16:crash before"'):
        model_run.run()


def stored() -> ModelRun:
    """A run in which the only chunk is stored, and nothing is deleted yet."""
    model_run = exactly(ONE, {})
    model_run.cloud.services.ingest.ingest(next(ONE.events()))
    model_run.cloud.services.transfer.transfer(model_run.cloud.chunk().ref)
    return model_run


def test_the_oracle_notices_a_deletion_before_the_row_says_stored() -> None:
    model_run = exactly(ONE, {})
    model_run.cloud.services.ingest.ingest(next(ONE.events()))

    with pytest.raises(Violation, match="not stored"):
        model_run.cloud.source.delete(model_run.cloud.chunk().delete_location or "", lambda: None)


def test_the_oracle_notices_a_deletion_without_an_equal_copy() -> None:
    model_run = stored()
    model_run.cloud.source.documents[model_run.cloud.chunk().document_id].contents["video"] = b"other bytes"

    with pytest.raises(Violation, match="without an equal copy"):
        model_run.cloud.source.delete(model_run.cloud.chunk().delete_location or "", lambda: None)


def test_the_oracle_notices_an_overwritten_copy() -> None:
    model_run = stored()
    model_run.cloud.store.overwrite(model_run.cloud.chunk().content_blob, b"other bytes")

    with pytest.raises(Violation, match="overwritten"):
        model_run.cloud.services.deletion.delete(model_run.cloud.chunk().ref)
