"""A client for the simulator's admin side: one method for each route, typed, and free of any proxy.

    admin = SimulatorAdmin("http://127.0.0.1:41234/admin")
    call = admin.place_call(script=Script(chunks=3, chunk_bytes=200_000))
    ...                                     # the app under test starts a recording of call.server_call_id
    admin.end_call(call.call_id)            # ends its recording too; files and events follow
    recording = admin.wait_for_files(recording_id)
    admin.content(recording.documents[0].document_id)
    assert admin.violations() == []

Scripts, faults and event options are the structures of `scripts.py` and `faults.py`; `settings.py` names the
settings. Every method raises `AdminError` when the simulator refuses.
"""

import http.client
import time
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from local.simulator.admin_requests import CallRequest, ForeignRecordingRequest, TimeRequest, ValidationRequest
from local.simulator.faults import InjectedFault
from local.simulator.scripts import Script
from local.simulator.settings import Settings
from local.simulator.views import (
    CallbackView,
    CallView,
    DocumentView,
    EventView,
    FaultView,
    HealthView,
    RecordingView,
    RequestView,
    RouteView,
    TopicEventView,
    ValidationView,
    ViolationView,
)

TIMEOUT_SECONDS = 60.0
POLL_SECONDS = 0.02


class AdminError(Exception):
    """The simulator refused an admin request; the message says which and why."""


class SimulatorAdmin:
    """Speaks to the admin side of one simulator; every call is a connection of its own."""

    def __init__(self, admin_url: str) -> None:
        parts = urlsplit(admin_url)
        self.host, self.port, self.root = parts.hostname or "127.0.0.1", parts.port, parts.path.rstrip("/")

    def routes(self) -> list[RouteView]:
        """What the admin side can do."""
        return self.ask("GET", "", list[RouteView])

    # Calls and recordings.

    def place_call(
        self,
        participants: tuple[str, ...] = (),
        group: str | None = None,
        room: str | None = None,
        script: Script | None = None,
    ) -> CallView:
        """Place a call; without participants between two ACS users."""
        request = CallRequest(participants=participants, group=group, room=room, script=script)
        return self.ask("POST", "/calls", CallView, request)

    def end_call(self, call_id: str) -> CallView:
        return self.ask("POST", f"/calls/{call_id}/end", CallView)

    def calls(self) -> list[CallView]:
        return self.ask("GET", "/calls", list[CallView])

    def script_call(self, call_id: str, script: Script) -> None:
        """Say what files the recordings of this call yield, unless they have a script of their own."""
        self.send("POST", f"/calls/{call_id}/script", script)

    def script_recording(self, recording_id: str, script: Script) -> None:
        """Say what files a recording yields when it ends."""
        self.send("POST", f"/recordings/{recording_id}/script", script)

    def told_ended(self, recording_id: str) -> None:
        """Somebody was told that the recording ended; a violation unless it is so."""
        self.send("POST", f"/recordings/{recording_id}/told-ended")

    def recordings(self) -> list[RecordingView]:
        return self.ask("GET", "/recordings", list[RecordingView])

    def recording(self, recording_id: str) -> RecordingView:
        return self.ask("GET", f"/recordings/{recording_id}", RecordingView)

    def wait_for_files(self, recording_id: str, seconds: float = 10.0) -> RecordingView:
        """Wait until an ended recording has its documents.

        Raises:
            TimeoutError: it has none after so many seconds.
        """
        deadline = time.monotonic() + seconds
        while not (recording := self.recording(recording_id)).files_ready:
            if time.monotonic() > deadline:
                raise TimeoutError(f"Recording {recording_id} has no files after {seconds} s")
            time.sleep(POLL_SECONDS)
        return recording

    def foreign_recording(self, request: ForeignRecordingRequest | None = None) -> RecordingView:
        """Let there be a recording that nobody started through the API."""
        return self.ask("POST", "/foreign-recordings", RecordingView, request or ForeignRecordingRequest())

    def content(self, document_id: str) -> bytes:
        """The media exactly as ACS has or had it."""
        return self.send("GET", f"/documents/{quote(document_id)}/content")

    def metadata(self, document_id: str) -> bytes:
        """The metadata file exactly as ACS has or had it."""
        return self.send("GET", f"/documents/{quote(document_id)}/metadata")

    def expire(self, document_id: str) -> DocumentView:
        """Let ACS destroy a document now."""
        return self.ask("POST", f"/documents/{quote(document_id)}/expire", DocumentView)

    # Faults, settings and time.

    def add_fault(self, fault: InjectedFault) -> FaultView:
        return self.ask("POST", "/faults", FaultView, fault)

    def faults(self) -> list[FaultView]:
        return self.ask("GET", "/faults", list[FaultView])

    def clear_faults(self) -> None:
        self.send("DELETE", "/faults")

    def settings(self) -> Settings:
        return self.ask("GET", "/settings", Settings)

    def change_settings(self, **changes: Any) -> Settings:
        """Change settings, given by their Python names; structures and plain values both do."""
        patch = {camel(name): msgspec.to_builtins(value) for name, value in changes.items()}
        return self.ask("PUT", "/settings", Settings, patch)

    def advance_time(self, seconds: float) -> None:
        """Make every stored document older, as far as retention is concerned."""
        self.send("POST", "/time", TimeRequest(advance_seconds=seconds))

    # What was seen.

    def requests(self, operation: str | None = None) -> list[RequestView]:
        """The log of the app's requests, all or of one operation."""
        logged = self.ask("GET", "/requests", list[RequestView])
        return [entry for entry in logged if operation in {None, entry.operation}]

    def clear_requests(self) -> None:
        self.send("DELETE", "/requests")

    def events(self) -> list[EventView]:
        return self.ask("GET", "/events", list[EventView])

    def redeliver(self, event_id: str) -> None:
        """Send an event again, also one that was delivered, held or dead-lettered."""
        self.send("POST", f"/events/{event_id}/redeliver")

    def topic_events(self, after: int = 0) -> list[TopicEventView]:
        """What the app published, in the order of arrival, repetitions included; or what came after a number."""
        if after == 0:
            return self.ask("GET", "/topic/events", list[TopicEventView])
        return self.ask("GET", f"/topic/events/after/{after}", list[TopicEventView])

    def clear_topic_events(self) -> None:
        self.send("DELETE", "/topic/events")

    def validate_subscription(self, schema: str = "EventGrid") -> ValidationView:
        """Shake hands with the event endpoint, as Event Grid does once per subscription."""
        request = msgspec.convert({"schema": schema}, ValidationRequest)
        return self.ask("POST", "/validate-subscription", ValidationView, request)

    def callbacks(self) -> list[CallbackView]:
        return self.ask("GET", "/callbacks", list[CallbackView])

    def violations(self) -> list[ViolationView]:
        """What the oracle found; empty is good."""
        return self.ask("GET", "/violations", list[ViolationView])

    def jwks(self) -> dict[str, Any]:
        return self.ask("GET", "/jwks", dict[str, Any])

    def health(self) -> HealthView:
        return self.ask("GET", "/health", HealthView)

    # The wire.

    def ask[T](self, method: str, path: str, kind: type[T], request: Any = None) -> T:
        return msgspec.json.decode(self.send(method, path, request), type=kind)

    def send(self, method: str, path: str, request: Any = None) -> bytes:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_SECONDS)
        try:
            body = b"" if request is None else msgspec.json.encode(request)
            connection.request(method, self.root + path, body, {"Connection": "close"})
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status >= http.client.BAD_REQUEST:
            raise AdminError(f"{method} {path}: {response.status} {answer.decode(errors='replace')}")
        return answer


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
