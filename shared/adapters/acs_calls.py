"""Recording control at ACS, through the official SDK, which signs every request."""

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

from shared.adapters.acs_answers import accepts, acs_answer, has_stopped, is_state, names_recording, tells_state
from shared.domain.acs_words import RecordingKind
from shared.domain.errors import CODE_NOT_FOUND, AcsRefused
from shared.domain.ports import AcsState
from shared.domain.start_request import StartRequest

KINDS = {kind.casefold(): kind for kind in RecordingKind}
NOT_CONFIRMED = "that is not how ACS confirms this"


@dataclass(frozen=True)
class SdkAcsCalls:
    """The port `AcsCalls`."""

    client: CallAutomationClient

    def start(self, request: StartRequest, repeatability_id: str, first_sent: datetime) -> AcsState:
        with acs_answer(names_recording, "no recording in it") as check:
            # No retries inside: whether a first try may have taken effect decides what 8553 means on the second.
            properties = self.client.start_recording(
                **start_options(request),
                headers={
                    "Repeatability-Request-ID": repeatability_id,
                    "Repeatability-First-Sent": first_sent.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"),
                },
                retry_total=0,
                raw_response_hook=check,
            )
        return state_of(properties)

    def pause(self, recording_id: str) -> None:
        with acs_answer(accepts, NOT_CONFIRMED) as check:
            self.client.pause_recording(recording_id, raw_response_hook=check)

    def resume(self, recording_id: str) -> None:
        with acs_answer(accepts, NOT_CONFIRMED) as check:
            self.client.resume_recording(recording_id, raw_response_hook=check)

    def stop(self, recording_id: str) -> None:
        with acs_answer(has_stopped, NOT_CONFIRMED) as check:
            self.client.stop_recording(recording_id, raw_response_hook=check)

    def state(self, recording_id: str) -> AcsState | None:
        try:
            with acs_answer(tells_state, "no recording and its state in it") as check:
                return state_of(self.client.get_recording_properties(recording_id, raw_response_hook=check))
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
