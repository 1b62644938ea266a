"""Rows that version 0.1 wrote, which had one status, are read as the two halves that it stood for."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from azure.data.tables import TableEntity

from shared.adapters.table_rows import RECORDING_ROW, split_status, to_entity
from shared.domain.models import Recording
from shared.domain.statuses import ControlStatus, FailureKind, FilesStatus, RecordingStatus
from tests.builders import OUR_ID, RECORDING_ID, a_recording
from tests.fakes import BEGINNING, Cloud
from tests.fakes.acs import FakeAcsRecording

CREATED = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
UPDATED = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)


def read(status: str, **columns: object) -> Recording:
    """What is read of a row that version 0.1 wrote."""
    row = {
        "PartitionKey": OUR_ID,
        "RowKey": RECORDING_ROW,
        "id": OUR_ID,
        "origin": "api",
        "status": status,
        "createdAt": CREATED,
        "updatedAt": UPDATED,
        "recordingId": RECORDING_ID,
        "hasRun": True,
    }
    present = {name: value for name, value in (row | columns).items() if value is not None}
    return msgspec.convert(split_status(dict(TableEntity(present))), Recording)


@pytest.mark.parametrize("status", RecordingStatus)
def test_a_row_shows_the_status_that_it_had(status: RecordingStatus) -> None:
    assert read(status.value).status is status


@pytest.mark.parametrize("status", ["starting", "active", "paused"])
def test_a_live_recording_has_not_ended(status: str) -> None:
    recording = read(status)

    assert (recording.control, recording.ended_at) == (ControlStatus(status), None)


@pytest.mark.parametrize("status", ["stopped", "empty"])
def test_what_was_stopped_or_empty_has_ended(status: str) -> None:
    assert read(status, hasRun=status == "stopped").ended_at == UPDATED


@pytest.mark.parametrize("status", ["transferring", "completed", "failed"])
def test_of_a_recording_with_files_only_acs_knows_whether_it_ended(status: str) -> None:
    recording = read(status, folder="f")

    assert (recording.files, recording.control, recording.ended_at) == (FilesStatus(status), None, None)
    assert recording.may_run


def test_a_start_that_acs_refused_stays_refused() -> None:
    recording = read("failed", recordingId=None, refusedStatus=400, refusedCode="8501", failure="ACS refused to start")

    assert (recording.refused, recording.shown_failure) == (True, "ACS refused to start")
    assert recording.shown_failure_kind is FailureKind.REFUSED


def test_a_start_that_nobody_confirmed_stays_failed() -> None:
    recording = read("failed", recordingId=None, failure="ACS never confirmed the start")

    assert (recording.status, recording.files) == (RecordingStatus.FAILED, FilesStatus.NONE)
    assert recording.shown_failure == "ACS never confirmed the start"


def test_a_row_of_this_version_is_read_as_it_is() -> None:
    columns: dict[str, object] = {"control": "active", "files": "none"}

    assert split_status(dict(columns)) == columns
    assert split_status(columns | {"status": "completed"}) == columns | {"status": "completed"}


@pytest.mark.parametrize("status", ["archived", "", 5])
def test_a_status_that_version_0_1_did_not_have_cannot_be_read(status: object) -> None:
    with pytest.raises(msgspec.ValidationError, match="status"):
        split_status({"status": status})


def test_of_a_start_that_version_0_1_asked_for_it_is_not_known_whether_it_began_paused() -> None:
    recording = read("active")

    assert (recording.pause_on_start, recording.audio_channel_participant_ordering) == (None, ())


def saved(cloud: Cloud, recording: Recording) -> Recording:
    cloud.catalog.link_acs_id(RECORDING_ID, OUR_ID)
    return cloud.catalog.save_recording(recording)


def test_stopping_what_seems_completed_asks_acs() -> None:
    cloud = Cloud()
    saved(cloud, read("completed", folder="f"))
    cloud.acs.recordings[RECORDING_ID] = FakeAcsRecording(RECORDING_ID, "call", active=True)

    stopped = cloud.services.control.stop(OUR_ID)

    assert cloud.acs.recordings == {}
    assert stopped.ended_at == BEGINNING


def test_looking_at_what_seems_transferring_asks_acs() -> None:
    cloud = Cloud()
    saved(cloud, read("transferring", folder="f"))
    cloud.acs.recordings[RECORDING_ID] = FakeAcsRecording(RECORDING_ID, "call", active=True)

    assert cloud.services.control.refresh(OUR_ID).status is RecordingStatus.ACTIVE


def test_what_is_older_than_any_recording_counts_as_ended_unasked() -> None:
    cloud = Cloud()
    saved(cloud, read("completed", folder="f", createdAt=BEGINNING - timedelta(hours=49)))

    stopped = cloud.services.control.stop(OUR_ID)

    assert stopped.status is RecordingStatus.COMPLETED
    assert cloud.world.counts["acs.stop"] == cloud.world.counts["acs.state"] == 0


def test_what_is_written_again_has_both_halves_and_no_status() -> None:
    entity = to_entity(a_recording(), RECORDING_ROW)

    assert "status" not in entity
    assert {"control", "controlVersion", "files"} <= set(entity)
