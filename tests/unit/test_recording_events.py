"""The events for other apps: which there are, who caused them, and what becomes of them."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from shared.domain.durations import EVENT_GIVEN_UP, EVENT_RETRY_FIRST
from shared.domain.errors import AcsRefused, AcsUnavailable
from shared.domain.event_data import DATA, FAILED_CHUNKS_MAX
from shared.domain.json_views import instant
from shared.domain.recording_event import EventType, RecordingEvent
from shared.domain.statuses import ChunkStatus, ControlStatus, FilesStatus, RecordingStatus
from tests.builders import RECORDING_ID, a_chunk, a_recording, document_id, file_ready_event, keep_at_acs
from tests.fakes import BEGINNING, OUR_TOPIC, Cloud, FakeHost, Fault
from tests.unit.app import App
from tests.unit.steps import warnings

DOWN = "topic.send"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def cloud() -> Cloud:
    return Cloud(EVENTS_TOPIC_ENDPOINT=OUR_TOPIC, UNKNOWN_RECORDINGS="manage")


def keys(cloud: Cloud) -> list[str]:
    """What was told, in the order in which it happened."""
    events = sorted(cloud.catalog.told.values(), key=lambda event: (event.time, event.key))
    return [event.key for event in events]


def taken(cloud: Cloud) -> list[str]:
    """What the topic took, in the order in which it did."""
    return [event.id.partition("/")[2] for event in cloud.topic.taken]


def started(app: App, cloud: Cloud, **fields: object) -> str:
    """A recording that runs, and is known to."""
    id = app.start(**fields)
    cloud.world.advance(2 * MINUTE)
    cloud.acs.begin(RECORDING_ID)
    app.http("get_recording", route={"id": id})
    return id


def stored(app: App, cloud: Cloud) -> None:
    """A recording of one chunk that was stored, deleted and completed."""
    id = started(app, cloud)
    app.http("stop_recording", route={"id": id})
    keep_at_acs(cloud, 1)
    (message,) = app.event(file_ready_event(1))
    app.queue("chunk_transfer", message)
    app.queue("chunk_deletion", message)


def told(app: App, cloud: Cloud) -> list[dict[str, Any]]:
    (recording,) = cloud.recordings()
    _, body, _ = app.http("recording_events", route={"id": recording.id})
    events: list[dict[str, Any]] = body["events"]
    return events


# Which there are


def test_no_event_says_whose_names_the_tags_have(app: App, cloud: Cloud) -> None:
    started(app, cloud, tags={"case": "42", "name.8:acs:1_2": "Anna"})

    assert [event["event"]["data"]["tags"] for event in told(app, cloud)] == [{"case": "42"}]


def test_a_recording_tells_its_life(app: App, cloud: Cloud) -> None:
    id = started(app, cloud)
    for action in ("pause_recording", "pause_recording", "resume_recording", "stop_recording", "stop_recording"):
        cloud.world.advance(MINUTE)
        app.http(action, route={"id": id})
    keep_at_acs(cloud, 1)
    (message,) = app.event(file_ready_event(1))
    app.queue("chunk_transfer", message)
    app.queue("chunk_deletion", message)

    chunk = f"Stored:{document_id()}:1"
    assert keys(cloud) == ["Started:1", "Paused:2", "Resumed:3", "Stopped:4", "Completed:1", chunk]
    assert sorted(taken(cloud)) == sorted(keys(cloud))


def test_an_event_says_what_happened_to_which_recording(app: App, cloud: Cloud) -> None:
    stored(app, cloud)

    event = next(event for event in cloud.topic.taken if event.type is EventType.STORED)
    row = cloud.recording()
    assert event.source == "/call-recording/local"
    assert event.subject == f"recordings/{row.id}/chunks/{document_id()}"
    assert event.dataschema == "urn:call-recording:stored:1"
    assert event.data["recordingId"] == RECORDING_ID
    assert event.data["sha256"] == cloud.chunk().sha256
    assert event.data["contentBlob"] in cloud.store.blobs
    assert event.data["status"] == "transferring"


def test_completion_is_told_with_its_manifest(app: App, cloud: Cloud) -> None:
    stored(app, cloud)

    event = cloud.topic.taken[-1]
    assert event.type is EventType.COMPLETED
    assert event.data["status"] == "completed"
    assert event.data["chunks"] == 1
    assert event.data["bytes"] == cloud.chunk().bytes
    assert event.data["manifestBlob"] in cloud.store.blobs


def test_a_refused_start_is_told_as_failed(app: App, cloud: Cloud) -> None:
    cloud.acs.refuse("start", AcsRefused("no such call", status=400, code="8501"))

    app.http("start_recording", b'{"serverCallId": "x"}')

    (event,) = cloud.topic.taken
    assert (event.type, event.data["failureKind"], event.data["acsCode"]) == (EventType.FAILED, "refused", "8501")


def test_each_refusal_of_a_start_that_is_asked_anew_is_an_event(app: App, cloud: Cloud) -> None:
    for _ in range(2):
        cloud.acs.refuse("start", AcsUnavailable("slow down", status=429))
        app.http("start_recording", b'{"serverCallId": "x"}', headers={"idempotency-key": "a"})

    assert keys(cloud) == ["Failed:1", "Failed:2"]


def test_a_recording_that_never_ran_is_told_as_empty_once_it_ended(app: App, cloud: Cloud) -> None:
    id = app.start(pauseOnStart=True)
    cloud.world.advance(2 * MINUTE)
    app.http("stop_recording", route={"id": id})

    assert [key.partition(":")[0] for key in keys(cloud)] == ["Started", "Empty", "Stopped"]


def test_a_recording_that_another_app_started_tells_of_its_files_only(app: App, cloud: Cloud) -> None:
    keep_at_acs(cloud, 1)
    (message,) = app.event(file_ready_event(1))
    app.queue("chunk_transfer", message)
    app.queue("chunk_deletion", message)

    assert {key.partition(":")[0] for key in keys(cloud)} == {"Stored", "Completed"}


def test_a_chunk_that_is_about_to_be_lost_is_told_twice_with_its_deadline(cloud: Cloud) -> None:
    host = FakeHost(cloud)
    keep_at_acs(cloud, 1)
    cloud.world.fail("source.open", Fault.ERROR_BEFORE, times=1000)
    host.publish(file_ready_event(1))
    host.work()
    for hours in (12.1, 8.1):
        cloud.world.advance(timedelta(hours=hours))
        host.sweep()

    told = {event.id: event for event in cloud.topic.taken if event.type is EventType.AT_RISK}
    assert [id.rpartition(":")[2] for id in told] == ["12", "4"]
    assert {event.data["expiresAt"] for event in told.values()} == {instant(cloud.chunk().expires_at)}


def test_a_recording_whose_files_are_not_announced_is_told_at_risk(cloud: Cloud, app: App) -> None:
    id = started(app, cloud)
    app.http("stop_recording", route={"id": id})
    host = FakeHost(cloud)
    for hours in (2, 11, 8):
        cloud.world.advance(timedelta(hours=hours))
        host.sweep()

    assert [key for key in keys(cloud) if key.startswith("AtRisk")] == ["AtRisk:-:12", "AtRisk:-:4"]
    event = next(event for event in cloud.topic.taken if event.type is EventType.AT_RISK)
    assert (event.data["documentId"], event.data["id"]) == (None, id)


def test_a_loss_is_told_with_the_chunks_that_are_lost(cloud: Cloud) -> None:
    host = FakeHost(cloud)
    host.publish(file_ready_event(2))
    for _ in range(60):
        host.work()
        cloud.world.advance(timedelta(hours=1))
        host.sweep()

    (event,) = [event for event in cloud.topic.taken if event.type is EventType.FAILED]
    assert (event.data["failedChunks"], event.data["failureKind"], event.data["replayable"]) == (2, "expired", False)
    assert [chunk["index"] for chunk in event.data["chunks"]] == [0, 1]


def test_a_copy_that_is_made_again_is_another_event(cloud: Cloud, app: App) -> None:
    started(app, cloud)
    keep_at_acs(cloud, 1)
    (message,) = app.event(file_ready_event(1))
    app.queue("chunk_transfer", message)
    del cloud.store.all[cloud.chunk().content_blob]

    app.queue("chunk_deletion", message)
    app.queue("chunk_transfer", message)

    assert [key for key in keys(cloud) if key.startswith("Stored")] == [f"Stored:{document_id()}:{n}" for n in (1, 2)]


def test_what_the_rows_of_the_version_before_say_is_told_by_no_event(cloud: Cloud) -> None:
    row = cloud.catalog.save_recording(a_recording(ended_at=BEGINNING))

    cloud.catalog.save_recording(msgspec.structs.replace(row, tags={"a": "b"}))

    assert keys(cloud) == []


def test_the_largest_event_fits_into_a_column(cloud: Cloud) -> None:
    tags = {f"{number}{'n' * 62}": "ü" * 256 for number in range(10)}
    row = cloud.catalog.save_recording(a_recording(tags=tags, status=RecordingStatus.TRANSFERRING))
    lost = [
        a_chunk(number, status=ChunkStatus.FAILED, failure="\N{GRINNING FACE}" * 5000, document_id="d" * 128)
        for number in range(FAILED_CHUNKS_MAX + 1)
    ]

    failed = row.with_files(FilesStatus.FAILED, BEGINNING)
    cloud.catalog.save_recording(msgspec.structs.replace(failed, failure="ä" * 5000), lost)

    (event,) = cloud.catalog.told.values()
    data = json.loads(event.data)
    assert (data["failedChunks"], len(data["chunks"])) == (FAILED_CHUNKS_MAX + 1, FAILED_CHUNKS_MAX)


def test_every_type_has_its_data() -> None:
    assert set(DATA) == set(EventType)


# Who caused them


def test_a_caller_is_known_by_a_digest_of_its_key(app: App, cloud: Cloud) -> None:
    started(app, cloud)

    assert [event["by"] for event in told(app, cloud)] == [hashlib.sha256(b"secret").hexdigest()[:8]]


def test_whoever_asked_for_a_start_is_told_when_the_sweep_sees_it_run(app: App, cloud: Cloud) -> None:
    app.start()
    cloud.acs.begin(RECORDING_ID)
    cloud.world.advance(2 * MINUTE)
    FakeHost(cloud).sweep()

    assert [event["by"] for event in told(app, cloud)] == [hashlib.sha256(b"secret").hexdigest()[:8]]


def test_what_a_queue_causes_is_told_with_the_function_s_name(app: App, cloud: Cloud) -> None:
    stored(app, cloud)

    by = {event["type"].rpartition(".")[2]: event["by"] for event in told(app, cloud)}
    assert (by["Stored"], by["Completed"]) == ("chunk_transfer", "chunk_deletion")


def principal(environment: dict[str, str]) -> str:
    cloud = Cloud(EVENTS_TOPIC_ENDPOINT=OUR_TOPIC, **environment)
    cloud.acs.refuse("start", AcsRefused("no such call", status=400, code="8501"))
    App(cloud).http(
        "start_recording", b'{"serverCallId": "x"}', headers={"x-ms-client-principal-name": "ada@contoso.com"}
    )
    (event,) = cloud.catalog.told.values()
    return event.by


def test_a_principal_is_named_where_the_platform_authenticates_callers() -> None:
    assert principal({"WEBSITE_AUTH_ENABLED": "True"}) == "ada@contoso.com"


@pytest.mark.parametrize("environment", [{}, {"WEBSITE_AUTH_ENABLED": "False"}])
def test_a_principal_that_anybody_may_claim_is_not_believed(environment: dict[str, str]) -> None:
    assert principal(environment) == hashlib.sha256(b"secret").hexdigest()[:8]


def test_whoever_calls_a_route_that_anybody_may_call_is_not_believed_to_be_anybody() -> None:
    """A stranger may send any text as a key, and try until its digest is another's; and past the platform's guard."""
    cloud = Cloud(EVENTS_TOPIC_ENDPOINT=OUR_TOPIC, WEBSITE_AUTH_ENABLED="True")
    app = App(cloud)
    started(app, cloud)
    cloud.acs.recordings[RECORDING_ID].active = False
    told = {"recordingId": RECORDING_ID, "state": "inactive"}
    body = json.dumps([{"type": "Microsoft.Communication.RecordingStateChanged", "data": told}]).encode()
    app.http(
        "recording_state",
        body,
        headers={"x-functions-key": "guessed", "x-ms-client-principal-name": "ada@contoso.com"},
    )

    paused = next(event for event in cloud.catalog.told.values() if event.type is EventType.PAUSED)
    assert paused.by == "recording_state"


def test_whoever_asks_for_a_start_anew_is_told_to_have_asked_for_it(cloud: Cloud) -> None:
    app = App(cloud)
    for key in ("first", "second"):
        cloud.acs.refuse("start", AcsUnavailable("slow down", status=429)) if key == "first" else None
        app.http("start_recording", b'{"serverCallId": "x"}', headers={"idempotency-key": "a", "x-functions-key": key})
    cloud.world.advance(2 * MINUTE)
    cloud.acs.begin(RECORDING_ID)
    FakeHost(cloud).sweep()

    told = next(event for event in cloud.catalog.told.values() if event.type is EventType.STARTED)
    assert told.by == hashlib.sha256(b"second").hexdigest()[:8]


# What becomes of them


def test_what_was_sent_is_shown_with_when(app: App, cloud: Cloud) -> None:
    started(app, cloud)

    (event,) = told(app, cloud)
    assert event["sentAt"] is not None
    assert (event["attempts"], event["lastError"], event["nextTryAt"]) == (1, None, None)


def test_without_a_topic_events_are_kept_and_nothing_is_left_to_do() -> None:
    cloud = Cloud(UNKNOWN_RECORDINGS="manage")
    app = App(cloud)
    stored(app, cloud)

    assert cloud.world.counts["topic.send"] == 0
    assert not cloud.catalog.open
    assert [event["attempts"] for event in told(app, cloud)] == [0, 0, 0, 0]
    assert {event["nextTryAt"] for event in told(app, cloud)} == {None}


def test_a_topic_that_is_down_keeps_nothing_from_being_done(app: App, cloud: Cloud) -> None:
    cloud.world.fail(DOWN, Fault.ERROR_BEFORE, times=100)
    stored(app, cloud)

    assert cloud.recording().status == "completed"
    assert cloud.deleted == [document_id()]
    assert {event["nextTryAt"] is None for event in told(app, cloud)} == {False}


def test_what_a_topic_did_not_take_the_sweep_sends_and_then_nothing_is_left(app: App, cloud: Cloud) -> None:
    cloud.world.fail(DOWN, Fault.ERROR_BEFORE, times=6)
    stored(app, cloud)
    host = FakeHost(cloud)

    host.settle()

    assert sorted(set(taken(cloud))) == sorted(keys(cloud))
    assert not cloud.catalog.open


@pytest.mark.parametrize("how", ["down", "refuses"])
def test_after_an_hour_without_its_topic_everything_was_done_in_time_and_is_told(
    app: App, cloud: Cloud, how: str
) -> None:
    if how == "down":
        cloud.world.fail(DOWN, Fault.ERROR_BEFORE, times=10_000)
    else:
        cloud.topic.events_max = 0  # each request, as 413 and 400 are
    stored(app, cloud)
    done_at = cloud.world.now
    host = FakeHost(cloud)
    for _ in range(60):
        cloud.world.advance(MINUTE)
        host.sweep()
    assert (cloud.recording().completed_at, cloud.deleted, taken(cloud)) == (done_at, [document_id()], [])

    cloud.world.planned.clear()
    cloud.topic.events_max = 100
    host.settle()

    assert sorted(taken(cloud)) == sorted(keys(cloud))
    assert not cloud.catalog.open


@pytest.mark.parametrize("answers", [True, False])
def test_a_slow_topic_costs_a_start_a_stop_and_a_transfer_three_seconds_at_most(
    app: App, cloud: Cloud, answers: bool
) -> None:
    def seconds(act: Callable[[], object]) -> float:
        began = cloud.world.now
        act()
        return (cloud.world.now - began).total_seconds()

    cloud.acs.starts_active = True
    cloud.topic.takes = timedelta(seconds=3)
    if not answers:
        cloud.world.fail(DOWN, Fault.ERROR_BEFORE, times=1000)
    waits = [seconds(app.start)]
    id = cloud.recording().id
    waits.append(seconds(lambda: app.http("stop_recording", route={"id": id})))
    keep_at_acs(cloud, 1)
    (message,) = app.event(file_ready_event(1))
    waits.append(seconds(lambda: app.queue("chunk_transfer", message)))
    waits.append(seconds(lambda: app.queue("chunk_deletion", message)))

    assert cloud.recording().status == "completed"
    assert waits == [3, 3, 3, 3]


def test_an_event_whose_answer_was_lost_comes_again_under_its_id(app: App, cloud: Cloud) -> None:
    cloud.world.fail(DOWN, Fault.ERROR_AFTER)
    started(app, cloud)
    cloud.world.advance(2 * MINUTE)
    FakeHost(cloud).sweep()

    assert taken(cloud) == ["Started:1", "Started:1"]
    assert cloud.topic.taken[0] == cloud.topic.taken[1]


def test_a_process_that_died_before_it_sent_leaves_its_events_to_the_sweep(cloud: Cloud) -> None:
    host = FakeHost(cloud)
    keep_at_acs(cloud, 1)
    cloud.world.fail(DOWN, Fault.CRASH_BEFORE)
    host.publish(file_ready_event(1))

    host.settle()

    assert sorted(set(taken(cloud))) == sorted(keys(cloud))


def test_tries_are_farther_and_farther_apart(app: App, cloud: Cloud) -> None:
    cloud.world.fail(DOWN, Fault.ERROR_BEFORE, times=1000)
    started(app, cloud)
    host = FakeHost(cloud)
    tried = []
    for _ in range(60):
        cloud.world.advance(MINUTE)
        host.sweep()
        tried.append(told(app, cloud)[0]["attempts"])

    # At once, after 1, 2, 4 and 8 minutes, then every quarter of an hour.
    assert [minute for minute, (a, b) in enumerate(pairwise([1, *tried]), 1) if b > a] == [1, 3, 7, 15, 30, 45, 60]


def test_after_a_day_it_is_alerted_and_left_to_a_person(
    app: App, cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    cloud.world.fail(DOWN, Fault.ERROR_BEFORE, times=10_000)
    id = started(app, cloud)
    app.http("stop_recording", route={"id": id})
    host = FakeHost(cloud)
    for _ in range(26 * 4):
        cloud.world.advance(timedelta(minutes=15))
        host.sweep()

    assert timedelta(hours=24) == EVENT_GIVEN_UP
    told_of = [json.loads(line.partition(" ")[2])["id"] for line in warnings(caplog, "event_unsent")]
    assert set(told_of) == {id}
    assert len(told_of) <= 3  # started, stopped, failed: each was a day old at another sweep
    old = [event for event in told(app, cloud) if event["type"].endswith("Started")]
    assert [(event["nextTryAt"], event["sentAt"], bool(event["lastError"])) for event in old] == [(None, None, True)]


def test_events_are_sent_again_when_a_person_asks(app: App, cloud: Cloud) -> None:
    stored(app, cloud)
    cloud.topic.taken.clear()
    id = cloud.recording().id

    status, body, _ = app.http("resend_events", route={"id": id})

    assert (status, body) == (202, {"events": 4})
    assert taken(cloud) == keys(cloud)


def test_one_event_is_sent_again_by_its_key(app: App, cloud: Cloud) -> None:
    stored(app, cloud)
    cloud.topic.taken.clear()

    app.http("resend_events", route={"id": cloud.recording().id}, params={"key": "Completed:1"})

    assert taken(cloud) == ["Completed:1"]


def test_what_was_given_up_and_is_asked_for_again_is_tried_for_another_day(app: App, cloud: Cloud) -> None:
    cloud.world.fail(DOWN, Fault.ERROR_BEFORE, times=10_000)
    id = started(app, cloud)
    cloud.world.advance(EVENT_GIVEN_UP)
    FakeHost(cloud).sweep()
    app.http("resend_events", route={"id": id})
    cloud.world.planned.clear()
    cloud.world.advance(EVENT_RETRY_FIRST * 4)
    FakeHost(cloud).sweep()

    assert "Started:1" in taken(cloud)


@pytest.mark.parametrize(
    ("params", "status"),
    [({"key": "Completed:7"}, 404), ({"key": "no key"}, 400), ({"keys": "Completed:1"}, 400)],
)
def test_a_key_that_no_event_has_is_refused(app: App, cloud: Cloud, params: dict[str, str], status: int) -> None:
    stored(app, cloud)

    assert app.http("resend_events", route={"id": cloud.recording().id}, params=params)[0] == status


@pytest.mark.parametrize("name", ["recording_events", "resend_events"])
def test_events_of_a_recording_that_there_is_not_are_not_found(app: App, name: str) -> None:
    assert app.http(name, route={"id": "6f1c2d3e-0000-4000-8000-00000000ffff"})[0] == 404


def test_without_a_topic_nothing_can_be_sent_again() -> None:
    cloud = Cloud()
    app = App(cloud)
    id = started(app, cloud)

    status, body, _ = app.http("resend_events", route={"id": id})

    assert status == 409
    assert "EVENTS_TOPIC_ENDPOINT" in body["detail"]


def sweep_soon(cloud: Cloud) -> None:
    cloud.world.advance(2 * MINUTE)
    FakeHost(cloud).sweep()


def test_a_batch_that_is_too_long_is_sent_one_by_one_by_the_sweep(app: App, cloud: Cloud) -> None:
    stored(app, cloud)
    cloud.topic.taken.clear()
    cloud.topic.events_max = 1

    app.http("resend_events", route={"id": cloud.recording().id})
    assert taken(cloud) == []
    sweep_soon(cloud)

    assert taken(cloud) == keys(cloud)


def test_an_event_that_is_refused_by_itself_keeps_no_other_from_being_sent(app: App, cloud: Cloud) -> None:
    stored(app, cloud)
    cloud.topic.taken.clear()
    cloud.topic.refused = {"Stopped"}

    app.http("resend_events", route={"id": cloud.recording().id})
    sweep_soon(cloud)

    assert taken(cloud) == [key for key in keys(cloud) if not key.startswith("Stopped")]


def test_an_event_that_is_refused_keeps_no_other_recording_s_from_being_sent(app: App, cloud: Cloud) -> None:
    cloud.topic.refused = {"Failed"}
    cloud.world.fail(DOWN, Fault.ERROR_BEFORE, times=2)
    cloud.acs.refuse("start", AcsRefused("no", status=400, code="8501"))
    app.http("start_recording", b'{"serverCallId": "a call"}')
    started(app, cloud)
    cloud.world.planned.clear()

    sweep_soon(cloud)

    assert taken(cloud) == ["Started:1"]


def test_a_resend_of_many_events_waits_for_a_slow_topic_for_its_patience_and_leaves_the_rest_to_the_sweep(
    app: App, cloud: Cloud
) -> None:
    id = started(app, cloud)
    row = cloud.recording()
    for number in range(350):
        control = ControlStatus.PAUSED if number % 2 == 0 else ControlStatus.ACTIVE
        row = cloud.catalog.save_recording(msgspec.structs.replace(row, control=control))
    cloud.topic.taken.clear()
    cloud.topic.takes = timedelta(seconds=2)
    before = cloud.world.counts[DOWN]

    app.http("resend_events", route={"id": id})
    assert (cloud.world.counts[DOWN] - before, len(taken(cloud))) == (2, 200)
    sweep_soon(cloud)

    assert sorted(set(taken(cloud))) == sorted(keys(cloud))


def test_an_event_that_was_written_down_late_has_a_day_all_the_same(cloud: Cloud) -> None:
    """Its time is that of what it tells; the day begins with the first try."""
    row = cloud.catalog.save_recording(a_recording(recording_id=RECORDING_ID))
    cloud.world.fail(DOWN, Fault.ERROR_BEFORE)
    with cloud.services.invocation("sweep"):
        cloud.catalog.save_recording(msgspec.structs.replace(row, ended_at=BEGINNING - timedelta(hours=30)))
    sweep_soon(cloud)

    assert "Stopped:1" in taken(cloud)


def test_a_row_that_nobody_can_read_keeps_neither_the_others_nor_the_recording(
    app: App, cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    cloud.world.fail(DOWN, Fault.ERROR_BEFORE, times=2)
    started(app, cloud)
    cloud.catalog.spoiled_events.add((cloud.recording().id, "Started:1"))
    app.http("stop_recording", route={"id": cloud.recording().id})
    cloud.world.planned.clear()
    keep_at_acs(cloud, 1)
    (message,) = app.event(file_ready_event(1))
    app.queue("chunk_transfer", message)
    app.queue("chunk_deletion", message)
    for _ in range(3):
        sweep_soon(cloud)

    assert cloud.recording().status == "completed"
    assert "Stopped:2" in taken(cloud)
    assert warnings(caplog, "unforeseen_fault")
    assert not cloud.catalog.open


def test_a_sweep_that_completes_many_recordings_waits_for_a_silent_topic_once(cloud: Cloud) -> None:
    """However many invocations' worth of work one has."""
    cloud.world.fail(DOWN, Fault.ERROR_BEFORE, times=1000)
    with cloud.services.invocation("sweep"):
        for number in range(20):
            row = cloud.catalog.save_recording(
                a_recording(id=f"6f1c2d3e-0000-4000-8000-{number:012}", recording_id=f"acs-{number}")
            )
            cloud.catalog.save_recording(msgspec.structs.replace(row, ended_at=BEGINNING))
            cloud.services.outbox.is_waiting(row.id)

    assert cloud.world.counts[DOWN] == 1
    assert len(cloud.catalog.open) == 20


def test_a_silent_topic_is_asked_once_in_an_invocation(app: App, cloud: Cloud) -> None:
    cloud.world.fail(DOWN, Fault.ERROR_BEFORE, times=100)

    before = cloud.world.counts[DOWN]
    started(app, cloud)

    assert cloud.world.counts[DOWN] - before == 1


def test_a_silent_topic_is_asked_once_in_a_sweep_however_many_recordings_wait(cloud: Cloud) -> None:
    cloud.world.fail(DOWN, Fault.ERROR_BEFORE, times=1000)
    app = App(cloud)
    for number in range(20):
        cloud.acs.refuse("start", AcsRefused("no", status=400, code="8501"))
        app.http("start_recording", json.dumps({"serverCallId": f"call-{number}"}).encode())
    cloud.world.advance(5 * MINUTE)
    before = cloud.world.counts[DOWN]

    FakeHost(cloud).sweep()

    assert cloud.world.counts[DOWN] - before == 1
    assert len(cloud.catalog.open) == 20


def test_a_recording_whose_row_cannot_be_read_tells_of_its_chunks_all_the_same(cloud: Cloud) -> None:
    keep_at_acs(cloud, 1)
    cloud.services.ingest.ingest(file_ready_event(1))
    cloud.catalog.spoil(cloud.recording().id)
    with cloud.services.invocation("chunk_transfer"):
        cloud.services.transfer.transfer(cloud.chunk().ref)

    (event,) = cloud.topic.taken
    assert (event.data["documentId"], event.data["status"]) == (document_id(), None)


def event_row(cloud: Cloud) -> RecordingEvent:
    (event,) = cloud.catalog.told.values()
    return event


def test_an_event_is_sent_in_the_words_in_which_it_was_written(app: App, cloud: Cloud) -> None:
    """A row that has moved on since changes nothing: what is sent twice says the same."""
    cloud.world.fail(DOWN, Fault.ERROR_BEFORE)
    started(app, cloud)
    written = json.loads(event_row(cloud).data)
    row = cloud.recording()
    cloud.catalog.save_recording(msgspec.structs.replace(row, tags={"later": "x"}))
    cloud.world.advance(2 * MINUTE)

    FakeHost(cloud).sweep()

    assert cloud.topic.taken[0].data == written
