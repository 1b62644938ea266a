"""What callers and Event Grid meet at the door: keys, bad input, callbacks, health, and how fast events are taken.

All of it is said twice: of the app in the work tree, and of the package that gets deployed.
"""

import json
import re
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from local.simulator.settings import Settings
from local.simulator.tests.webhook import Webhook
from local.stack import ROOT, Stack
from tests.e2e.steps import WAV
from tests.packaged import SOURCE, Program, packaged

KEYED = [
    (method, re.sub(r"\{\w+\}", "x", path))
    for path, methods in json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"].items()
    for method, operation in methods.items()
    if operation["security"]
]


@pytest.fixture(scope="module", params=["source", "package"])
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The app in one of its two forms."""
    if request.param == "source":
        return SOURCE
    return packaged(request.getfixturevalue("package"), tmp_path_factory.mktemp("packaged"))


@pytest.fixture(scope="module")
def stack(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The app with its defaults; timers are fired by hand."""
    with program.stack(tmp_path_factory.mktemp("door"), host_options={"timers": False}) as running:
        yield running


@pytest.fixture(scope="module")
def intake(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose queues nobody reads, so that only the intake of events is measured."""
    with program.stack(tmp_path_factory.mktemp("intake"), host_options={"timers": False, "queues": False}) as running:
        yield running


def event(topic: str, chunks: int) -> dict[str, Any]:
    call = str(uuid.uuid4())
    listed = [
        {
            "documentId": (document := f"0-wus-d1-{uuid.uuid4().hex}"),
            "index": index,
            "endReason": "SessionEnded" if index == chunks - 1 else "ChunkMaximumSizeExceeded",
            "contentLocation": f"https://us-storage.asm.skype.com/v1/objects/{document}/content/video",
            "metadataLocation": f"https://us-storage.asm.skype.com/v1/objects/{document}/content/acsmetadata",
            "deleteLocation": f"https://us-storage.asm.skype.com/v1/objects/{document}",
        }
        for index in range(chunks)
    ]
    now = datetime.now(UTC).isoformat()
    return {
        "id": str(uuid.uuid4()),
        "topic": topic,
        "subject": f"/recording/call/{call}/recordingId/rec-{call}",
        "eventType": "Microsoft.Communication.RecordingFileStatusUpdated",
        "eventTime": now,
        "dataVersion": "1.0",
        "data": {
            "recordingStorageInfo": {"recordingChunks": listed},
            "recordingStartTime": now,
            "recordingDurationMs": 1000,
            "recordingFormatType": "Wav",
        },
    }


@pytest.mark.parametrize(("chunks", "seconds"), [(100, 2.0), (2000, 30.0)])
def test_an_event_of_many_chunks_is_acknowledged_in_time(intake: Stack, chunks: int, seconds: float) -> None:
    document = event(intake.announcement.resource_id, chunks)

    began = time.monotonic()
    answer = intake.host.post_events("recording_file_ready", [document])
    taken = time.monotonic() - began

    assert answer.status_code == 202
    assert taken < seconds


@pytest.mark.parametrize("schema", ["EventGrid", "CloudEvents"])
def test_the_subscription_handshake_is_answered(stack: Stack, schema: str) -> None:
    assert stack.simulator.validate_subscription(schema).valid


def test_without_a_key_nothing_is_told(stack: Stack) -> None:
    """On no route that the document has behind a key, whatever stands in its place; a wrong key is none."""
    answers = [
        requests.request(method, f"{stack.host.url}{path}", headers=headers, timeout=10)
        for method, path in KEYED
        for headers in ({}, {"x-functions-key": "wrong"})
    ]

    assert len(KEYED) > 15
    assert {(answer.status_code, answer.content) for answer in answers} == {(401, b"")}


REPLY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000",
    "Cache-Control": "no-store",
}
BAD_BODIES = {
    "not JSON": ("{", "JSON"),
    "not an object": ("[]", "object"),
    "an unknown field": ('{"serverCallId": "x", "colour": "red"}', "colour"),
    "a wrong type": ('{"serverCallId": 7}', "serverCallId"),
    "no call": ("{}", "serverCallId"),
    "two calls": ('{"serverCallId": "x", "groupCallId": "y"}', "groupCallId"),
    "video in channels": ('{"serverCallId": "x", "recordingChannelType": "unmixed"}', "recordingChannelType"),
}


@pytest.mark.parametrize("kind", BAD_BODIES)
def test_a_bad_body_is_answered_with_a_problem_that_names_the_field(stack: Stack, kind: str) -> None:
    body, named = BAD_BODIES[kind]

    answer = stack.recorder.request("POST", "/recordings", content=body)

    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert named in answer.json()["detail"]


def test_a_body_that_is_too_large_is_answered_with_a_problem(stack: Stack) -> None:
    answer = stack.recorder.request("POST", "/recordings", content='{"serverCallId": "' + "x" * 70_000 + '"}')

    assert (answer.status_code, answer.json()["status"]) == (413, 413)


def test_the_same_key_and_body_give_the_first_answer_again(stack: Stack) -> None:
    call = stack.simulator.place_call()
    body = {"serverCallId": call.server_call_id, **WAV}

    first = stack.recorder.start(body, key=f"same-{call.call_id}")
    second = stack.recorder.start(body, key=f"same-{call.call_id}")

    assert second.id == first.id
    assert second.recording_id == first.recording_id


def test_the_same_key_with_another_body_is_refused(stack: Stack) -> None:
    call = stack.simulator.place_call()
    stack.recorder.start({"serverCallId": call.server_call_id, **WAV}, key=f"other-{call.call_id}")

    answer = stack.recorder.request(
        "POST",
        "/recordings",
        json={"serverCallId": call.server_call_id},
        headers={"Idempotency-Key": f"other-{call.call_id}"},
    )

    assert answer.status_code == 422


def test_a_second_start_on_a_recorded_call_is_a_conflict_with_acs_code(stack: Stack) -> None:
    call = stack.simulator.place_call()
    stack.recorder.start({"serverCallId": call.server_call_id, **WAV})

    answer = stack.recorder.request("POST", "/recordings", json={"serverCallId": call.server_call_id, **WAV})

    assert answer.status_code == 409
    assert answer.json()["acsCode"] == "8553"


def test_a_recording_that_does_not_exist_is_not_found(stack: Stack) -> None:
    answer = stack.recorder.request("GET", f"/recordings/{uuid.uuid4()}")

    assert answer.status_code == 404
    assert answer.json()["instance"].startswith("/api/recordings/")


def test_a_forged_callback_is_refused(stack: Stack) -> None:
    answer = requests.post(f"{stack.host.url}/api/callbacks/recording-state", json=[], timeout=10)

    assert answer.status_code == 401


def test_a_signed_callback_tells_that_a_recording_runs(stack: Stack) -> None:
    call = stack.simulator.place_call()
    recording = stack.recorder.start({"serverCallId": call.server_call_id, **WAV})

    for _ in range(100):
        if any(sent.recording_id == recording.recording_id for sent in stack.simulator.callbacks()):
            break
        time.sleep(0.05)

    sent = [one for one in stack.simulator.callbacks() if one.recording_id == recording.recording_id]
    assert {one.status for one in sent} == {200}
    assert next(stack.recorder.recordings(server_call_id=call.server_call_id)).status == "active"


def test_a_blank_filter_lists_nobody_s_though_the_platform_drops_it(stack: Stack) -> None:
    """The worker is given no query value that is blank: only the request's URL has it."""
    answer = stack.recorder.request("GET", "/recordings", params={"serverCallId": ""})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "serverCallId")


def test_a_start_that_acs_reports_as_failed_says_so_whatever_ids_the_report_names(stack: Stack) -> None:
    stack.simulator.change_settings(accepted_starts_fail=True, failed_start_names=("callConnectionId",))
    try:
        call = stack.simulator.place_call()
        recording = stack.recorder.start({"callConnectionId": call.call_connection_id, **WAV})
        for _ in range(100):
            if "ACS reported" in (told := str(stack.recorder.get(recording.id).waits_for)):
                break
            time.sleep(0.05)
    finally:
        stack.simulator.change_settings(accepted_starts_fail=False)

    assert "8608" in told


def test_acs_posts_to_a_caller_s_own_address_where_the_operator_allows_its_host(stack: Stack) -> None:
    """S3."""
    body = {"serverCallId": stack.simulator.place_call().server_call_id, **WAV}
    with Webhook() as webhook:
        stack.recorder.start(body | {"recordingStateCallbackUrl": webhook.url})
        assert webhook.wait(1)
    refused = stack.recorder.request("POST", "/recordings", json=body | {"recordingStateCallbackUrl": "https://evil/"})

    assert refused.status_code == 400
    assert "CALLBACK_HOSTS" in refused.json()["detail"]


def test_recordings_are_listed_newest_first_and_found_by_tag(stack: Stack) -> None:
    tag = uuid.uuid4().hex
    started = [
        stack.recorder.start(
            {"serverCallId": stack.simulator.place_call().server_call_id, **WAV, "tags": {"case": tag}}
        ).id
        for _ in range(3)
    ]

    first = stack.recorder.page(tags={"case": tag}, limit=2)
    rest = stack.recorder.page(tags={"case": tag}, limit=2, continuation=first.continuation)

    assert [one.id for one in first.recordings + rest.recordings] == started[::-1]


def test_health_asks_nobody_and_dependencies_are_behind_a_key(stack: Stack, program: Program) -> None:
    environment = stack.environment() | {"HTTPS_PROXY": "http://127.0.0.1:9"}
    well = {"tables": True, "recordingsStorage": True, "runtimeStorage": True, "acs": True}
    with program.host(environment, {"timers": False, "queues": False}) as cut_off:
        anonymous = requests.get(f"{cut_off.url}/api/health", timeout=60)
        dependencies = cut_off.request("GET", "/api/health/dependencies")
        without_key = cut_off.request("GET", "/api/health/dependencies", key=None)

    assert (anonymous.status_code, anonymous.json()) == (200, {"status": "healthy"})
    assert {name: anonymous.headers[name] for name in REPLY_HEADERS} == REPLY_HEADERS
    assert (dependencies.status_code, dependencies.json()["checks"]) == (503, well | {"acs": False})
    assert without_key.status_code == 401
    healthy = stack.recorder.request("GET", "/health/dependencies")
    assert (healthy.status_code, healthy.json()) == (200, {"status": "healthy", "checks": well})


def test_without_an_audience_a_callback_is_only_a_hint(program: Program, tmp_path: Path) -> None:
    with program.stack(tmp_path, app_settings={"CALLBACK_AUDIENCE": ""}, simulator_settings=Settings()) as unverified:
        call = unverified.simulator.place_call()
        recording = unverified.recorder.start({"serverCallId": call.server_call_id, **WAV})
        forged = {
            "type": "Microsoft.Communication.StartRecordingFailed",
            "data": {"recordingId": recording.recording_id, "serverCallId": call.server_call_id},
        }

        answer = requests.post(f"{unverified.host.url}/api/callbacks/recording-state", json=[forged], timeout=10)

        assert answer.status_code == 200
        assert unverified.recorder.wait(recording.id, "active", seconds=10).status == "active"
