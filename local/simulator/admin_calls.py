"""Admin routes for calls, recordings and documents."""

from local.simulator.admin_requests import CallRequest, ForeignRecordingRequest
from local.simulator.admin_routes import Ask, Route
from local.simulator.bodies import Body
from local.simulator.calls import SimulatedCall, new_guid
from local.simulator.components import Components
from local.simulator.events import Event, call_ended_events, call_started_events
from local.simulator.recordings import Recording
from local.simulator.scripts import Script
from local.simulator.start_request import MEDIA_COMBINATIONS, StartRecordingRequest
from local.simulator.views import CallView, RecordingView
from local.simulator.wire import Response


class CallRoutes:
    """Placing calls, ending them, and looking at what was recorded."""

    def __init__(self, components: Components) -> None:
        self.components = components

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/calls", self.calls),
            Route("POST", "/calls", self.place_call),
            Route("POST", "/calls/*/end", self.end_call),
            Route("POST", "/calls/*/script", self.script_call),
            Route("GET", "/recordings", self.recordings),
            Route("GET", "/recordings/*", self.recording),
            Route("POST", "/recordings/*/script", self.script_recording),
            Route("POST", "/recordings/*/told-ended", self.told_ended),
            Route("POST", "/foreign-recordings", self.foreign_recording),
            Route("GET", "/documents/*/content", self.document_content),
            Route("GET", "/documents/*/metadata", self.document_metadata),
        ]

    def calls(self, _: Ask) -> list[CallView]:
        return [CallView.of(call) for call in self.components.calls.all()]

    def place_call(self, ask: Ask) -> CallView:
        request = ask.read(CallRequest)
        call = self.new_call(request.participants)
        call.group_call_id, call.room_id, call.script = request.group or new_guid(), request.room, request.script
        self.components.calls.add(call)
        self.send_call_events(call_started_events(call, self.components.resource.topic))
        return CallView.of(call)

    def new_call(self, participants: tuple[str, ...]) -> SimulatedCall:
        guid = self.components.resource.immutable_id
        users = tuple(f"8:acs:{guid}_00000013-2463-8bd9-2c8a-0848220{number:05}" for number in (1, 2))
        return SimulatedCall(self.components.clock.now(), participants or users)

    def end_call(self, ask: Ask) -> CallView:
        call = self.components.calls.get(ask.name)
        already_ended = call.ended_at is not None
        self.components.lifecycle.end_call(call)
        if not already_ended:
            self.send_call_events(call_ended_events(call, self.components.resource.topic))
        return CallView.of(call)

    def send_call_events(self, events: list[Event]) -> None:
        current = self.components.settings.current
        if current.call_events:
            for event in events:
                self.components.delivery.send([self.components.delivery.publish(event, current.events.schema)])

    def script_call(self, ask: Ask) -> None:
        self.components.calls.get(ask.name).script = ask.read(Script)

    def told_ended(self, ask: Ask) -> None:
        self.components.oracle.told_ended(self.components.recordings.get(ask.name))

    def recordings(self, _: Ask) -> list[RecordingView]:
        return [RecordingView.of(recording) for recording in self.components.recordings.all()]

    def recording(self, ask: Ask) -> RecordingView:
        return RecordingView.of(self.components.recordings.get(ask.name))

    def script_recording(self, ask: Ask) -> None:
        self.components.recordings.get(ask.name).script = ask.read(Script)

    def foreign_recording(self, ask: Ask) -> RecordingView:
        request = ask.read(ForeignRecordingRequest)
        if (request.content_type, request.channel_type, request.format_type) not in MEDIA_COMBINATIONS:
            raise ValueError("This combination of media types is not supported")
        call = self.components.calls.get(request.call_id) if request.call_id else self.ended_call()
        start = StartRecordingRequest(
            locator_kind="serverCallId",
            locator_value=call.server_call_id,
            content_type=request.content_type,
            channel_type=request.channel_type,
            format_type=request.format_type,
        )
        recording = Recording(call, start, self.components.clock.now(), foreign=True, script=request.script)
        self.components.recordings.add(recording)
        self.components.lifecycle.end(recording, "CallEnded")
        return RecordingView.of(recording)

    def ended_call(self) -> SimulatedCall:
        call = self.new_call(())
        call.ended_at = call.started_at
        self.components.calls.add(call)
        return call

    def document_content(self, ask: Ask) -> Response:
        return self.raw(self.components.documents.get(ask.name).media)

    def document_metadata(self, ask: Ask) -> Response:
        return self.raw(self.components.documents.get(ask.name).metadata_body)

    def raw(self, body: Body) -> Response:
        """Bytes as ACS has or had them, also after deletion and expiry, so that a copy can still be compared."""
        return Response(200, {"Content-Type": "application/octet-stream"}, body)
