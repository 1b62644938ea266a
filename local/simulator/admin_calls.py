"""Admin routes for calls, recordings and documents."""

from typing import Any

from local.simulator.admin_requests import CallRequest, ForeignRecordingRequest
from local.simulator.admin_routes import Ask, NoBody, Route, named
from local.simulator.bodies import Body
from local.simulator.calls import SimulatedCall, new_guid
from local.simulator.components import Components
from local.simulator.documents import Document
from local.simulator.events import Event, call_ended_events, call_started_events
from local.simulator.recordings import Recording
from local.simulator.scripts import Script
from local.simulator.start_request import MEDIA_COMBINATIONS, StartRecordingRequest
from local.simulator.views import CallView, DocumentView, RecordingView
from local.simulator.wire import Response

THREE_CHUNKS = {"chunks": 3}


class CallRoutes:
    """Placing calls, ending them, and looking at what was recorded."""

    def __init__(self, components: Components) -> None:
        self.components = components

    def routes(self) -> list[Route[Any]]:
        return [
            Route("POST", "/calls", "place a call", CallRequest, self.place_call, {"script": THREE_CHUNKS}),
            Route("GET", "/calls", "every call, with its ids", NoBody, self.calls),
            Route(
                "POST",
                "/calls/{callId}/script",
                "what files the recordings of a call yield",
                Script,
                self.script_call,
                THREE_CHUNKS,
            ),
            Route("POST", "/calls/{callId}/end", "end a call, and its recording", NoBody, self.end_call),
            Route(
                "POST",
                "/foreign-recordings",
                "a recording that another app started: one that is over, or one that runs",
                ForeignRecordingRequest,
                self.foreign_recording,
                {"running": True, "script": THREE_CHUNKS},
            ),
            Route("GET", "/recordings", "every recording, with its files at ACS", NoBody, self.recordings),
            Route("GET", "/recordings/{recordingId}", "one recording, with its files at ACS", NoBody, self.recording),
            Route(
                "POST",
                "/recordings/{recordingId}/script",
                "what files a recording yields when it ends",
                Script,
                self.script_recording,
                THREE_CHUNKS,
            ),
            Route(
                "POST",
                "/recordings/{recordingId}/told-ended",
                "somebody was told that it ended: a violation unless it has",
                NoBody,
                self.told_ended,
            ),
            Route("GET", "/documents/{documentId}/content", "a file, even after its deletion", NoBody, self.content),
            Route(
                "GET", "/documents/{documentId}/metadata", "its metadata, even after deletion", NoBody, self.metadata
            ),
            Route("POST", "/documents/{documentId}/expire", "ACS destroys a file before its time", NoBody, self.expire),
        ]

    def calls(self, _: Ask[NoBody]) -> list[CallView]:
        return [CallView.of(call) for call in self.components.calls.all()]

    def place_call(self, ask: Ask[CallRequest]) -> CallView:
        call = self.new_call(ask.body.participants)
        call.group_call_id, call.room_id = ask.body.group or new_guid(), ask.body.room
        call.script = ask.body.script
        self.components.calls.add(call)
        self.send_call_events(call_started_events(call, self.components.resource.topic))
        return CallView.of(call)

    def call(self, name: str) -> SimulatedCall:
        """The call of this name; the latest is one that runs, if any does."""
        calls = self.components.calls
        running = [call for call in calls.all() if call.ended_at is None]
        return named(name, running or calls.all(), calls.get)

    def new_call(self, participants: tuple[str, ...]) -> SimulatedCall:
        guid = self.components.resource.immutable_id
        users = tuple(f"8:acs:{guid}_00000013-2463-8bd9-2c8a-0848220{number:05}" for number in (1, 2))
        return SimulatedCall(self.components.clock.now(), participants or users)

    def end_call(self, ask: Ask[NoBody]) -> CallView:
        call = self.call(ask.name)
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

    def script_call(self, ask: Ask[Script]) -> None:
        self.call(ask.name).script = ask.body

    def told_ended(self, ask: Ask[NoBody]) -> None:
        self.components.oracle.told_ended(self.named_recording(ask.name))

    def recordings(self, _: Ask[NoBody]) -> list[RecordingView]:
        return [RecordingView.of(recording) for recording in self.components.recordings.all()]

    def recording(self, ask: Ask[NoBody]) -> RecordingView:
        return RecordingView.of(self.named_recording(ask.name))

    def script_recording(self, ask: Ask[Script]) -> None:
        self.named_recording(ask.name).script = ask.body

    def named_recording(self, name: str) -> Recording:
        return named(name, self.components.recordings.all(), self.components.recordings.get)

    def foreign_recording(self, ask: Ask[ForeignRecordingRequest]) -> RecordingView:
        request = ask.body
        media = (request.content_type, request.channel_type, request.format_type)
        if media not in MEDIA_COMBINATIONS:
            possible = "; ".join(", ".join(combination) for combination in sorted(MEDIA_COMBINATIONS))
            raise ValueError(f"The combination {', '.join(media)} is not supported; allowed: {possible}")
        call = self.call(request.call_id) if request.call_id else self.call_of_others(running=request.running)
        start = StartRecordingRequest(
            locator_kind="serverCallId",
            locator_value=call.server_call_id,
            content_type=request.content_type,
            channel_type=request.channel_type,
            format_type=request.format_type,
        )
        recording = Recording(call, start, self.components.clock.now(), foreign=True, script=request.script)
        if request.running:
            self.run(recording)
        else:
            self.components.recordings.add(recording)
            self.components.lifecycle.end(recording, "CallEnded")
        return RecordingView.of(recording)

    def call_of_others(self, *, running: bool) -> SimulatedCall:
        call = self.new_call(())
        call.ended_at = None if running else call.started_at
        self.components.calls.add(call)
        return call

    def run(self, recording: Recording) -> None:
        """Let a recording go on until its call ends.

        Raises:
            ValueError: its call cannot be recorded.
        """
        recordings = self.components.recordings
        with recordings.lock:
            if recording.call.ended_at is not None or recordings.running_on(recording.call) is not None:
                raise ValueError("The call has ended, or is being recorded")
            self.components.lifecycle.start(recording)

    def document(self, name: str) -> Document:
        return named(name, self.components.documents.all(), self.components.documents.get)

    def content(self, ask: Ask[NoBody]) -> Response:
        return self.raw(self.document(ask.name).media)

    def metadata(self, ask: Ask[NoBody]) -> Response:
        return self.raw(self.document(ask.name).metadata_body)

    def expire(self, ask: Ask[NoBody]) -> DocumentView:
        document = self.document(ask.name)
        self.components.documents.expire(document)
        return DocumentView.of(document)

    def raw(self, body: Body) -> Response:
        """Bytes as ACS has or had them, also after deletion and expiry, so that a copy can still be compared."""
        return Response(200, {"Content-Type": "application/octet-stream"}, body)
