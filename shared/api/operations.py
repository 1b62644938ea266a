"""The operations of the HTTP API: what each takes and answers.

The routes read their requests by these, and the published document is made of them: neither can drift.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from shared.api.queries import ConsistencyQuery, LinkQuery, ListQuery, Query, RebuildQuery, ReplayQuery, ResendQuery
from shared.api.request_bodies import BODY_BYTES_MAX, EVENT_BYTES_MAX, EVENTS_MAX, KEY_CHARACTERS_MAX
from shared.api.views import (
    CallbackView,
    DependenciesView,
    EventsView,
    ExportView,
    HealthView,
    LinkView,
    RebuildView,
    RecordingEventsView,
    RecordingPage,
    ReplayView,
    ResendView,
)
from shared.domain.json_views import RecordingView, View
from shared.domain.start_request import StartRequest
from shared.pipeline.consistency import Report

type IdempotencyKey = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=KEY_CHARACTERS_MAX,
        description="Any text of the caller's own: a start that is repeated with it is one start.",
    ),
]
type CloudEvents = Annotated[list[dict[str, Any]], Meta(description="CloudEvents, as ACS posts them.")]
type GridEvents = (
    Annotated[dict[str, Any], Meta(description="One event, as Event Grid delivers it.")]
    | Annotated[list[dict[str, Any]], Meta(min_length=1, max_length=EVENTS_MAX, description="Several events.")]
)

BAD, GONE, CONFLICT = HTTPStatus.BAD_REQUEST, HTTPStatus.GONE, HTTPStatus.CONFLICT
NOT_FOUND, TOO_LARGE = HTTPStatus.NOT_FOUND, HTTPStatus.REQUEST_ENTITY_TOO_LARGE
# Wrong settings, or storage that does not answer; a request that is wrong; what nobody foresaw.
OF_ALL = frozenset({BAD, TOO_LARGE, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE})
OF_ONE = OF_ALL | {NOT_FOUND}
# What ACS refuses, throttles or does not answer.
OF_ACS = frozenset(
    {CONFLICT, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.FORBIDDEN, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}
)


class Operation[Asked: Query](msgspec.Struct, frozen=True, kw_only=True):
    """One method of one route.

    Attributes:
        name: of its function; also the operationId.
        summary: what it does, in a few words.
        query: the struct of its query string.
        body: the type of its JSON body; None where it takes none.
        body_bytes_max: the longest body.
        takes_key: whether the header Idempotency-Key means something.
        replies: by status of success, the struct of the body.
        problems: the statuses of its problem documents.
        lenient: whether unknown query names are ignored, as for routes that anybody may call.
    """

    name: str
    summary: str
    query: type[Asked]
    body: Any = None
    body_bytes_max: int = BODY_BYTES_MAX
    takes_key: bool = False
    replies: Mapping[HTTPStatus, type[View]]
    problems: frozenset[HTTPStatus] = OF_ALL
    lenient: bool = False


START_RECORDING = Operation(
    name="start_recording",
    summary="Start a recording.",
    query=Query,
    body=StartRequest,
    takes_key=True,
    replies={HTTPStatus.CREATED: RecordingView},
    problems=OF_ONE | OF_ACS | {HTTPStatus.UNPROCESSABLE_ENTITY},
)
LIST_RECORDINGS = Operation(
    name="list_recordings",
    summary="List recordings, newest first.",
    query=ListQuery,
    replies={HTTPStatus.OK: RecordingPage},
)
GET_RECORDING = Operation(
    name="get_recording",
    summary="One recording, with its chunks.",
    query=Query,
    replies={HTTPStatus.OK: RecordingView},
    problems=OF_ONE,
)
PAUSE_RECORDING = Operation(
    name="pause_recording",
    summary="Pause a recording.",
    query=Query,
    replies={HTTPStatus.OK: RecordingView},
    problems=OF_ONE | OF_ACS,
)
RESUME_RECORDING = Operation(
    name="resume_recording",
    summary="Resume a recording.",
    query=Query,
    replies={HTTPStatus.OK: RecordingView},
    problems=OF_ONE | OF_ACS,
)
STOP_RECORDING = Operation(
    name="stop_recording",
    summary="Stop a recording; success means that ACS confirmed that it does not record.",
    query=Query,
    replies={HTTPStatus.OK: RecordingView},
    problems=OF_ONE | OF_ACS,
)
RECORDING_EVENTS = Operation(
    name="recording_events",
    summary="The events of a recording, and what became of them.",
    query=Query,
    replies={HTTPStatus.OK: RecordingEventsView},
    problems=OF_ONE,
)
RESEND_EVENTS = Operation(
    name="resend_events",
    summary="Send the events of a recording again, all or one.",
    query=ResendQuery,
    replies={HTTPStatus.ACCEPTED: ResendView},
    problems=OF_ONE | {CONFLICT},
)
CHUNK_CONTENT = Operation(
    name="chunk_content",
    summary="A link to a chunk's media.",
    query=LinkQuery,
    replies={HTTPStatus.OK: LinkView, HTTPStatus.FOUND: LinkView},
    problems=OF_ONE | {CONFLICT, GONE},
)
CHUNK_METADATA = Operation(
    name="chunk_metadata",
    summary="A link to a chunk's metadata, as ACS wrote it.",
    query=LinkQuery,
    replies={HTTPStatus.OK: LinkView, HTTPStatus.FOUND: LinkView},
    problems=OF_ONE | {CONFLICT, GONE},
)
EXPORT_RECORDING = Operation(
    name="export_recording",
    summary="A link to one file of all chunks of a recording, composed where it is not there yet.",
    query=Query,
    replies={HTTPStatus.OK: ExportView},
    problems=OF_ONE
    | {CONFLICT, GONE, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT},
)
REPLAY_RECORDING = Operation(
    name="replay_recording",
    summary="Drive a recording's failed or stuck chunks again.",
    query=Query,
    replies={HTTPStatus.ACCEPTED: ReplayView},
    problems=OF_ONE | {CONFLICT},
)
REPLAY_FAILED = Operation(
    name="replay_failed",
    summary="Drive again whatever failed since a time.",
    query=ReplayQuery,
    replies={HTTPStatus.ACCEPTED: ReplayView},
    problems=OF_ALL | {CONFLICT},
)
REBUILD_RECORDINGS = Operation(
    name="rebuild_recordings",
    summary="Write the lost rows of a day's recordings anew, from their manifests.",
    query=RebuildQuery,
    replies={HTTPStatus.OK: RebuildView},
)
INGEST_EVENT = Operation(
    name="ingest_event",
    summary="Hand in events of Event Grid.",
    query=Query,
    body=GridEvents,
    body_bytes_max=EVENT_BYTES_MAX,
    replies={HTTPStatus.ACCEPTED: EventsView},
    problems=OF_ALL | {CONFLICT},
)
CHECK_CONSISTENCY = Operation(
    name="check_consistency",
    summary="Compare the rows, blobs and manifests of a day.",
    query=ConsistencyQuery,
    replies={HTTPStatus.OK: Report},
)
RECORDING_STATE = Operation(
    name="recording_state",
    summary="Where ACS posts recording states; a mere hint.",
    query=Query,
    body=CloudEvents,
    replies={HTTPStatus.OK: CallbackView},
    problems=OF_ALL | {HTTPStatus.UNAUTHORIZED},
    lenient=True,
)
HEALTH = Operation(
    name="health",
    summary="Whether the app's settings are usable.",
    query=Query,
    replies={HTTPStatus.OK: HealthView},
    lenient=True,
)
HEALTH_DEPENDENCIES = Operation(
    name="health_dependencies",
    summary="Whether storage and ACS answer.",
    query=Query,
    replies={HTTPStatus.OK: DependenciesView, HTTPStatus.SERVICE_UNAVAILABLE: DependenciesView},
)

OPERATIONS: Mapping[str, Operation[Any]] = {
    operation.name: operation
    for operation in (
        START_RECORDING,
        LIST_RECORDINGS,
        GET_RECORDING,
        PAUSE_RECORDING,
        RESUME_RECORDING,
        STOP_RECORDING,
        RECORDING_EVENTS,
        RESEND_EVENTS,
        CHUNK_CONTENT,
        CHUNK_METADATA,
        EXPORT_RECORDING,
        REPLAY_RECORDING,
        REPLAY_FAILED,
        REBUILD_RECORDINGS,
        INGEST_EVENT,
        CHECK_CONSISTENCY,
        RECORDING_STATE,
        HEALTH,
        HEALTH_DEPENDENCIES,
    )
}
