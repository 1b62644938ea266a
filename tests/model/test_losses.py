"""What cannot be saved ends as it must, and somebody is told of it, whatever else goes wrong on the way."""

from datetime import timedelta

import pytest

from shared.domain.statuses import ChunkStatus, RecordingStatus
from tests.builders import a_chunk, a_recording
from tests.fakes import Cloud, FakeHost
from tests.model.alerts import Alerts, nothing_fails_in_silence
from tests.model.faults import FixedFaults
from tests.model.losses import LOSSES, LossRun, play_loss
from tests.model.model_run import exactly
from tests.model.scenarios import ONE, THREE, Scenario, in_blocks
from tests.model.search import every_fault, pairs
from tests.model.violation import Violation

FIRST_FAULTS = 60  # about so many of them for each loss; the long form takes every one


@pytest.mark.parametrize("name", LOSSES)
def test_one_fault_anywhere_around_a_loss_keeps_nobody_from_being_told(name: str) -> None:
    totals = every_fault(play_loss, name)

    assert totals.violations[:5] == []
    assert totals.runs > 1


@pytest.mark.prove
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", LOSSES)
def test_a_pair_of_faults_anywhere_around_a_loss_keeps_nobody_from_being_told(name: str) -> None:
    totals = pairs(play_loss, name, FIRST_FAULTS)

    assert totals.violations[:5] == []
    assert totals.runs > FIRST_FAULTS


@pytest.mark.parametrize("name", LOSSES)
def test_what_was_told_of_a_loss_is_not_told_for_ever(name: str) -> None:
    run = LossRun(name, FixedFaults({})).run()
    host = FakeHost(run.cloud)
    for _ in range(24):  # until then it is warned of what ACS still has
        run.world.advance(timedelta(hours=1))
        host.sweep()

    with Alerts() as alerts:
        for _ in range(12 * 24):
            run.world.advance(timedelta(hours=1))
            host.sweep()

    assert alerts.told == set()
    assert run.cloud.catalog.open == {}


@pytest.mark.parametrize("scenario", [ONE, in_blocks(ONE), THREE], ids=["at once", "in blocks", "three"])
def test_where_nothing_is_lost_nobody_is_told_of_anything(scenario: Scenario) -> None:
    with Alerts() as alerts:
        exactly(scenario, {}).run()

    assert alerts.told == set()


def test_a_failure_that_nobody_is_told_of_is_noticed() -> None:
    cloud = Cloud()
    recording = cloud.catalog.save_recording(a_recording(status=RecordingStatus.FAILED))
    with Alerts() as alerts, pytest.raises(Violation, match="Nobody was told that a recording failed"):
        nothing_fails_in_silence(cloud, alerts)

    alerts.told.add(("recording_failed", recording.id, ""))
    chunk = a_chunk(status=ChunkStatus.FAILED, content_location="https://example.org/")
    cloud.catalog.written((chunk.id, chunk.document_id), chunk)
    with pytest.raises(Violation, match="Nobody was told that a chunk failed"):
        nothing_fails_in_silence(cloud, alerts)
