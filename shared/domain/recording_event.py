"""An event for other apps: a row beside the row of the recording or chunk whose transition it tells.

It is a CloudEvent, sent at least once and always under the same id; `event_data` has what each type says.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec

from shared.domain.json_views import Instant, View, instant, instant_or_none, says

SOURCE = "/call-recording/"  # followed by the name of the function app


class EventType(StrEnum):
    """What an event tells. A new meaning gets a new type; fields are only ever added."""

    STARTED = "CallRecording.Started"  # ACS records, or waits paused
    PAUSED = "CallRecording.Paused"
    RESUMED = "CallRecording.Resumed"
    STOPPED = "CallRecording.Stopped"  # ACS confirmed that it does not record any more
    STORED = "CallRecording.Stored"  # one chunk has a verified copy
    COMPLETED = "CallRecording.Completed"  # every chunk is finished; again after a later event reopened it
    EMPTY = "CallRecording.Empty"  # ended without ever having run: no file will come
    FAILED = "CallRecording.Failed"  # never started, or a chunk could not be saved
    AT_RISK = "CallRecording.AtRisk"  # ACS is about to destroy what is not saved

    @property
    def word(self) -> str:
        return self.rpartition(".")[2]


class RecordingEvent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An event as its row has it.

    Attributes:
        id: our id of the recording.
        key: what it tells, as a key: telling the same again writes the same row.
        type: what it tells.
        document_id: the chunk that it is about; None where it is about the recording.
        time: of the transition that it tells.
        by: who caused that: a caller, or a function of the app.
        data: what it says, as JSON.

        unsent: whether it is still to be sent.
        since: when it was first tried in vain; a day later it is given up. None before.
        sent_at: when the topic took it.
        attempts: how often it was tried to be sent.
        last_error: what came of the last try; empty where it was taken.
        next_try_at: when the sweep tries next, unless it is sent before.
    """

    id: str
    key: str
    type: EventType
    document_id: str | None = None
    time: datetime
    by: str
    data: bytes

    unsent: bool = False
    since: datetime | None = None
    sent_at: datetime | None = None
    attempts: int = 0
    last_error: str = ""
    next_try_at: datetime

    @property
    def event_id(self) -> str:
        """The id of the CloudEvent: equal for every repetition."""
        return f"{self.id}/{self.key}"


class CloudEventView(View, frozen=True, kw_only=True, rename="lower"):
    """A CloudEvent 1.0."""

    specversion: Annotated[Literal["1.0"], says("Of CloudEvents.")] = "1.0"
    type: Annotated[EventType, says("What it tells.")]
    source: Annotated[str, says("The app: /call-recording/ and the name of the function app.")]
    id: Annotated[str, says("Equal for every repetition: drop what you have had.")]
    subject: Annotated[str, says("recordings/{id}, and /chunks/{documentId} where it is about one.")]
    time: Annotated[Instant, says("Of what it tells, not of its sending: events arrive in no order.")]
    dataschema: Annotated[str, says("Name and version of what its data say.")]
    datacontenttype: Annotated[Literal["application/json"], says("Of its data.")] = "application/json"
    data: Annotated[dict[str, Any], says("See the webhooks of this document.")]


class EventView(View, frozen=True, kw_only=True):
    """An event, and what became of it."""

    key: Annotated[str, says("What it tells, within its recording.")]
    id: Annotated[str, says("Id of the CloudEvent.")]
    type: Annotated[EventType, says("What it tells.")]
    time: Annotated[Instant, says("When that happened.")]
    by: Annotated[str, says("Who caused it: a caller, or a function of the app.")]
    event: Annotated[CloudEventView, says("As it was, or would be, sent.")]
    sent_at: Annotated[Instant | None, says("When the topic took it; null if it did not, or there is none.")]
    attempts: Annotated[int, says("How often it was tried to be sent.")]
    last_error: Annotated[str | None, says("Why the topic did not take it; null where it did.")]
    next_try_at: Annotated[Instant | None, says("When it is tried again; null where nothing is to be sent.")]


def cloud_event(event: RecordingEvent, source: str) -> CloudEventView:
    chunk = f"/chunks/{event.document_id}" if event.document_id else ""
    return CloudEventView(
        type=event.type,
        source=source,
        id=event.event_id,
        subject=f"recordings/{event.id}{chunk}",
        time=instant(event.time),
        dataschema=f"urn:call-recording:{event.type.word.lower()}:1",
        data=msgspec.json.decode(event.data, type=dict[str, Any]),
    )


def event_view(event: RecordingEvent, source: str) -> EventView:
    return EventView(
        key=event.key,
        id=event.event_id,
        type=event.type,
        time=instant(event.time),
        by=event.by,
        event=cloud_event(event, source),
        sent_at=instant_or_none(event.sent_at),
        attempts=event.attempts,
        last_error=event.last_error or None,
        next_try_at=instant(event.next_try_at) if event.unsent else None,
    )
