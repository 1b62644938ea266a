"""What goes over the wire to ACS is what its SDK sends, option by option, under an id and a time of ours."""

from typing import Any

import pytest

from local.simulator.wire import json_response
from shared.domain.channels import ChannelAffinity

from .acs_under_test import SimulatorAcsUnderTest, started
from .source_under_test import SDK_WARNINGS

pytestmark = SDK_WARNINGS
USER = "8:acs:70559d7c-67b2-444f-a1f3-8027a1412880_00000013"
PHONE = "4:+15551234567"
NUMBER = {"value": "+15551234567", "isAnonymous": False}
TYPES = {"recordingContentType": "audio", "recordingChannelType": "unmixed", "recordingFormatType": "wav"}
CALL = {"callLocator": {"serverCallId": "aHR0cHM6", "kind": "serverCallLocator"}}
WHOLE_MINIMUM: dict[str, Any] = CALL | TYPES | {"channelAffinity": []}
RECORDING = json_response(200, {"recordingId": "eyJQ", "recordingState": "inactive"})


def sent(acs: SimulatorAcsUnderTest, **fields: Any) -> Any:
    """The body of a start, whatever ACS thinks of it."""
    acs.simulator.prepared.append(RECORDING)
    started(acs, **fields)
    return acs.simulator.body


@pytest.mark.parametrize(
    ("fields", "locator"),
    [
        ({"server_call_id": "aHR0/+=="}, {"callLocator": {"serverCallId": "aHR0/+==", "kind": "serverCallLocator"}}),
        ({"group_call_id": "b1f8"}, {"callLocator": {"groupCallId": "b1f8", "kind": "groupCallLocator"}}),
        ({"room_id": "9919"}, {"callLocator": {"roomId": "9919", "kind": "roomCallLocator"}}),
        ({"call_connection_id": "411f0b00"}, {"callConnectionId": "411f0b00"}),
    ],
)
def test_the_call_is_named_as_it_was_asked_for(
    simulated_acs: SimulatorAcsUnderTest, fields: dict[str, str], locator: dict[str, Any]
) -> None:
    assert sent(simulated_acs, **fields) == locator | TYPES | {"channelAffinity": []}


@pytest.mark.parametrize(
    ("content", "channel", "form"),
    [("audioVideo", "mixed", "mp4"), ("audio", "mixed", "mp3"), ("audio", "mixed", "wav"), ("audio", "unmixed", "wav")],
)
def test_the_three_media_types_are_always_sent(
    simulated_acs: SimulatorAcsUnderTest, content: str, channel: str, form: str
) -> None:
    body = sent(
        simulated_acs,
        server_call_id="aHR0cHM6",
        recording_content_type=content,
        recording_channel_type=channel,
        recording_format_type=form,
    )

    types = {"recordingContentType": content, "recordingChannelType": channel, "recordingFormatType": form}
    assert body == WHOLE_MINIMUM | types


@pytest.mark.parametrize(
    ("fields", "added"),
    [
        ({"pause_on_start": True}, {"pauseOnStart": True}),
        ({"pause_on_start": False}, {}),
        (
            {"audio_channel_participant_ordering": (USER, PHONE)},
            {
                "audioChannelParticipantOrdering": [
                    {"rawId": USER, "communicationUser": {"id": USER}},
                    {"rawId": PHONE, "phoneNumber": NUMBER},
                ]
            },
        ),
        (
            {"audio_channel_participant_ordering": ("28:bot",)},
            {"audioChannelParticipantOrdering": [{"rawId": "28:bot"}]},
        ),
        (
            {"channel_affinity": (ChannelAffinity(PHONE, 0), ChannelAffinity(USER, 4))},
            {
                "channelAffinity": [
                    {"channel": 0, "participant": {"rawId": PHONE, "phoneNumber": NUMBER}},
                    {"channel": 4, "participant": {"rawId": USER, "communicationUser": {"id": USER}}},
                ]
            },
        ),
        (
            {"audio_channel_participant_ordering": ("28:bot",), "channel_affinity": (ChannelAffinity("28:bot", 2),)},
            {
                "audioChannelParticipantOrdering": [{"rawId": "28:bot"}],
                "channelAffinity": [{"channel": 2, "participant": {"rawId": "28:bot"}}],
            },
        ),
        (
            {"recording_storage_container_url": "https://a.blob.core.windows.net/c"},
            {
                "externalStorage": {
                    "recordingStorageKind": "azureBlobStorage",
                    "recordingDestinationContainerUrl": "https://a.blob.core.windows.net/c",
                }
            },
        ),
        (
            {"recording_state_callback_url": "https://app.example/api/callbacks/recording-state?code=a"},
            {"recordingStateCallbackUri": "https://app.example/api/callbacks/recording-state?code=a"},
        ),
    ],
)
def test_an_option_is_sent_when_it_is_asked_for_and_nothing_else(
    simulated_acs: SimulatorAcsUnderTest, fields: dict[str, Any], added: dict[str, Any]
) -> None:
    assert sent(simulated_acs, server_call_id="aHR0cHM6", **fields) == WHOLE_MINIMUM | added


def test_a_start_carries_the_id_and_the_time_that_it_was_given(simulated_acs: SimulatorAcsUnderTest) -> None:
    started(simulated_acs, "24e4b374-bbf0-4d27-a543-4186ef4adf67")

    [request] = simulated_acs.simulator.seen
    assert request.headers["repeatability-request-id"] == "24e4b374-bbf0-4d27-a543-4186ef4adf67"
    assert request.headers["repeatability-first-sent"] == "Sun, 22 Nov 2026 06:57:21 GMT"


def test_a_start_is_posted_with_a_version_of_the_api(simulated_acs: SimulatorAcsUnderTest) -> None:
    started(simulated_acs)

    [request] = simulated_acs.simulator.seen
    assert (request.method, request.path) == ("POST", "/calling/recordings")
    assert request.query["api-version"] == "2026-03-12"


def test_a_recording_of_a_call_connection_that_is_only_accepted_has_an_id(simulated_acs: SimulatorAcsUnderTest) -> None:
    call = simulated_acs.admin.place_call()

    state = started(simulated_acs, call_connection_id=call.call_connection_id)

    assert [request.status for request in simulated_acs.admin.requests("start")] == [202]
    assert [recording.recording_id for recording in simulated_acs.admin.recordings()] == [state.recording_id]


@pytest.mark.parametrize(
    ("action", "method", "path"),
    [("pause", "POST", ":pause"), ("resume", "POST", ":resume"), ("stop", "DELETE", ""), ("state", "GET", "")],
)
def test_an_action_is_asked_for_at_its_route(
    simulated_acs: SimulatorAcsUnderTest, action: str, method: str, path: str
) -> None:
    recording_id = started(simulated_acs).recording_id
    simulated_acs.simulator.seen.clear()

    getattr(simulated_acs.calls, action)(recording_id)

    [request] = simulated_acs.simulator.seen
    assert (request.method, request.path) == (method, f"/calling/recordings/{recording_id}{path}")
    assert request.body == b""
