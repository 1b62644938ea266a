"""Write the tables that version 0.1 leaves behind, with that version's own code, into tables.json beside this file.

    git worktree add ../version-0.1 e6cda2c
    cd ../version-0.1 && PYTHONPATH=. PYTHON tests_of_today/contract/version_0_1/write_tables.py

where PYTHON has this project's packages, `local/node_modules` is that of today, and tests_of_today is its folder tests.
It records five days of calls through that version's own use cases, on Azurite, with ACS and blobs as that version's
fakes, at the times that stand here.
"""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from azure.data.tables import EdmType, EntityProperty, TableServiceClient
from shared.adapters.tables import TableCatalog
from shared.errors import AcsError, AcsRefused, CatalogConflict

# What version 0.1 had; none of it is there today.
from local.azurite import Azurite
from tests.builders import a_start_request, announced_chunk, document_id, file_ready_event, media, metadata
from tests.fakes import BEGINNING, Cloud, acs_recording_id

HERE = Path(__file__).parent
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


class Yesterday:
    """The app of version 0.1, on Azurite."""

    def __init__(self, tables: TableServiceClient) -> None:
        self.cloud = Cloud(UNKNOWN_RECORDINGS="store")
        self.cloud.source.on_delete = lambda *_: None
        self.tables = [tables.create_table(name) for name in ("recordings", "recordingindex")]
        self.catalog = TableCatalog(*self.tables)
        self.cloud.catalog = self.catalog
        self.cloud.services = self.cloud.new_process()
        self.numbers = iter(range(1000))

    @property
    def services(self) -> Any:
        return self.cloud.services

    def at(self, moment: datetime) -> None:
        self.cloud.world.now = moment

    def start(self, key: str, **call: object) -> Any:
        wanted = {"serverCallId": None, "tags": {"key": key}} | call
        return self.services.recordings.start(a_start_request(**wanted), key)

    def stop(self, recording: Any) -> None:
        self.services.recordings.stop(recording.id)

    def announce(self, call: str, recording_id: str, number: int, index: int = 0, **chunk: object) -> None:
        """An event with one chunk, which ACS has."""
        now = self.cloud.world.now
        if "contentLocation" not in chunk:
            files = media("wav", 900 + number, seed=number), metadata(number, callId=call)
            self.cloud.source.add(document_id(number), *files, now + DAY)
        announced = announced_chunk(number, index=index, **chunk)
        event = file_ready_event(
            [announced],
            call_id=call,
            server_call_id=f"{call}-server",
            recording_id=recording_id,
            event_time=now,
            recordingStartTime=now.replace(minute=0, second=0).isoformat(),
        )
        self.messages = self.services.ingest.ingest(event)

    def finish(self) -> None:
        """Transfer what was announced, and delete it at ACS."""
        for ref in self.messages.transfers:
            for deletion in self.services.transfer.transfer(ref).deletions:
                self.services.deletion.delete(deletion)

    def twice(self, key: str, call: str) -> None:
        """Two requests at once with one Idempotency-Key: both write their lines, one writes the row."""
        first = self.services.recordings
        wanted = a_start_request(serverCallId=call, tags={"key": key})
        try:
            self.overtaken(partial(first.start, wanted, key), partial(first.start, wanted, key))
        except (AcsError, CatalogConflict) as error:
            sys.stdout.write(f"as expected: {error!r}\n")

    def in_parts(self, call: str, recording_id: str, number: int) -> None:
        """Two events at once, each with one chunk of a recording that nobody started here."""
        first, second = (partial(self.announce, call, recording_id, number + index, index) for index in range(2))
        self.overtaken(first, lambda: (second(), self.finish()))
        self.finish()

    def overtaken(self, act: Callable[[], object], other: Callable[[], object]) -> None:
        """Do something; between its first lines of the index and its row another thing happens."""
        create = self.catalog.index_new

        def index_new(recording: Any) -> None:
            create(recording)
            self.catalog.index_new = create
            self.cloud.world.advance(timedelta(seconds=1))
            other()

        self.catalog.index_new = index_new
        act()


def record(app: Yesterday) -> None:
    """Five days of calls."""
    acs = app.cloud.acs
    app.at(BEGINNING - 5 * DAY)
    completed = app.start("completed", serverCallId="call-1-server")
    app.stop(completed)
    app.at(BEGINNING - 5 * DAY + HOUR)
    app.announce("call-1", completed.recording_id, 1)
    app.finish()

    app.at(BEGINNING - 4 * DAY)
    by_group = app.start("by group", groupCallId="8a1d3a4e-5f6b-4c7d-8e9f-000000000001")
    app.stop(by_group)
    app.announce("call-2", by_group.recording_id, 2)
    app.finish()
    acs.refuse("start", AcsRefused("Call not found (404/8522)", status=404, code="8522"))
    try:
        app.start("refused", serverCallId="call-3-server")
    except AcsRefused as error:
        sys.stdout.write(f"as expected: {error}\n")

    app.at(BEGINNING - 3 * DAY)
    app.announce("call-4", acs_recording_id(400), 4)  # nobody started it here
    app.finish()
    lost = app.start("lost", roomId="room-5")
    app.stop(lost)
    app.announce("call-5", lost.recording_id, 5)
    app.cloud.source.documents.clear()
    app.at(BEGINNING - 2 * DAY + HOUR)
    app.finish()

    app.at(BEGINNING - 2 * DAY + 2 * HOUR)
    app.twice("twice", "call-6-server")

    app.in_parts("call-10", acs_recording_id(401), 10)
    stored = app.start("stored", serverCallId="call-12-server")
    app.stop(stored)
    app.announce("call-12", stored.recording_id, 12)
    for ref in app.messages.transfers:
        app.services.transfer.transfer(ref)  # the message of its deletion is lost

    app.at(BEGINNING - 3 * HOUR)
    app.stop(app.start("empty", serverCallId="call-13-server", pauseOnStart=True))
    unheard = app.start("unheard", serverCallId="call-14-server")
    acs.begin(unheard.recording_id)
    app.services.recordings.refreshed(unheard.id)
    app.stop(unheard)
    app.at(BEGINNING - 2 * HOUR)
    rejected = app.start("rejected", callConnectionId="411f0b00-dc73-4528-a9e6-968ba983d2a7")
    app.stop(rejected)
    app.announce("call-7", rejected.recording_id, 7, contentLocation="https://new.example/v1/objects/a/content/video")
    app.at(BEGINNING - HOUR)
    waiting = app.start("waiting", serverCallId="call-8-server")
    app.stop(waiting)
    app.announce("call-8", waiting.recording_id, 8)  # its message is lost
    app.at(BEGINNING - HOUR / 2)
    app.start("live", serverCallId="call-9-server")


def to_json(value: object) -> object:
    """A column with its type, so that it can be written as it was."""
    if isinstance(value, EntityProperty):
        return {"type": EdmType(value.edm_type).value, "value": value.value}
    if isinstance(value, datetime):
        return {"type": "Edm.DateTime", "value": value.astimezone(UTC).isoformat()}
    return value


def main() -> None:
    with Azurite() as azurite, TableServiceClient.from_connection_string(azurite.connection_string) as tables:
        app = Yesterday(tables)
        record(app)
        written = {
            table.table_name: [
                {name: to_json(value) for name, value in entity.items()}
                for entity in sorted(table.list_entities(), key=lambda one: (one["PartitionKey"], one["RowKey"]))
            ]
            for table in app.tables
        }
    HERE.joinpath("tables.json").write_text(json.dumps(written, indent=1, sort_keys=True) + "\n")
    sys.stdout.write(f"{ {name: len(rows) for name, rows in written.items()} }\n")


if __name__ == "__main__":
    main()
