"""The recording API, as the real SDK sees it."""

import base64
import json

import pytest
from azure.communication.callautomation import (
    AzureBlobContainerRecordingStorage,
    ChannelAffinity,
    CommunicationUserIdentifier,
)
from azure.core.exceptions import HttpResponseError

from local.simulator.identifiers import platform_endpoint_id

from .support import SDK_WARNINGS, Acs, refusal
from .webhook import wait_until

pytestmark = SDK_WARNINGS


def test_a_recording_is_inactive_then_active_then_gone(acs: Acs) -> None:
    acs.admin.change_settings(active_delay_seconds=0.1)
    call = acs.admin.place_call()

    started = acs.client.start_recording(server_call_id=call.server_call_id)
    assert (started.recording_state, started.recording_kind) == ("inactive", "azureCommunicationServices")

    assert started.recording_id is not None
    wait_until(lambda: acs.state(started.recording_id or "") == "active")
    acs.client.stop_recording(started.recording_id)
    with pytest.raises(HttpResponseError) as error:
        acs.client.get_recording_properties(started.recording_id)
    assert refusal(error) == (404, "8522")


def test_a_recording_id_is_unpadded_base64url_of_two_guids(acs: Acs) -> None:
    recording_id = acs.start()

    decoded = json.loads(base64.urlsafe_b64decode(recording_id + "=" * (-len(recording_id) % 4)))

    assert list(decoded) == ["PlatformEndpointId", "ResourceSpecificId"]
    assert recording_id.startswith("eyJQbGF0Zm9ybUVuZHBvaW50SWQi")
    assert "=" not in recording_id


def test_a_server_call_id_is_padded_base64_of_a_url_and_contains_a_slash(acs: Acs) -> None:
    server_call_id = acs.admin.place_call().server_call_id

    assert base64.b64decode(server_call_id, validate=True).startswith(b"https://api.flightproxy.skype.com/")
    assert "/" in server_call_id
    assert server_call_id.endswith("=")


def test_pause_and_resume_are_accepted_and_seen_in_the_state(acs: Acs) -> None:
    recording_id = acs.start()

    acs.client.pause_recording(recording_id)
    assert acs.state(recording_id) == "inactive"
    acs.client.resume_recording(recording_id)
    assert acs.state(recording_id) == "active"


def test_pausing_twice_is_accepted_unless_the_switch_says_otherwise(acs: Acs) -> None:
    recording_id = acs.start()
    acs.client.pause_recording(recording_id)
    acs.client.pause_recording(recording_id)

    acs.admin.change_settings(pause_when_paused_code="8571")
    with pytest.raises(HttpResponseError) as error:
        acs.client.pause_recording(recording_id)

    assert refusal(error) == (409, "8571")


def test_resuming_what_is_active_can_be_refused(acs: Acs) -> None:
    recording_id = acs.start()
    acs.client.resume_recording(recording_id)

    acs.admin.change_settings(resume_when_active_code="8573")
    with pytest.raises(HttpResponseError) as error:
        acs.client.resume_recording(recording_id)

    assert refusal(error) == (400, "8573")


@pytest.mark.parametrize("code", ["8553", "8559"])
def test_a_second_start_is_refused(acs: Acs, code: str) -> None:
    acs.admin.change_settings(second_start_code=code)
    call = acs.admin.place_call()
    acs.start(call)

    with pytest.raises(HttpResponseError) as error:
        acs.start(call)

    assert refusal(error) == (400, code)


def test_a_call_may_have_one_recording_after_another(acs: Acs) -> None:
    call = acs.admin.place_call()
    first = acs.start(call)
    acs.client.stop_recording(first)

    assert acs.start(call) != first


@pytest.mark.parametrize(("code", "status"), [("8501", 400), ("8522", 404)])
def test_an_ended_call_cannot_be_recorded(acs: Acs, code: str, status: int) -> None:
    acs.admin.change_settings(unknown_call_code=code)
    call = acs.admin.place_call()
    acs.admin.end_call(call.call_id)

    with pytest.raises(HttpResponseError) as error:
        acs.start(call)

    assert refusal(error) == (status, code)


def test_a_server_call_id_that_is_no_url_is_refused(acs: Acs) -> None:
    with pytest.raises(HttpResponseError) as error:
        acs.client.start_recording(server_call_id="bm90IGEgY2FsbA==")

    assert refusal(error) == (400, "8527")


def test_a_server_call_id_without_padding_names_the_same_call(acs: Acs) -> None:
    call = acs.admin.place_call()

    assert acs.client.start_recording(server_call_id=call.server_call_id.rstrip("=")).recording_id


def test_a_group_call_can_be_recorded(acs: Acs) -> None:
    call = acs.admin.place_call()

    assert call.group_call_id is not None
    assert acs.client.start_recording(group_call_id=call.group_call_id).recording_id


def test_a_room_is_refused_unless_switched_on(acs: Acs) -> None:
    acs.admin.place_call(room="99500000000000")
    with pytest.raises(HttpResponseError) as error:
        acs.client.start_recording(room_id="99500000000000")
    assert refusal(error) == (400, "8523")

    acs.admin.change_settings(room_id_accepted=True)
    assert acs.client.start_recording(room_id="99500000000000").recording_id


@pytest.mark.parametrize("status", [200, 202])
def test_a_start_by_call_connection_is_accepted(acs: Acs, status: int) -> None:
    acs.admin.change_settings(call_connection_start_status=status)
    call = acs.admin.place_call()

    recording_id = acs.client.start_recording(call_connection_id=call.call_connection_id).recording_id

    assert platform_endpoint_id(recording_id or "") == call.call_connection_id
    assert acs.admin.requests("start")[-1].status == status


@pytest.mark.parametrize(
    ("content", "channel", "media_format"),
    [("audio", "mixed", "mp4"), ("audioVideo", "unmixed", "mp4"), ("audio", "unmixed", "mp3")],
)
def test_a_combination_acs_does_not_know_is_refused(acs: Acs, content: str, channel: str, media_format: str) -> None:
    with pytest.raises(HttpResponseError) as error:
        acs.start(None, media_format, recording_content_type=content, recording_channel_type=channel)

    assert refusal(error) == (400, "8557")


def test_a_plain_http_callback_is_refused_outside_loopback(acs: Acs) -> None:
    with pytest.raises(HttpResponseError) as error:
        acs.start(None, recording_state_callback_url="http://example.com/callback")

    assert refusal(error) == (400, "8523")


def test_every_option_of_the_sdk_is_understood(acs: Acs) -> None:
    alice = CommunicationUserIdentifier("8:acs:alice")

    recording_id = acs.start(
        None,
        recording_channel_type="unmixed",
        audio_channel_participant_ordering=[alice],
        channel_affinity=[ChannelAffinity(target_participant=alice, channel=2)],
        recording_storage=AzureBlobContainerRecordingStorage("https://a.blob.core.windows.net/c"),
        recording_state_callback_url="https://127.0.0.1:1/callback",
    )

    assert acs.admin.recording(recording_id).channel_type == "unmixed"


def test_the_same_repeatability_id_starts_one_recording(acs: Acs) -> None:
    call = acs.admin.place_call()
    headers = {"Repeatability-Request-ID": "24e4b374-bbf0-4d27-a543-4186ef4adf67"}

    first = acs.client.start_recording(server_call_id=call.server_call_id, headers=dict(headers))
    second = acs.client.start_recording(server_call_id=call.server_call_id, headers=dict(headers))

    assert first.recording_id == second.recording_id
    assert len(acs.admin.recordings()) == 1


def test_stopping_twice_answers_not_found(acs: Acs) -> None:
    recording_id = acs.start()
    acs.client.stop_recording(recording_id)

    with pytest.raises(HttpResponseError) as error:
        acs.client.stop_recording(recording_id)

    assert refusal(error) == (404, "8522")


def test_the_end_of_a_call_ends_its_recording(acs: Acs) -> None:
    call = acs.admin.place_call()
    recording_id = acs.start(call)

    acs.admin.end_call(call.call_id)

    recording = acs.admin.wait_for_files(recording_id)
    assert (recording.state, recording.session_end_reason) == ("ended", "CallEnded")


def test_a_recording_that_was_never_resumed_yields_nothing(acs: Acs) -> None:
    recording_id = acs.start(pause_on_start=True)
    assert acs.state(recording_id) == "inactive"

    acs.client.stop_recording(recording_id)

    assert not acs.admin.recording(recording_id).files_ready
    assert acs.admin.events() == []


def test_answers_carry_the_headers_of_the_service(acs: Acs) -> None:
    recording_id = acs.start()
    seen: dict[str, str] = {}

    acs.client.get_recording_properties(
        recording_id, raw_response_hook=lambda response: seen.update(response.http_response.headers)
    )

    assert seen["x-ms-client-request-id"] == acs.admin.requests("get")[-1].client_request_id
    assert seen["X-Microsoft-Skype-Chain-ID"]
