"""Which recording an event is about."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.identifiers import id_from_call, id_from_recording_id
from shared.domain.models import Recording
from shared.domain.recording_rows import keep_clues, with_clues
from shared.domain.statuses import Origin, RecordingStatus
from shared.pipeline.file_ready_event import parse_file_ready
from shared.pipeline.find_recording import find_recording, known_to_differ, new_recording
from tests.builders import (
    CALL_CONNECTION_ID,
    CALL_ID,
    OUR_ID,
    RECORDING_ID,
    SERVER_CALL_ID,
    Event,
    a_recording,
    file_ready_event,
)
from tests.fakes import BEGINNING, Cloud, acs_recording_id

STARTED = datetime(2026, 11, 22, 7, 59, 23, 608975, UTC)  # recordingStartTime of the events here
ANOTHER_ID = acs_recording_id(2)


def found(cloud: Cloud, event: Event) -> str | None:
    known = find_recording(parse_file_ready(event, BEGINNING), cloud.catalog)
    return known.recording.id if known else None


def saved(cloud: Cloud, id: str = OUR_ID, **fields: object) -> Recording:
    return cloud.catalog.save_recording(a_recording(id=id, **fields))


def linked(cloud: Cloud, id: str = OUR_ID, **fields: object) -> Recording:
    recording = saved(cloud, id, **fields)
    assert recording.recording_id
    cloud.catalog.link_acs_id(recording.recording_id, id)
    return recording


def by_connection(cloud: Cloud, id: str = OUR_ID, **fields: object) -> Recording:
    """A recording that was started by callConnectionId."""
    return saved(cloud, id, server_call_id=None, call_connection_id=CALL_CONNECTION_ID, **fields)


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


def test_the_recording_id_of_the_subject_counts_where_the_data_s_is_unknown(cloud: Cloud) -> None:
    linked(cloud, server_call_id="another call")

    assert found(cloud, file_ready_event(subject_form=2, recordingId=ANOTHER_ID)) == OUR_ID


def test_the_call_connection_of_the_subject_decides(cloud: Cloud) -> None:
    by_connection(cloud, recording_id=None)

    assert found(cloud, file_ready_event(subject_form=5)) == OUR_ID


@pytest.mark.parametrize("form", [2, 4])
def test_the_call_connection_inside_the_recording_id_decides(cloud: Cloud, form: int) -> None:
    """World 0.1. A start by callConnectionId whose answer was lost: its id is inside ACS's id of the recording."""
    by_connection(cloud, recording_id=None)
    recording_id = acs_recording_id(7, CALL_CONNECTION_ID.upper())

    assert found(cloud, file_ready_event(subject_form=form, recording_id=recording_id)) == OUR_ID


def test_of_two_recordings_by_one_call_connection_the_nearer_start_counts(cloud: Cloud) -> None:
    by_connection(cloud, "first", created_at=STARTED - timedelta(minutes=9), recording_id=None)
    by_connection(cloud, "second", created_at=STARTED - timedelta(seconds=3), recording_id=None)
    event = file_ready_event(subject_form=2, recording_id=acs_recording_id(7, CALL_CONNECTION_ID))

    assert found(cloud, event) == "second"


def test_the_start_nearest_to_the_event_s_counts_though_another_followed_within_a_minute(cloud: Cloud) -> None:
    """S1b. A call recorded, stopped, and recorded again at once: each file lies under its own recording."""
    saved(cloud, "first", created_at=STARTED - timedelta(seconds=2), status=RecordingStatus.STOPPED)
    saved(cloud, "second", created_at=STARTED + timedelta(seconds=20))
    of_the_second = file_ready_event(subject_form=3, recordingStartTime=(STARTED + timedelta(seconds=21)).isoformat())

    assert found(cloud, file_ready_event(subject_form=3)) == "first"
    assert found(cloud, of_the_second) == "second"


def test_a_start_after_the_event_s_is_the_last_resort(cloud: Cloud) -> None:
    saved(cloud, "before", created_at=STARTED - timedelta(hours=2))
    saved(cloud, "after", created_at=STARTED + timedelta(seconds=1), status=RecordingStatus.STOPPED)

    assert found(cloud, file_ready_event(subject_form=3)) == "before"


def test_of_starts_after_the_event_s_what_has_ended_comes_before_what_is_live(cloud: Cloud) -> None:
    saved(cloud, "live", created_at=STARTED + timedelta(seconds=10))
    ended = STARTED + timedelta(seconds=30)
    saved(cloud, "ended", created_at=STARTED + timedelta(seconds=20), status=RecordingStatus.STOPPED, ended_at=ended)

    assert found(cloud, file_ready_event(subject_form=3)) == "ended"


def test_a_start_at_the_very_moment_is_not_after_it(cloud: Cloud) -> None:
    saved(cloud, "before", created_at=STARTED - timedelta(seconds=9))
    saved(cloud, "then", created_at=STARTED)

    assert found(cloud, file_ready_event(subject_form=3)) == "then"


@pytest.mark.parametrize(("before", "expected"), [(60, "judged"), (61, "never judged")])
def test_a_start_that_acs_never_judged_comes_last_within_a_minute(cloud: Cloud, before: int, expected: str) -> None:
    saved(cloud, "judged", created_at=STARTED - timedelta(seconds=before))
    unjudged = STARTED - timedelta(seconds=2)
    saved(cloud, "never judged", created_at=unjudged, status=RecordingStatus.STARTING, recording_id=None)

    assert found(cloud, file_ready_event(subject_form=3)) == expected


@pytest.mark.parametrize("after", [-1, 10])
def test_a_start_that_acs_never_judged_comes_last(cloud: Cloud, after: int) -> None:
    saved(cloud, "judged", created_at=STARTED + timedelta(seconds=after - 4))
    unjudged = STARTED + timedelta(seconds=after - 2)
    saved(cloud, "never judged", created_at=unjudged, status=RecordingStatus.STARTING, recording_id=None)

    assert found(cloud, file_ready_event(subject_form=3)) == "judged"


def test_a_recording_that_ended_before_the_event_s_began_is_another(cloud: Cloud) -> None:
    long_ago = STARTED - timedelta(seconds=61)
    saved(cloud, created_at=STARTED - timedelta(hours=1), status=RecordingStatus.COMPLETED, ended_at=long_ago)

    assert found(cloud, file_ready_event(subject_form=3)) is None


def test_the_end_of_a_recording_has_the_same_tolerance_as_its_start(cloud: Cloud) -> None:
    ended = STARTED - timedelta(seconds=60)
    saved(cloud, created_at=STARTED - timedelta(hours=1), status=RecordingStatus.STOPPED, ended_at=ended)

    assert found(cloud, file_ready_event(subject_form=3)) == OUR_ID


def test_what_an_earlier_event_said_of_the_start_counts_most(cloud: Cloud) -> None:
    others = STARTED - timedelta(seconds=3)
    saved(cloud, "its", created_at=STARTED - timedelta(seconds=9), recording_id=None, recording_start_time=STARTED)
    saved(cloud, "new", created_at=STARTED - timedelta(seconds=1))
    saved(cloud, "another's", created_at=STARTED - timedelta(seconds=5), recording_start_time=others)

    assert found(cloud, file_ready_event(subject_form=3)) == "its"
    assert found(cloud, file_ready_event(subject_form=3, recordingStartTime=others.isoformat())) == "another's"


def test_a_recording_of_which_no_event_came_yet_comes_before_one_that_began_at_another_time(cloud: Cloud) -> None:
    others = STARTED - timedelta(seconds=3)
    saved(cloud, "new", created_at=STARTED - timedelta(seconds=9))
    saved(cloud, "another's", created_at=STARTED - timedelta(seconds=5), recording_start_time=others)

    assert found(cloud, file_ready_event(subject_form=3)) == "new"


def test_a_start_that_was_asked_anew_counts_from_then(cloud: Cloud) -> None:
    then = STARTED - timedelta(hours=1)
    saved(cloud, "anew", created_at=then, repeatability_first_sent=STARTED - timedelta(seconds=2))
    saved(cloud, "between", created_at=STARTED - timedelta(minutes=5), repeatability_first_sent=None)

    assert found(cloud, file_ready_event(subject_form=3)) == "anew"


def test_what_a_verified_callback_said_counts_where_nothing_else_matches(cloud: Cloud) -> None:
    kept = keep_clues(cloud.catalog, by_connection(cloud), server_call_id=SERVER_CALL_ID, call_id=CALL_ID)

    assert (kept.clue_server_call_id, kept.clue_call_id) == (SERVER_CALL_ID, CALL_ID)
    assert [found(cloud, file_ready_event(subject_form=form)) for form in (1, 3)] == [OUR_ID, OUR_ID]

    saved(cloud, "known by its call")

    assert found(cloud, file_ready_event(subject_form=3)) == "known by its call"


def test_the_first_clue_stands_and_what_is_known_needs_none(cloud: Cloud) -> None:
    known = saved(cloud, call_id=CALL_ID)
    clued = with_clues(a_recording(server_call_id=None), server_call_id="a", call_id="b")

    assert keep_clues(cloud.catalog, known, server_call_id="another", call_id="another") == known
    assert with_clues(clued, server_call_id="another", call_id="another") == clued


def test_a_clue_that_is_known_already_costs_no_request(cloud: Cloud) -> None:
    kept = keep_clues(cloud.catalog, by_connection(cloud), server_call_id=SERVER_CALL_ID, call_id=None)
    cloud.world.effects.clear()

    assert keep_clues(cloud.catalog, kept, server_call_id=SERVER_CALL_ID, call_id=None) == kept
    assert cloud.world.effects == []


def test_a_recording_of_the_call_with_another_id_is_passed_over(cloud: Cloud) -> None:
    saved(cloud, "ours", created_at=STARTED - timedelta(hours=1), recording_id=None)
    saved(cloud, "other", recording_id=ANOTHER_ID)

    assert found(cloud, file_ready_event(subject_form=4)) == "ours"


def test_an_id_of_another_form_proves_nothing(cloud: Cloud) -> None:
    saved(cloud)

    assert found(cloud, file_ready_event(subject_form=4, recording_id="a-plain-guid")) == OUR_ID


def test_a_start_that_acs_refused_explains_nothing(cloud: Cloud) -> None:
    saved(cloud, status=RecordingStatus.FAILED, recording_id=None, refused_status=400, refused_code="8501")

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


def test_a_recording_with_another_id_is_not_the_one_that_an_event_without_start_and_id_brought(cloud: Cloud) -> None:
    for id in (None, RECORDING_ID, ANOTHER_ID):
        cloud.services.ingest.ingest(file_ready_event(subject_form=1, recordingStartTime=None, recordingId=id))

    # The second one's chunks were known; its id was not.
    assert [recording.recording_id for recording in cloud.recordings()] == [RECORDING_ID, ANOTHER_ID]


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
