"""Recording-state callbacks: when they come, what they say, how they are signed."""

import jwt
from azure.communication.callautomation import CallAutomationClient

from local.simulator.simulator import Simulator

from .support import SDK_WARNINGS, Acs
from .webhook import Webhook, wait_until

pytestmark = SDK_WARNINGS

KEYS = "https://acscallautomation.communication.azure.com/calling/keys"


def states(webhook: Webhook) -> list[str]:
    return [request.document[0]["data"]["state"] for request in webhook.received]


def test_every_change_of_state_is_told(acs: Acs) -> None:
    with Webhook() as webhook:
        recording_id = acs.start(recording_state_callback_url=webhook.url)
        webhook.wait(1)
        acs.client.pause_recording(recording_id)
        webhook.wait(2)
        acs.client.resume_recording(recording_id)
        webhook.wait(3)
        acs.client.stop_recording(recording_id)
        webhook.wait(4)

    assert states(webhook) == ["active", "inactive", "active", "inactive"]


def test_a_callback_is_an_array_of_one_cloud_event_about_the_recording(acs: Acs) -> None:
    call = acs.admin.place_call()
    with Webhook() as webhook:
        recording_id = acs.start(call, recording_state_callback_url=webhook.url)
        (event,) = webhook.wait(1)[0].document

    assert event["type"] == "Microsoft.Communication.RecordingStateChanged"
    assert event["data"]["recordingId"] == recording_id
    assert event["data"]["serverCallId"] == call.server_call_id
    assert event["data"]["correlationId"] == call.correlation_id
    assert event["data"]["callConnectionId"] != call.call_connection_id
    assert event["data"]["startDateTime"].endswith("+00:00")
    wait_until(lambda: [one.status for one in acs.admin.callbacks()] == [200])


def test_a_callback_is_signed_with_a_key_that_the_issuer_publishes(simulator: Simulator, acs: Acs) -> None:
    with Webhook() as webhook:
        acs.start(recording_state_callback_url=webhook.url)
        token = webhook.wait(1)[0].headers["authorization"].removeprefix("Bearer ")

    # Fetched through the proxy, as the app under test would.
    key = jwt.PyJWKClient(KEYS).get_signing_key_from_jwt(token)
    claims = jwt.decode(
        token,
        key,
        algorithms=["RS256"],
        audience=simulator.components.resource.immutable_id,
        issuer="https://acscallautomation.communication.azure.com",
    )
    assert claims["exp"] - claims["iat"] == 300
    assert acs.admin.jwks()["keys"][0]["kid"] == key.key_id


def test_an_accepted_start_can_fail_later(acs: Acs, client: CallAutomationClient) -> None:
    acs.admin.change_settings(accepted_starts_fail=True)
    call = acs.admin.place_call()
    with Webhook() as webhook:
        client.start_recording(call_connection_id=call.call_connection_id, recording_state_callback_url=webhook.url)
        (event,) = webhook.wait(1)[0].document

    assert event["type"] == "Microsoft.Communication.StartRecordingFailed"
    assert event["data"]["callConnectionId"] == call.call_connection_id
    assert [recording.state for recording in acs.admin.recordings()] == ["ended"]
    assert acs.admin.events() == []


def test_a_failed_start_names_what_it_is_told_to_name(acs: Acs, client: CallAutomationClient) -> None:
    acs.admin.change_settings(accepted_starts_fail=True, failed_start_names=("callConnectionId",))
    call = acs.admin.place_call()
    with Webhook() as webhook:
        client.start_recording(call_connection_id=call.call_connection_id, recording_state_callback_url=webhook.url)
        (event,) = webhook.wait(1)[0].document

    ids = ("recordingId", "serverCallId", "callConnectionId")
    assert [event["data"].get(name) for name in ids] == [None, None, call.call_connection_id]


def test_callbacks_can_be_lost(acs: Acs) -> None:
    acs.admin.change_settings(callbacks_lost=True)
    with Webhook() as webhook:
        recording_id = acs.start(recording_state_callback_url=webhook.url)
        acs.client.stop_recording(recording_id)
        acs.admin.wait_for_files(recording_id)

    assert webhook.received == []


def test_callbacks_can_come_unsigned(acs: Acs) -> None:
    acs.admin.change_settings(callbacks_signed=False)
    with Webhook() as webhook:
        acs.start(recording_state_callback_url=webhook.url)

        assert "authorization" not in webhook.wait(1)[0].headers
