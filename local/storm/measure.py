"""What the app's use cases cost on tables with a past: requests to Table Storage, entities and bytes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from local.storm.counting_table import Cost, Counter
from local.storm.past import fill, open_chunks, past_recording
from shared.adapters.table_catalog import TableCatalog
from shared.adapters.table_day_lines import TableDayLines
from shared.control.list_recordings import Query
from shared.domain.identifiers import CallId, CallIdKind
from shared.domain.ports import AcsState
from shared.domain.start_request import StartRequest
from shared.domain.statuses import RecordingStatus
from shared.services import Services

NOW = datetime(2026, 11, 22, 8, 1, tzinfo=UTC)  # not one of the minutes in which a sweep counts all that is open
COUNTING = NOW - timedelta(minutes=1)  # one of them
SETTINGS = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "ACS_CONNECTION_STRING": "endpoint=https://acs.example/;accesskey=c2VjcmV0",
}
MANY_CHUNKS = 20
DUE = 500
NOTHING_DUE = "a sweep, nothing due"


class NoEvents:
    """No dead letters, and none that was rejected."""

    def keep(self, name: str, document: bytes, reason: str) -> None:
        raise AssertionError(name, document, reason)

    def names(self) -> Sequence[str]:
        return ()

    def read(self, name: str) -> bytes:
        raise AssertionError(name)

    def remove(self, name: str) -> None:
        raise AssertionError(name)


class WillingAcs:
    """ACS, which does whatever it is asked to."""

    def start(self, request: StartRequest, repeatability_id: str, first_sent: datetime) -> AcsState:
        assert request.server_call_id
        assert first_sent == NOW
        return AcsState(f"eyJQ{repeatability_id}", active=True)

    def pause(self, recording_id: str) -> None:
        assert recording_id

    def resume(self, recording_id: str) -> None:
        assert recording_id

    def stop(self, recording_id: str) -> None:
        assert recording_id

    def state(self, recording_id: str) -> AcsState | None:
        return AcsState(recording_id, active=True)


class Storm:
    """The app on tables that are counted.

    Args:
        catalog: on such tables.
        counter: of theirs.
        past: how many recordings there were.
        waiting: how many chunks wait and are not due.
        due: how many more are due in the second of two sweeps.
    """

    def __init__(self, catalog: TableCatalog, counter: Counter, past: int, waiting: int, due: int = DUE) -> None:
        self.catalog = catalog
        self.counter = counter
        self.due = due
        self.now = NOW
        self.services = services = Services(SETTINGS, lambda: self.now)
        services.catalog = catalog
        services.day_lines = TableDayLines(catalog.index)
        services.acs_calls = WillingAcs()
        services.dead_letters = services.rejected_events = NoEvents()
        fill(catalog, past, NOW)
        open_chunks(catalog, waiting, 0, NOW)

    def costs(self) -> dict[str, Cost]:
        """What each use case costs; in this order, since they leave something behind."""
        services = self.services
        reads = self.measured(self.reads())
        sweeps = {NOTHING_DUE: self.cost(services.sweep.sweep)}
        open_chunks(self.catalog, self.due, self.due, NOW)
        sweeps[some_due(self.due)] = self.cost(services.sweep.sweep)
        started: list[str] = []
        writes = {
            "a start": self.cost(lambda: started.append(services.starts.start(a_request(), None).id)),
            "a stop": self.cost(lambda: services.control.stop(started[0])),
        }
        row = self.catalog.recording(started[0])
        assert row is not None
        known, foreign = an_event(1, str(row.recording_id)), an_event(MANY_CHUNKS, "eyJQforeign")
        writes["an event of 1 chunk, started here"] = self.cost(lambda: services.ingest.ingest(known))
        writes[f"an event of {MANY_CHUNKS} chunks, not started here"] = self.cost(
            lambda: services.ingest.ingest(foreign)
        )
        return reads | writes | sweeps

    def measured(self, acts: Mapping[str, Callable[[], object]]) -> dict[str, Cost]:
        return {name: self.cost(act) for name, act in acts.items()}

    def cost(self, act: Callable[[], object]) -> Cost:
        self.counter.reset()
        act()
        return self.counter.cost

    def reads(self) -> dict[str, Callable[[], object]]:
        """Questions about one recording among all."""
        known = past_recording(0, NOW)
        ids = {
            CallIdKind.SERVER_CALL: known.server_call_id,
            CallIdKind.CALL_CONNECTION: known.call_connection_id,
            CallIdKind.GROUP_CALL: known.group_call_id,
            CallIdKind.ROOM: known.room_id,
        }
        queries = {f"a page of {limit}": Query(limit=limit) for limit in (50, 200)}
        queries |= {f"a look-up by {kind}": Query(calls=(CallId(kind, str(id)),)) for kind, id in ids.items()}
        queries["a look-up by recordingId"] = Query(recording_id=known.recording_id)
        return {name: self.page_of(query) for name, query in queries.items()} | {
            "what is at risk, nothing": partial(self.services.at_risk_list.page, Query()),
            "a replay since yesterday, nothing failed": partial(self.services.replay.since, NOW - timedelta(days=1)),
        }

    def filters(self) -> dict[str, Cost]:
        """What filters cost that nothing passes; they grow with what they pass over, up to a bound."""
        return self.measured(
            {
                "a page by a tag that nothing has": self.page_of(Query(tags={"case": "none"})),
                "a page by a status that nothing has": self.page_of(Query(status=RecordingStatus.PAUSED)),
            }
        )

    def counting(self) -> Cost:
        """What a sweep costs that counts what is open; it grows with that."""
        self.now = COUNTING
        try:
            return self.cost(self.services.sweep.sweep)
        finally:
            self.now = NOW

    def page_of(self, query: Query) -> Callable[[], object]:
        return partial(self.services.recording_lists.page, query)


def some_due(due: int) -> str:
    return f"a sweep, {due} chunks due"


def a_request() -> StartRequest:
    return StartRequest(
        server_call_id="a call that goes on",
        recording_content_type="audio",
        recording_channel_type="mixed",
        recording_format_type="wav",
    )


def an_event(chunks: int, recording_id: str) -> Mapping[str, object]:
    """A file-ready event."""
    documents = [f"0-wus-d4-{chunks:08x}{chunk:024x}" for chunk in range(chunks)]
    root = "https://us-storage.asm.skype.com/v1/objects"
    listed = [
        {
            "documentId": document,
            "index": index,
            "endReason": "SessionEnded" if index == chunks - 1 else "ChunkMaximumTimeExceeded",
            "contentLocation": f"{root}/{document}/content/video",
            "metadataLocation": f"{root}/{document}/content/acsmetadata",
            "deleteLocation": f"{root}/{document}",
        }
        for index, document in enumerate(documents)
    ]
    return {
        "id": f"event-{chunks}",
        "topic": "/subscriptions/0/resourceGroups/calls/providers/Microsoft.Communication/CommunicationServices/acs",
        "subject": f"/recording/call/call-of-{chunks}/serverCallId/call-of-{chunks}/recordingId/{recording_id}",
        "eventType": "Microsoft.Communication.RecordingFileStatusUpdated",
        "eventTime": NOW.isoformat(),
        "dataVersion": "1.0",
        "data": {
            "recordingStorageInfo": {"recordingChunks": listed},
            "recordingStartTime": (NOW - timedelta(hours=1)).isoformat(),
            "recordingDurationMs": 3_600_000,
            "sessionEndReason": "CallEnded",
        },
    }
