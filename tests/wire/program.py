"""The process under test: the app's functions on its real adapters, given URLs that somebody else wrote.

`python -m tests.wire.watched RECORD tests.wire.program JOB RESULTS`. It sees nothing of the test but its environment
and the job; what it connects to is recorded with the case that it works at. Rows are in memory, all else is asked for.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import batched
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import azure.functions as func
import msgspec
from azure.core.exceptions import AzureError

from functions import create_app
from local.storm.counting_table import Counter
from local.storm.past import catalog_in_memory
from shared.domain.errors import RecorderError
from shared.services import Services
from tests.builders import Event, file_ready_event
from tests.unit.app import Output, grid_event
from tests.wire import redirected, watching

EVENT_CHUNKS = 400
DONE = "done"


class Announced(msgspec.Struct, frozen=True):
    """A chunk as an event announces it.

    Attributes:
        case: its name in the record.
        document: its own, the only one that may be asked for.
        content, metadata, delete: the URLs of the event.
        worked: whether its messages are worked off.
    """

    case: str
    document: str
    content: str
    metadata: str | None = None
    delete: str | None = None
    worked: bool = True


class Asked(msgspec.Struct, frozen=True):
    """A URL for the adapter, past all that comes before it; `document` as above, None where there is none."""

    case: str
    url: str
    document: str | None = None
    verb: str = "GET"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What the process is to do; `announced` by route, `redirected` by service and status."""

    announced: dict[str, list[Announced]] = {}
    call_id: str = ""
    topic: str = ""
    asked: list[Asked] = []
    redirected: list[int] = []


class Row(msgspec.Struct, frozen=True):
    """What the app says of a chunk."""

    status: str
    failure_kind: str | None
    delete_location: str | None
    left_at_acs: str | None


class Results(msgspec.Struct, kw_only=True):
    """What became of it: of each chunk its row, of each question its answer."""

    rows: dict[str, Row] = {}
    answers: dict[str, str] = {}


class Program:
    """The app, driven as its host would drive it."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.services = Services(os.environ)
        self.services.catalog = catalog_in_memory(Counter())
        self.functions: Mapping[str, Callable[..., Any]] = {
            str(each.get_function_name()): each.get_user_function()
            for each in create_app(self.services).get_functions()
        }
        self.chunks = {each.document: each for listed in job.announced.values() for each in listed}
        self.results = Results()

    def run(self) -> Results:
        routes = {"Event Grid": self.from_grid, "POST /api/events": self.from_http}
        for route, listed in self.job.announced.items():
            watching.case(f"an event through {route}")
            for some in batched(listed, EVENT_CHUNKS, strict=False):
                self.work(routes[route](event_of(some, self.job.call_id, self.job.topic)))
        verbs = {"GET": self.read, "DELETE": self.delete, "OWN": self.services.own_storage.stat}
        for each in self.job.asked:
            self.answered(each.case, partial(verbs[each.verb], each.url))
        for status in self.job.redirected:
            for service, ask in redirected.questions(self.services, status):
                self.answered(f"{service}, {status}", ask)
        self.results.rows = dict(self.stored())
        return self.results

    def from_grid(self, event: Event) -> list[dict[str, str]]:
        transfers = Output()
        self.functions["recording_file_ready"](grid_event(event), transfers)
        return transfers.sent

    def from_http(self, event: Event) -> list[dict[str, str]]:
        transfers, deletions = Output(), Output()
        reply = self.post("ingest_event", json.dumps([event]), transfers, deletions)
        assert reply.status_code == 202, reply.get_body()
        return transfers.sent

    def post(self, name: str, body: str, *outputs: Output) -> func.HttpResponse:
        url = f"http://localhost/api/path?{urlencode({'code': 'secret'})}"
        request = func.HttpRequest(method="POST", url=url, headers={}, params={}, route_params={}, body=body.encode())
        reply: func.HttpResponse = self.functions[name](request, *outputs)
        return reply

    def work(self, transfers: Iterable[dict[str, str]]) -> None:
        """Each message as far as it leads: the transfer, then the deletion."""
        for message in transfers:
            chunk = self.chunks[message["documentId"]]
            if chunk.worked:
                watching.case(chunk.case)
                deletions = Output()
                self.functions["chunk_transfer"](queued(message), Output(), deletions)
                for deletion in deletions.sent:
                    self.functions["chunk_deletion"](queued(deletion), Output())

    def answered(self, case: str, ask: Callable[[], object]) -> None:
        """Ask, and note what came of it."""
        watching.case(case)
        try:
            ask()
            self.results.answers[case] = DONE
        except (RecorderError, AzureError) as error:
            self.results.answers[case] = f"{type(error).__name__}: {error}"

    def read(self, url: str) -> None:
        with self.services.source.open(url, 0, 10):
            pass

    def delete(self, url: str) -> None:
        self.services.source.delete(url, lambda: None)

    def stored(self) -> Iterator[tuple[str, Row]]:
        for entry in self.services.catalog.listed(None, 1000):
            for chunk in self.services.catalog.chunks(entry.id):
                row = Row(chunk.status, chunk.failure_kind, chunk.delete_location, chunk.left_at_acs)
                yield chunk.document_id, row


def event_of(chunks: Iterable[Announced], call_id: str, topic: str) -> Event:
    """The file-ready event that announces these chunks, just now."""
    listed = [
        {
            "documentId": chunk.document,
            "index": index,
            "endReason": "SessionEnded",
            "contentLocation": chunk.content,
            "metadataLocation": chunk.metadata,
            "deleteLocation": chunk.delete,
        }
        for index, chunk in enumerate(chunks)
    ]
    now = datetime.now(UTC)
    event = file_ready_event(
        listed, subject_form=1, call_id=call_id, event_time=now, recordingStartTime=now.isoformat()
    )
    return event | {"topic": topic}


def queued(message: dict[str, str]) -> func.QueueMessage:
    return func.QueueMessage(id="1", body=json.dumps(message).encode())


def main(job: Path, results: Path) -> None:
    done = Program(msgspec.convert(json.loads(job.read_text()), Job)).run()
    results.write_text(json.dumps(msgspec.to_builtins(done)))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
