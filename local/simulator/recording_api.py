"""The recording API: five routes on the resource's endpoint."""

import uuid
from dataclasses import replace
from http import HTTPStatus

from local.simulator.calls import Calls
from local.simulator.clock import Clock
from local.simulator.identifiers import make_recording_id
from local.simulator.lifecycle import Lifecycle
from local.simulator.recordings import Recording, Recordings, State
from local.simulator.settings import CurrentSettings
from local.simulator.signing import Authenticator, UnauthorizedError
from local.simulator.start_request import StartRecordingRequest, parse_start
from local.simulator.wire import RefusedError, Request, Response, acs_error, json_response

ROUTE_SEGMENTS = ["calling", "recordings"]
SWITCHED_STATUSES = {"8501": 400, "8522": 404, "8553": 400, "8559": 400, "8571": 409, "8573": 400}


def operation(request: Request) -> str:
    """The name of a request's operation: `start`, `get`, `stop`, `pause`, `resume`, or `other`."""
    segments = request.segments
    if segments[:2] != ROUTE_SEGMENTS:
        return "other"
    if len(segments) == len(ROUTE_SEGMENTS):
        return "start" if request.method == "POST" else "other"
    verb = segments[2].partition(":")[2]
    known = {("GET", ""): "get", ("DELETE", ""): "stop", ("POST", "pause"): "pause", ("POST", "resume"): "resume"}
    return known.get((request.method, verb), "other")


class RecordingApi:
    """Translates requests into what happens to recordings."""

    def __init__(
        self,
        authenticator: Authenticator,
        settings: CurrentSettings,
        calls: Calls,
        recordings: Recordings,
        lifecycle: Lifecycle,
        clock: Clock,
    ) -> None:
        self.authenticator = authenticator
        self.settings = settings
        self.calls = calls
        self.recordings = recordings
        self.lifecycle = lifecycle
        self.clock = clock
        self.answers: dict[str, Response] = {}
        """Of start requests, by Repeatability-Request-ID."""

    def answer(self, request: Request) -> Response:
        try:
            self.authenticator.check(request, content=False)
            response = self.dispatch(request)
        except UnauthorizedError as error:
            response = acs_error(401, "Denied", f"Denied by the resource provider. {error}.")
        except RefusedError as error:
            response = error.response
        headers = {"X-Microsoft-Skype-Chain-ID": str(uuid.uuid4()), "X-Cache": "CONFIG_NOCACHE"}
        if request_id := request.headers.get("x-ms-client-request-id"):
            headers["x-ms-client-request-id"] = request_id
        return replace(response, headers=response.headers | headers)

    def dispatch(self, request: Request) -> Response:
        name = operation(request)
        if name == "other":
            return acs_error(404, "8522", "Not found.")
        if not request.query.get("api-version"):
            return acs_error(400, "8523", "The api-version query parameter is required.")
        # One lock for all: the real service serializes the operations of one recording too.
        with self.recordings.lock:
            if name == "start":
                return self.start(request)
            return self.operate(name, request.segments[2].partition(":")[0])

    def start(self, request: Request) -> Response:
        repeatability_id = request.headers.get("repeatability-request-id", "")
        if repeatability_id in self.answers:
            return self.answers[repeatability_id]
        response = self.first_start(parse_start(request.body, self.settings.current))
        if repeatability_id:
            self.answers[repeatability_id] = response
        return response

    def first_start(self, start: StartRecordingRequest) -> Response:
        current = self.settings.current
        call = self.calls.established(start.locator_kind, start.locator_value)
        if call is None:
            unknown = "Action is invalid when call is not in Established state"
            raise self.switched(current.unknown_call_code, unknown)
        if self.recordings.running_on(call) is not None:
            message = "Recording is already in progress, one recording can be active at one time."
            raise self.switched(current.second_start_code, message)
        by_connection = start.locator_kind == "callConnectionId"
        recording_id = make_recording_id(call.call_connection_id if by_connection else None)
        recording = Recording(call, start, self.clock.now(), recording_id=recording_id)
        status: int = current.call_connection_start_status if by_connection else HTTPStatus.OK
        self.lifecycle.start(recording, fails=status == HTTPStatus.ACCEPTED and current.accepted_starts_fail)
        return json_response(status, view(recording))

    def operate(self, name: str, recording_id: str) -> Response:
        recording = self.recordings.running(recording_id)
        if recording is None:
            return acs_error(404, "8522", "Recording not found.")
        if name == "get":
            return json_response(200, view(recording))
        if name == "stop":
            self.lifecycle.end(recording, self.settings.current.stop_session_end_reason)
            return Response(204)
        if code := self.refusal_of(name, recording.state):
            raise self.switched(code, "The recording is not in a state that allows this operation.")
        if name == "pause":
            self.lifecycle.pause(recording)
        else:
            self.lifecycle.resume(recording)
        return Response(202)

    def refusal_of(self, name: str, state: State) -> str:
        current = self.settings.current
        refusals = {
            ("pause", State.PAUSED): current.pause_when_paused_code,
            ("pause", State.STARTING): current.pause_while_starting_code,
            ("resume", State.ACTIVE): current.resume_when_active_code,
        }
        return refusals.get((name, state), "")

    def switched(self, code: str, message: str) -> RefusedError:
        """The refusal whose code is a switch: each code has its own status."""
        return RefusedError(acs_error(SWITCHED_STATUSES[code], code, message))


def view(recording: Recording) -> dict[str, str]:
    state = "active" if recording.state is State.ACTIVE else "inactive"
    return {
        "recordingId": recording.recording_id,
        "recordingState": state,
        "recordingKind": "azureCommunicationServices",
    }
