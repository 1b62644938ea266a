"""Admin routes for calls, recordings and documents."""

from local.simulator.admin_routes import Ask, Route
from local.simulator.bodies import Body
from local.simulator.calls import Call, new_guid
from local.simulator.events import Event, call_ended_events, call_started_events
from local.simulator.recordings import Recording
from local.simulator.scripts import Script
from local.simulator.start_request import MEDIA_COMBINATIONS, StartRequest
from local.simulator.views import CallView, RecordingView
from local.simulator.wire import Response
from local.simulator.wishes import CallWish, ForeignWish
from local.simulator.world import World


class CallRoutes:
    """Placing calls, ending them, and looking at what was recorded."""

    def __init__(self, world: World) -> None:
        self.world = world

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
        return [CallView.of(call) for call in self.world.calls.all()]

    def place_call(self, ask: Ask) -> CallView:
        wish = ask.read(CallWish)
        call = self.new_call(wish.participants)
        call.group_call_id, call.room_id, call.script = wish.group or new_guid(), wish.room, wish.script
        self.world.calls.add(call)
        self.send_call_events(call_started_events(call, self.world.resource.topic))
        return CallView.of(call)

    def new_call(self, participants: tuple[str, ...]) -> Call:
        guid = self.world.resource.immutable_id
        users = tuple(f"8:acs:{guid}_00000013-2463-8bd9-2c8a-0848220{number:05}" for number in (1, 2))
        return Call(self.world.clock.now(), participants or users)

    def end_call(self, ask: Ask) -> CallView:
        call = self.world.calls.get(ask.name)
        already_ended = call.ended_at is not None
        self.world.lifecycle.end_call(call)
        if not already_ended:
            self.send_call_events(call_ended_events(call, self.world.resource.topic))
        return CallView.of(call)

    def send_call_events(self, events: list[Event]) -> None:
        current = self.world.settings.current
        if current.call_events:
            for event in events:
                self.world.delivery.send([self.world.delivery.publish(event, current.events.schema)])

    def script_call(self, ask: Ask) -> None:
        self.world.calls.get(ask.name).script = ask.read(Script)

    def told_ended(self, ask: Ask) -> None:
        self.world.oracle.told_ended(self.world.recordings.get(ask.name))

    def recordings(self, _: Ask) -> list[RecordingView]:
        return [RecordingView.of(recording) for recording in self.world.recordings.all()]

    def recording(self, ask: Ask) -> RecordingView:
        return RecordingView.of(self.world.recordings.get(ask.name))

    def script_recording(self, ask: Ask) -> None:
        self.world.recordings.get(ask.name).script = ask.read(Script)

    def foreign_recording(self, ask: Ask) -> RecordingView:
        wish = ask.read(ForeignWish)
        if (wish.content_type, wish.channel_type, wish.format_type) not in MEDIA_COMBINATIONS:
            raise ValueError("This combination of media types is not supported")
        call = self.world.calls.get(wish.call_id) if wish.call_id else self.ended_call()
        start = StartRequest(
            locator_kind="serverCallId",
            locator_value=call.server_call_id,
            content_type=wish.content_type,
            channel_type=wish.channel_type,
            format_type=wish.format_type,
        )
        recording = Recording(call, start, self.world.clock.now(), foreign=True, script=wish.script)
        self.world.recordings.add(recording)
        self.world.lifecycle.end(recording, "CallEnded")
        return RecordingView.of(recording)

    def ended_call(self) -> Call:
        call = self.new_call(())
        call.ended_at = call.started_at
        self.world.calls.add(call)
        return call

    def document_content(self, ask: Ask) -> Response:
        return self.raw(self.world.documents.get(ask.name).media)

    def document_metadata(self, ask: Ask) -> Response:
        return self.raw(self.world.documents.get(ask.name).metadata_body)

    def raw(self, body: Body) -> Response:
        """Bytes as ACS has or had them, also after deletion and expiry, so that a copy can still be compared."""
        return Response(200, {"Content-Type": "application/octet-stream"}, body)
