"""Recording control at ACS, through the official SDK, which signs every request; and what ACS's answers mean."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from azure.communication.callautomation import (
    AzureBlobContainerRecordingStorage,
    CallAutomationClient,
    ChannelAffinity,
    CommunicationIdentifier,
    CommunicationUserIdentifier,
    PhoneNumberIdentifier,
    RecordingProperties,
    RecordingState,
    UnknownIdentifier,
)
from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.pipeline import PipelineResponse
from requests.exceptions import ProxyError
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from shared.adapters.acs_client import retry_after
from shared.domain.acs_words import RecordingKind
from shared.domain.errors import CODE_NOT_FOUND, NOT_JUDGED, AcsRefused, AcsUnavailable, AcsUncertain
from shared.domain.ports import AcsState
from shared.domain.start_request import StartRequest

KINDS = {kind.casefold(): kind for kind in RecordingKind}
CLIENT_ERRORS = range(400, 500)


@dataclass(frozen=True)
class SdkAcsCalls:
    """The port `AcsCalls`."""

    client: CallAutomationClient

    def start(self, request: StartRequest, repeatability_id: str, first_sent: datetime) -> AcsState:
        with translate_errors():
            # No retries inside: whether a first try may have taken effect decides what 8553 means on the second.
            properties = self.client.start_recording(
                **start_options(request),
                headers={
                    "Repeatability-Request-ID": repeatability_id,
                    "Repeatability-First-Sent": first_sent.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"),
                },
                retry_total=0,
                raw_response_hook=refuse_nameless,
            )
        return state_of(properties)

    def pause(self, recording_id: str) -> None:
        with translate_errors():
            self.client.pause_recording(recording_id)

    def resume(self, recording_id: str) -> None:
        with translate_errors():
            self.client.resume_recording(recording_id)

    def stop(self, recording_id: str) -> None:
        with translate_errors():
            self.client.stop_recording(recording_id)

    def state(self, recording_id: str) -> AcsState | None:
        try:
            with translate_errors():
                return state_of(self.client.get_recording_properties(recording_id, raw_response_hook=refuse_stateless))
        except AcsRefused as error:
            # A gateway's 404, or that of an endpoint that is none of ACS's, says nothing of the recording.
            if error.status == HTTPStatus.NOT_FOUND and error.code == CODE_NOT_FOUND:
                return None
            raise


def state_of(properties: RecordingProperties) -> AcsState:
    state = properties.recording_state
    active = is_state(state, RecordingState.ACTIVE) if is_state(state, *RecordingState) else None
    return AcsState(properties.recording_id, active, KINDS.get((properties.recording_kind or "").casefold()))


def start_options(request: StartRequest) -> dict[str, Any]:
    """The SDK's arguments: the three media types always, everything else only when requested."""
    options: dict[str, Any] = {
        "server_call_id": request.server_call_id,
        "group_call_id": request.group_call_id,
        "room_id": request.room_id,
        "call_connection_id": request.call_connection_id,
        "recording_content_type": request.recording_content_type,
        "recording_channel_type": request.recording_channel_type,
        "recording_format_type": request.recording_format_type,
        "recording_state_callback_url": request.recording_state_callback_url,
        "pause_on_start": request.pause_on_start or None,
        "audio_channel_participant_ordering": [identifier(raw) for raw in request.audio_channel_participant_ordering],
        "channel_affinity": [
            ChannelAffinity(target_participant=identifier(pin.participant), channel=pin.channel)
            for pin in request.channel_affinity
        ],
    }
    if request.recording_storage_container_url:
        options["recording_storage"] = AzureBlobContainerRecordingStorage(
            container_url=request.recording_storage_container_url
        )
    return {name: value for name, value in options.items() if value not in (None, [])}


def identifier(raw_id: str) -> CommunicationIdentifier:
    """A participant by raw id, in the form that ACS writes for its kind."""
    if raw_id.startswith("4:"):
        return PhoneNumberIdentifier(raw_id.removeprefix("4:"), raw_id=raw_id)
    if raw_id.startswith("8:acs:"):
        return CommunicationUserIdentifier(raw_id, raw_id=raw_id)
    return UnknownIdentifier(raw_id)


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise the domain's error for the SDK's: AcsRefused, AcsUnavailable or AcsUncertain."""
    try:
        yield
    except HttpResponseError as error:
        raise refusal(error) from error
    except AzureError as error:
        if was_never_connected(error):
            raise AcsUnavailable("No connection to ACS could be made, so it was not asked.") from error
        raise AcsUncertain(f"ACS did not answer: {type(error).__name__}.") from error
    except (ValueError, RecursionError) as error:  # raw out of the SDK, for bytes that its decoders do not take
        raise AcsUncertain(f"ACS's answer cannot be read: {type(error).__name__}.") from error


def was_never_connected(error: AzureError) -> bool:
    """Whether no connection was made, so that nothing was sent.

    The SDK's own ServiceRequestError does not say it: it is raised for a connection that is cut after the request, too.
    """
    cause: object = error.inner_exception
    if isinstance(cause, ProxyError):  # requests' own, around urllib3's, around what happened
        cause = getattr(cause.args[0] if cause.args else None, "original_error", None)
    return isinstance(cause, NewConnectionError | ConnectTimeoutError)


def refusal(error: HttpResponseError) -> AcsRefused | AcsUnavailable:
    status = error.status_code
    if status is None:
        return AcsUncertain(f"ACS's answer broke off: {type(error).__name__}.")
    code = getattr(error.error, "code", None)
    message = getattr(error.error, "message", None) or f"ACS answered {status}"
    text = f"{message} ({status}/{code})" if code else f"{message} ({status})"
    kind: type[AcsRefused | AcsUnavailable] = AcsUncertain  # another success or a redirect does not say what was done
    if status in CLIENT_ERRORS and status != HTTPStatus.REQUEST_TIMEOUT:
        # Without a code it is a gateway's, or that of an endpoint that is none of ACS's.
        kind = AcsRefused if code and status not in NOT_JUDGED else AcsUnavailable
    return kind(text, status=status, code=str(code) if code else None, retry_after_seconds=retry_after(error.response))


def is_state(said: object, *states: RecordingState) -> bool:
    return isinstance(said, str) and said.casefold() in states


def refuse_nameless(response: PipelineResponse[Any, Any]) -> None:
    """Raises: AcsUncertain for a start's success without a recording's id.

    Whatever else it says, with the id the recording can be asked about and stopped.
    """
    refuse_unclear(response, lambda _: True)


def refuse_stateless(response: PipelineResponse[Any, Any]) -> None:
    """Raises: AcsUncertain for a success without a recording or a known state; the SDK would make it "inactive"."""
    refuse_unclear(response, lambda recorded: is_state(recorded["recordingState"], *RecordingState))


def refuse_unclear(response: PipelineResponse[Any, Any], is_clear: Callable[[dict[str, object]], bool]) -> None:
    answer = response.http_response
    if not HTTPStatus.OK <= answer.status_code < HTTPStatus.MULTIPLE_CHOICES:
        return
    try:
        recorded = json.loads(answer.text())
        clear = isinstance(recorded["recordingId"], str) and bool(recorded["recordingId"]) and is_clear(recorded)
    except (ValueError, LookupError, TypeError, RecursionError):
        clear = False
    if not clear:
        raise AcsUncertain(
            f"ACS answered {answer.status_code} without saying what it records.", status=answer.status_code
        )
