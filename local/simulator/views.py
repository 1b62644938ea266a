"""What admin shows: one type for each answer, written by the simulator and read by its client."""

from datetime import datetime
from typing import Any

import msgspec

from local.simulator.arrivals import Arrival
from local.simulator.callbacks import SentCallback
from local.simulator.calls import SimulatedCall
from local.simulator.delivery import EventRecord
from local.simulator.documents import Document
from local.simulator.faults import ActiveFault, InjectedFault
from local.simulator.oracle import Violation
from local.simulator.recordings import Recording
from local.simulator.request_log import LoggedRequest


class RouteView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An admin route."""

    method: str
    path: str
    does: str
    example: dict[str, Any] | None
    """A body that works."""
    fields: tuple[str, ...]
    """What a body may have."""


class CallView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A simulated call and every name it has."""

    call_id: str
    server_call_id: str
    call_connection_id: str
    group_call_id: str | None
    room_id: str | None
    correlation_id: str
    participants: tuple[str, ...]
    started_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, call: SimulatedCall) -> "CallView":
        return msgspec.convert(call, cls, from_attributes=True)


class DocumentView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A document at ACS: one chunk with its metadata."""

    document_id: str
    index: int
    end_reason: str
    media_format: str
    bytes: int
    sha256: str
    metadata_bytes: int
    metadata_sha256: str
    home_host: str
    content_fetches: int
    metadata_fetches: int
    deleted_at: datetime | None
    expired_at: datetime | None
    """When it was destroyed over admin; the end of its retention does not show here."""

    @classmethod
    def of(cls, document: Document) -> "DocumentView":
        return cls(
            document_id=document.document_id,
            index=document.index,
            end_reason=document.end_reason,
            media_format=document.media_format,
            bytes=document.media.size,
            sha256=document.media.sha256,
            metadata_bytes=len(document.metadata),
            metadata_sha256=document.metadata_sha256,
            home_host=document.home_host,
            content_fetches=document.content_fetches,
            metadata_fetches=document.metadata_fetches,
            deleted_at=document.deleted_at,
            expired_at=document.expired_at,
        )


class RecordingView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A recording with its documents; the state is finer than the API's."""

    recording_id: str
    call_id: str
    server_call_id: str
    state: str
    """`starting`, `active`, `paused`, `ended`."""
    content_type: str
    channel_type: str
    format_type: str
    foreign: bool
    files_ready: bool
    started_at: datetime | None
    ended_at: datetime | None
    session_end_reason: str | None
    documents: tuple[DocumentView, ...]

    @classmethod
    def of(cls, recording: Recording) -> "RecordingView":
        return cls(
            recording_id=recording.recording_id,
            call_id=recording.call.call_id,
            server_call_id=recording.call.server_call_id,
            state=recording.state.value,
            content_type=recording.request.content_type,
            channel_type=recording.request.channel_type,
            format_type=recording.request.format_type,
            foreign=recording.foreign,
            files_ready=recording.files_ready,
            started_at=recording.started_at,
            ended_at=recording.ended_at,
            session_end_reason=recording.session_end_reason,
            documents=tuple(DocumentView.of(document) for document in recording.documents),
        )


class FaultView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A fault in force, with how many requests it matched and hit."""

    fault_id: str
    fault: InjectedFault
    matched: int
    hits: int

    @classmethod
    def of(cls, active: ActiveFault) -> "FaultView":
        return cls(fault_id=active.fault_id, fault=active.fault, matched=active.matched, hits=active.hits)


class AttemptView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One try to deliver an event."""

    at: datetime
    status: int | None
    failure: str


class EventView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An event as it goes over the wire, and its delivery."""

    event_id: str
    event_type: str
    schema: str
    state: str
    """`held`, `pending`, `delivered`, `deadLettered`."""
    recording_id: str | None
    attempts: tuple[AttemptView, ...]
    document: dict[str, Any]

    @classmethod
    def of(cls, record: EventRecord) -> "EventView":
        return cls(
            event_id=record.event.event_id,
            event_type=record.event.event_type,
            schema=record.schema,
            state=record.state.value,
            recording_id=record.recording_id,
            attempts=tuple(msgspec.convert(attempt, AttemptView, from_attributes=True) for attempt in record.attempts),
            document=record.document,
        )


class RequestView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One logged request of the app under test."""

    at: datetime
    operation: str
    method: str
    host: str
    path: str
    range: str | None
    auth: str
    status: int
    fault: str | None
    client_request_id: str | None

    @classmethod
    def of(cls, entry: LoggedRequest) -> "RequestView":
        return msgspec.convert(entry, cls, from_attributes=True)


class CallbackView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One recording-state callback that was posted."""

    name: str
    recording_id: str
    uri: str
    status: int | None
    document: dict[str, Any]

    @classmethod
    def of(cls, sent: SentCallback) -> "CallbackView":
        return msgspec.convert(sent, cls, from_attributes=True)


class ViolationView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the oracle objects to: a deletion, or something that somebody was told untruly."""

    document_id: str
    recording_id: str
    reason: str
    at: datetime

    @classmethod
    def of(cls, violation: Violation) -> "ViolationView":
        return msgspec.convert(violation, cls, from_attributes=True)


class HandoverView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One try to hand an event to a subscriber of the topic."""

    to: str
    """`webhook` or `queue`."""
    at: datetime
    status: int | None
    failure: str


class TopicEventView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One event that the app published, as often as it arrived."""

    number: int
    at: datetime
    event: dict[str, Any]
    handovers: tuple[HandoverView, ...]

    @classmethod
    def of(cls, arrival: Arrival) -> "TopicEventView":
        return msgspec.convert(arrival, cls, from_attributes=True)


class ValidationView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the subscriber answered to a validation handshake."""

    schema: str
    status: int | None
    valid: bool
    answer: str


class HealthView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """That the simulator is there, and how much it holds."""

    status: str
    calls: int
    recordings: int
    documents: int
    events: int
    violations: int
