"""Recording control and contents at ACS, through the official SDK, which signs every request.

What the SDK does not do for us, each found by experiment with azure-communication-callautomation 1.6.0:
it follows redirects to other hosts without a valid signature (so each hop is ours, matched and signed anew);
it drops the Range header when the offset is 0 (so the header is ours); it hands out an answer, not bytes; it
retries a start under a repeatability id of its own making (so the id is ours, kept on the row); and it repeats a
DELETE by itself, after an error and after a challenge of its authentication (so the last look is part of each request).
"""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, cast

import msgspec
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
from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import CustomHookPolicy, RetryPolicy
from azure.core.rest import HttpRequest, HttpResponse

from shared.adapters.acs_answers import control, refuse_unclear, retry_after
from shared.errors import (
    CODE_NOT_FOUND,
    AcsRefused,
    NotUnderstood,
    SourceMissing,
    SourceSuspect,
    SourceUnavailable,
)
from shared.locations import Location, parse_location
from shared.ports import AcsState, SourceRange
from shared.start_request import StartRequest

CONNECT_SECONDS = 10
CONTROL_READ_SECONDS = 30  # a start took 4 seconds in recorded sessions; an HTTP caller waits 230 at most
CONTENT_READ_SECONDS = 30  # the longest silence within a content
RECEIVE_BYTES = 256 * 1024  # the SDK's default of 4 KiB costs four fifths of the throughput; more gains nothing
REDIRECTS_MAX = 3
LAST_LOOK = "last_look"  # the option of a request that `LastLookPolicy` takes

REDIRECTS = frozenset({301, 302, 303, 307, 308})
CONTENT_RANGE = re.compile(r"bytes (?P<first>\d{1,18})-(?P<last>\d{1,18})/(?P<total>\d{1,18})", re.ASCII)


def connect(
    endpoint: str | None,
    connection_string: str | None,
    credential: Callable[[], TokenCredential],
    read_seconds: float = CONTROL_READ_SECONDS,
    **more: Any,
) -> CallAutomationClient:
    """A client by connection string, else by endpoint and identity; `more` are options of the SDK's own."""
    options: dict[str, Any] = more | {
        "connection_timeout": CONNECT_SECONDS,
        "read_timeout": read_seconds,
        "connection_data_block_size": RECEIVE_BYTES,
        "retry_policy": ImpatientRetryPolicy(),
        "custom_hook_policy": LastLookPolicy(),
    }
    if connection_string:
        return CallAutomationClient.from_connection_string(connection_string, **options)
    assert endpoint
    return CallAutomationClient(endpoint, credential(), **options)


class ImpatientRetryPolicy(RetryPolicy[HttpRequest, HttpResponse]):
    """The SDK's, but a wait that ACS asks for is told to the caller: the SDK would sleep through an hour of it."""

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        return retry_after(response.http_response) is None and super().is_retry(settings, response)


class LastLookPolicy(CustomHookPolicy[HttpRequest, HttpResponse]):
    """Has a request preceded by a look, each time it is sent.

    It stands where the SDK has its hooks: behind retries and authentication, each of which may send a request a second
    time, and which may wait for a token; before nothing that waits or repeats.
    """

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        look = request.context.options.pop(LAST_LOOK, None) or request.context.get(LAST_LOOK)
        if look is not None:
            request.context[LAST_LOOK] = look  # kept for a repetition, which finds the option taken
            look()
        super().on_request(request)


class SdkAcsCalls:
    """The port `AcsCalls`."""

    def __init__(self, client: CallAutomationClient) -> None:
        self.client = client

    def start(self, request: StartRequest, repeatability_id: str, first_sent: datetime) -> AcsState:
        with control():
            # No retries inside: whether a first try may have taken effect decides what 8553 means on the second.
            properties = self.client.start_recording(
                **start_options(request),
                headers={
                    "Repeatability-Request-ID": repeatability_id,
                    "Repeatability-First-Sent": first_sent.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"),
                },
                retry_total=0,
                raw_response_hook=refuse_unclear,
            )
        return state_of(properties)

    def pause(self, recording_id: str) -> None:
        with control():
            self.client.pause_recording(recording_id)

    def resume(self, recording_id: str) -> None:
        with control():
            self.client.resume_recording(recording_id)

    def stop(self, recording_id: str) -> None:
        with control():
            self.client.stop_recording(recording_id)

    def state(self, recording_id: str) -> AcsState | None:
        try:
            with control():
                return state_of(self.client.get_recording_properties(recording_id, raw_response_hook=refuse_unclear))
        except AcsRefused as error:
            # A gateway's 404, or that of an endpoint that is none of ACS's, says nothing of the recording.
            if error.status == HTTPStatus.NOT_FOUND and error.code == CODE_NOT_FOUND:
                return None
            raise


def state_of(properties: RecordingProperties) -> AcsState:
    return AcsState(properties.recording_id, properties.recording_state == RecordingState.ACTIVE)


def start_options(request: StartRequest) -> dict[str, Any]:
    """The SDK's arguments; the three media types always, everything else only when asked for."""
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


class SdkSource:
    """The port `Source`."""

    def __init__(
        self,
        client: CallAutomationClient,
        host_suffixes: tuple[str, ...],
        read_seconds: float = CONTENT_READ_SECONDS,
    ) -> None:
        self.client = client
        self.host_suffixes = host_suffixes
        self.read_seconds = read_seconds

    def open(self, url: str, offset: int, length: int) -> AbstractContextManager[SourceRange]:
        return self.opened(url, offset, length)

    @contextmanager
    def opened(self, url: str, offset: int, length: int) -> Iterator[SourceRange]:
        asked = f"bytes={offset}-{offset + length - 1}"

        def ask(place: str) -> HttpResponse:
            # The annotation in the SDK says Iterable[bytes]; what comes is an answer (azure-sdk-for-python#42835).
            return cast(
                "HttpResponse",
                self.client.download_recording(
                    place,
                    headers={"Range": asked, "Accept-Encoding": "identity"},
                    permit_redirects=False,
                    read_timeout=self.read_seconds,
                    retry_total=0,
                ),
            )

        response = self.hop(url, ask)
        try:
            yield ResponseRange(response, offset, length)
        finally:
            response.close()

    def delete(self, url: str, look: Callable[[], None]) -> None:
        def ask(place: str) -> None:
            self.client.delete_recording(
                place,
                permit_redirects=False,
                read_timeout=self.read_seconds,
                retry_total=0,
                **{LAST_LOOK: look},
            )

        try:
            self.hop(url, ask)
        except SourceMissing:
            return

    def hop[Answer](self, url: str, ask: Callable[[str], Answer]) -> Answer:
        """Ask, following redirects by hand: each place is matched whole, rebuilt and signed anew.

        Only the host may change. Whatever another document or content holds, it is not what was asked for.
        """
        place = self.place(url)
        for _ in range(REDIRECTS_MAX + 1):
            try:
                return self.signed(place.url, ask)
            except HttpResponseError as error:
                if error.status_code not in REDIRECTS:
                    raise unavailable(error) from error
                place = self.moved(place, str(getattr(error.response, "headers", {}).get("Location")))
            except AzureError as error:
                raise SourceUnavailable(f"ACS did not answer: {type(error).__name__}.") from error
        raise SourceUnavailable(f"ACS redirected more than {REDIRECTS_MAX} times.")

    def moved(self, place: Location, url: str) -> Location:
        """Where the same content lies now. Raises: SourceUnavailable when the redirect is to anything else."""
        other = self.place(url)
        if other != msgspec.structs.replace(place, host=other.host):
            raise SourceUnavailable("ACS redirected to another document or content; it was not asked for.")
        return other

    def place(self, url: str) -> Location:
        """Raises: SourceUnavailable when it is nowhere that we go; a later answer, or corrected settings, may help."""
        try:
            return parse_location(url, self.host_suffixes)
        except NotUnderstood as error:
            raise SourceUnavailable(f"ACS points to a place that we do not go to. {error}") from error

    def signed[Answer](self, place: str, ask: Callable[[str], Answer]) -> Answer:
        """Ask; once more when the signature is refused, since its date may have been too old."""
        try:
            return let_go(place, ask)
        except HttpResponseError as error:
            if error.status_code != HTTPStatus.UNAUTHORIZED:
                raise
            return let_go(place, ask)


def let_go[Answer](place: str, ask: Callable[[str], Answer]) -> Answer:
    """Ask, and give the connection back when the answer is a refusal: the SDK leaves a streamed one open."""
    try:
        return ask(place)
    except HttpResponseError as error:
        if error.response is not None:
            cast("HttpResponse", error.response).close()
        raise


def unavailable(error: HttpResponseError) -> SourceUnavailable:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return SourceMissing("ACS has no such document: not yet, or not any more.")
    return SourceUnavailable(f"ACS answered {error.status_code}.", retry_after_seconds=retry_after(error.response))


class ResponseRange:
    """The port `SourceRange` on an answer of ACS's; refuses one that is not exactly what was asked for."""

    def __init__(self, response: HttpResponse, offset: int, length: int) -> None:
        """Raises: SourceSuspect."""
        self.response = response
        if response.status_code != HTTPStatus.PARTIAL_CONTENT:
            raise SourceSuspect(f"ACS answered {response.status_code} to a request for a range.")
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise SourceSuspect("ACS answered with an encoded content although none was accepted.")
        first, last, self.total = content_range(response.headers.get("Content-Range", ""))
        self.length = last - first + 1
        if first != offset or last != min(offset + length, self.total) - 1:
            raise SourceSuspect(f"ACS answered with bytes {first}-{last} of {self.total} instead of those asked for.")
        if response.headers.get("Content-Length") != str(self.length):
            raise SourceSuspect("ACS's Content-Length is missing or is not that of the range.")

    def pieces(self) -> Iterator[bytes]:
        arrived = 0
        try:
            for piece in self.response.iter_raw():
                arrived += len(piece)
                if arrived > self.length:
                    raise SourceSuspect("More bytes came than were announced.")
                yield piece
        except AzureError as error:
            raise SourceUnavailable(f"The connection broke after {arrived} bytes: {type(error).__name__}.") from error
        if arrived < self.length:
            raise SourceSuspect(f"{arrived} bytes came instead of {self.length}.")


def content_range(header: str) -> tuple[int, int, int]:
    """(first, last, total) of a Content-Range header.

    Raises:
        SourceSuspect: it is missing or malformed.
    """
    matched = CONTENT_RANGE.fullmatch(header)
    if matched is None:
        raise SourceSuspect("ACS's Content-Range is missing or malformed.")
    return int(matched["first"]), int(matched["last"]), int(matched["total"])
