"""Recording-state callbacks: hints to the application, each signed with a token of its own."""

import json
import threading
import uuid
from dataclasses import dataclass
from functools import partial
from typing import Any

from local.simulator.clock import Clock, offset_time
from local.simulator.identifiers import platform_endpoint_id
from local.simulator.posting import post
from local.simulator.recordings import Recording, State
from local.simulator.scheduler import Scheduler
from local.simulator.settings import CurrentSettings
from local.simulator.tokens import TokenSigner

VERSION = "2024-09-01-preview"


@dataclass(frozen=True, slots=True)
class SentCallback:
    """One callback and what came of it."""

    name: str
    recording_id: str
    uri: str
    status: int | None
    document: dict[str, Any]


class Callbacks:
    """Posts to the callback URI of a start request; nothing is repeated when it fails."""

    def __init__(self, settings: CurrentSettings, scheduler: Scheduler, clock: Clock, signer: TokenSigner) -> None:
        self.settings = settings
        self.scheduler = scheduler
        self.clock = clock
        self.signer = signer
        self.sent: list[SentCallback] = []
        self.lock = threading.Lock()

    def state_changed(self, recording: Recording) -> None:
        moment = recording.started_at or recording.created_at
        changed = {
            "state": "active" if recording.state is State.ACTIVE else "inactive",
            "startDateTime": offset_time(moment),
            "recordingKind": "azureCommunicationServices",
            "resultInformation": {"code": 200, "subCode": 0, "message": ""},
            # The recording bot's; of a start by callConnectionId, and of no other, it is the call's own, too.
            "callConnectionId": platform_endpoint_id(recording.recording_id),
        }
        self.send(recording, "RecordingStateChanged", changed)

    def start_failed(self, recording: Recording) -> None:
        message = "Recording could not be started. Call recording can fail when no audio is in call."
        ids = {
            "recordingId": recording.recording_id,
            "serverCallId": recording.call.server_call_id,
            "callConnectionId": recording.call.call_connection_id,
        }
        named = self.settings.current.failed_start_names
        failed = {
            "resultInformation": {"code": 400, "subCode": 8608, "message": message},
            **{name: id if name in named else None for name, id in ids.items()},
        }
        self.send(recording, "StartRecordingFailed", failed)

    def send(self, recording: Recording, name: str, details: dict[str, Any]) -> None:
        uri, current = recording.request.callback_uri, self.settings.current
        if uri is None or current.callbacks_lost:
            return
        document = self.document(recording, name, details)
        deliver = partial(self.deliver, uri, name, recording.recording_id, document)
        self.scheduler.later(current.callback_delay_seconds, deliver)

    def document(self, recording: Recording, name: str, details: dict[str, Any]) -> dict[str, Any]:
        source = f"calling/recordings/{recording.call.server_call_id}/{recording.recording_id}/{name}"
        content = {
            "eventSource": source,
            "recordingId": recording.recording_id,
            "version": VERSION,
            "serverCallId": recording.call.server_call_id,
            "correlationId": recording.call.correlation_id,
            "publicEventType": f"Microsoft.Communication.{name}",
            **details,
        }
        return {
            "id": str(uuid.uuid4()),
            "source": source,
            "type": f"Microsoft.Communication.{name}",
            "data": {name: value for name, value in content.items() if value is not None},
            "time": offset_time(self.clock.now()),
            "specversion": "1.0",
            "datacontenttype": "application/json",
            "subject": source,
        }

    def deliver(self, uri: str, name: str, recording_id: str, document: dict[str, Any]) -> None:
        current = self.settings.current
        headers = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
        if current.callbacks_signed:
            headers["Authorization"] = f"Bearer {self.signer.token()}"
        posted = post(uri, json.dumps([document]).encode(), headers, current.delivery_timeout_seconds)
        with self.lock:
            self.sent.append(SentCallback(name, recording_id, uri, posted.status, document))
