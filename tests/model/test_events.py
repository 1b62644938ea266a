"""The oracle of events notices what it is there for."""

from dataclasses import replace as with_fields

import pytest
from msgspec.structs import replace

from shared.domain.recording_event import cloud_event
from shared.domain.statuses import ControlStatus, RecordingStatus
from tests.builders import RECORDING_ID, a_recording
from tests.fakes import BEGINNING, OUR_TOPIC, Cloud
from tests.fakes.acs import FakeAcsRecording
from tests.model.model_run import exactly
from tests.model.oracle import Oracle
from tests.model.scenarios import ONE
from tests.model.violation import Violation


@pytest.fixture
def cloud() -> Cloud:
    return Cloud(EVENTS_TOPIC_ENDPOINT=OUR_TOPIC)


def test_a_transition_without_an_event_is_noticed(cloud: Cloud) -> None:
    oracle = Oracle(cloud)
    before = a_recording()

    oracle.events.written(before, replace(before, control=ControlStatus.PAUSED))

    with pytest.raises(Violation, match="Paused"):
        oracle.events.counted()


def test_an_event_without_a_transition_is_noticed(cloud: Cloud) -> None:
    oracle = Oracle(cloud)
    row = cloud.catalog.save_recording(a_recording())
    cloud.catalog.save_recording(replace(row, control=ControlStatus.PAUSED))

    with pytest.raises(Violation, match="Paused"):
        oracle.events.counted()


def test_an_end_that_is_told_while_acs_records_is_noticed(cloud: Cloud) -> None:
    Oracle(cloud)
    cloud.acs.recordings[RECORDING_ID] = FakeAcsRecording(RECORDING_ID, "call", active=True)
    row = cloud.catalog.save_recording(a_recording(recording_id=RECORDING_ID))

    with pytest.raises(Violation, match="ACS still has"):
        cloud.catalog.save_recording(replace(row, ended_at=BEGINNING))


def test_a_copy_that_is_told_and_is_not_there_is_noticed() -> None:
    model_run = exactly(with_fields(ONE, topic=True), {})
    cloud = model_run.cloud
    cloud.services.ingest.ingest(next(ONE.events()))
    stored = replace(cloud.chunk().moved(type(cloud.chunk().status)("stored")), sha256="ab", stored_at=BEGINNING)

    with pytest.raises(Violation, match="its copy is another"):
        cloud.catalog.save_chunk(stored)


def told(cloud: Cloud) -> None:
    row = cloud.catalog.save_recording(a_recording(status=RecordingStatus.ACTIVE))
    with cloud.services.invocation("a caller"):
        cloud.catalog.save_recording(replace(row, control=ControlStatus.PAUSED))


def test_other_words_under_one_id_are_noticed(cloud: Cloud) -> None:
    oracle = Oracle(cloud)
    told(cloud)
    (event,) = cloud.catalog.told.values()
    other = replace(cloud_event(event, "/call-recording/local"), data={})

    with pytest.raises(Violation, match="other words"):
        oracle.events.took(other)


def test_an_event_that_no_row_says_is_noticed(cloud: Cloud) -> None:
    oracle = Oracle(cloud)
    told(cloud)
    (event,) = cloud.catalog.told.values()
    cloud.catalog.told.clear()

    with pytest.raises(Violation, match="no row says"):
        oracle.events.took(cloud_event(event, "/call-recording/local"))


def test_an_event_that_nobody_will_send_is_noticed(cloud: Cloud) -> None:
    oracle = Oracle(cloud)
    told(cloud)
    (key, event) = next(iter(cloud.catalog.told.items()))
    cloud.catalog.told[key] = replace(event, unsent=True)

    with pytest.raises(Violation, match="nobody looks after"):
        oracle.events.looked_after()
