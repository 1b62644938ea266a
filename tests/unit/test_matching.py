"""Which recording an event is about."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.identifiers import id_from_call, id_from_recording_id
from shared.domain.models import Origin, Recording, RecordingStatus
from shared.pipeline.file_ready_event import parse_file_ready
from shared.pipeline.find_recording import find_recording, known_to_differ, new_recording
from tests.builders import CALL_ID, OUR_ID, RECORDING_ID, SERVER_CALL_ID, Event, a_recording, file_ready_event
from tests.fakes import BEGINNING, Cloud, acs_recording_id

STARTED = datetime(2026, 11, 22, 7, 59, 23, 608975, UTC)  # recordingStartTime of the events here
ANOTHER_ID = acs_recording_id(2)


def found(cloud: Cloud, event: Event) -> str | None:
    recording = find_recording(parse_file_ready(event, BEGINNING), cloud.catalog)
    return recording.id if recording else None


def saved(cloud: Cloud, id: str = OUR_ID, **fields: object) -> Recording:
    return cloud.catalog.save_recording(a_recording(id=id, **fields))


def linked(cloud: Cloud, id: str = OUR_ID, **fields: object) -> Recording:
    recording = saved(cloud, id, **fields)
    assert recording.recording_id
    cloud.catalog.link_acs_id(recording.recording_id, id)
    return recording


def test_nothing_explains_an_event_of_a_stranger(cloud: Cloud) -> None:
    assert found(cloud, file_ready_event()) is None


def test_the_recording_id_of_the_subject_decides(cloud: Cloud) -> None:
    linked(cloud, server_call_id="another call")

    assert found(cloud, file_ready_event(subject_form=2)) == OUR_ID


def test_the_recording_id_of_the_data_decides(cloud: Cloud) -> None:
    linked(cloud, server_call_id="another call")

    assert found(cloud, file_ready_event(subject_form=1, recordingId=f"{RECORDING_ID}==")) == OUR_ID


def test_without_a_recording_id_the_call_decides(cloud: Cloud) -> None:
    saved(cloud)

    assert found(cloud, file_ready_event(subject_form=3)) == OUR_ID


def test_the_call_is_the_same_however_its_id_is_written(cloud: Cloud) -> None:
    saved(cloud)

    assert found(cloud, file_ready_event(subject_form=3, server_call_id=SERVER_CALL_ID.rstrip("="))) == OUR_ID


def test_the_latest_start_of_the_call_counts(cloud: Cloud) -> None:
    saved(cloud, "first", created_at=STARTED - timedelta(hours=2))
    saved(cloud, "second", created_at=STARTED - timedelta(seconds=5))

    assert found(cloud, file_ready_event(subject_form=3)) == "second"


def test_a_start_up_to_a_minute_after_acs_s_still_counts(cloud: Cloud) -> None:
    saved(cloud, created_at=STARTED + timedelta(seconds=60))

    assert found(cloud, file_ready_event(subject_form=3)) == OUR_ID


def test_a_start_later_than_that_is_another_recording(cloud: Cloud) -> None:
    saved(cloud, created_at=STARTED + timedelta(seconds=61))

    assert found(cloud, file_ready_event(subject_form=3)) is None


def test_without_a_start_time_the_event_s_own_time_counts(cloud: Cloud) -> None:
    saved(cloud, created_at=BEGINNING + timedelta(seconds=30))

    assert found(cloud, file_ready_event(subject_form=3, recordingStartTime=None)) == OUR_ID


def test_a_recording_of_the_call_with_another_id_is_passed_over(cloud: Cloud) -> None:
    saved(cloud, "ours", created_at=STARTED - timedelta(hours=1), recording_id=None)
    saved(cloud, "other", recording_id=ANOTHER_ID)

    assert found(cloud, file_ready_event(subject_form=4)) == "ours"


def test_an_id_of_another_form_proves_nothing(cloud: Cloud) -> None:
    saved(cloud)

    assert found(cloud, file_ready_event(subject_form=4, recording_id="a-plain-guid")) == OUR_ID


def test_a_start_that_acs_refused_explains_nothing(cloud: Cloud) -> None:
    saved(cloud, status=RecordingStatus.FAILED, recording_id=None, refused_status=400)

    assert found(cloud, file_ready_event(subject_form=3)) is None


@pytest.mark.parametrize("status", [0, 401, 403, 429])
def test_a_start_that_acs_never_judged_explains_what_nothing_else_does(cloud: Cloud, status: int) -> None:
    saved(cloud, status=RecordingStatus.FAILED, recording_id=None, refused_status=status)

    assert found(cloud, file_ready_event(subject_form=3)) == OUR_ID


def test_a_start_that_acs_never_judged_comes_behind_an_older_one_that_it_carried_out(cloud: Cloud) -> None:
    saved(cloud, created_at=STARTED - timedelta(minutes=2))
    later = STARTED - timedelta(minutes=1)
    saved(cloud, ANOTHER_ID, status=RecordingStatus.FAILED, recording_id=None, refused_status=429, created_at=later)

    assert found(cloud, file_ready_event(subject_form=3, recordingId=None)) == OUR_ID


def test_a_start_that_was_given_up_explains_a_late_event(cloud: Cloud) -> None:
    saved(cloud, status=RecordingStatus.FAILED, recording_id=None)

    assert found(cloud, file_ready_event(subject_form=3)) == OUR_ID


def test_what_only_events_brought_is_not_found_by_its_call(cloud: Cloud) -> None:
    saved(cloud, origin=Origin.EVENT, recording_id=None)

    assert found(cloud, file_ready_event(subject_form=3)) is None


def test_a_start_whose_answer_was_lost_explains_the_event(cloud: Cloud) -> None:
    saved(cloud, status=RecordingStatus.STARTING, recording_id=None)

    assert found(cloud, file_ready_event(subject_form=4)) == OUR_ID


def test_a_later_event_finds_the_recording_an_earlier_one_brought(cloud: Cloud) -> None:
    event = parse_file_ready(file_ready_event(subject_form=1), BEGINNING)
    brought = cloud.catalog.save_recording(new_recording(event, BEGINNING))

    assert found(cloud, file_ready_event(subject_form=5)) == brought.id


def test_a_new_recording_is_named_by_acs_s_id() -> None:
    event = parse_file_ready(file_ready_event(subject_form=2), BEGINNING)

    assert new_recording(event, BEGINNING).id == id_from_recording_id(RECORDING_ID)


def test_without_acs_s_id_it_is_named_by_call_and_start() -> None:
    event = parse_file_ready(file_ready_event(subject_form=1), BEGINNING)

    assert new_recording(event, BEGINNING).id == id_from_call(CALL_ID, STARTED)


def test_ids_of_acs_differ_by_their_guids() -> None:
    assert known_to_differ(RECORDING_ID, ANOTHER_ID)


def test_an_id_does_not_differ_from_itself_padded() -> None:
    assert not known_to_differ(RECORDING_ID, f"{RECORDING_ID}==")


def test_nothing_is_known_of_ids_that_are_missing_or_of_another_form() -> None:
    others = [None, "", "W10", "bnVsbA", "not base64 !", "eyJQbGF0Zm9ybUVuZHBvaW50SWQiOjF9"]

    assert not any(known_to_differ(RECORDING_ID, other) for other in others)


def test_an_id_that_is_longer_than_any_of_acs_s_is_not_decoded() -> None:
    """S6. What it would say is nothing that ACS says."""
    ours = acs_recording_id(1)
    longer = base64.urlsafe_b64encode(base64.urlsafe_b64decode(acs_recording_id(2) + "==") + b" " * 1000).decode()

    assert known_to_differ(ours, acs_recording_id(2))
    assert not known_to_differ(ours, longer)
