"""Has version 0.1 itself write its tables, and dumps them: `tables.json`, beside this script.

It runs on the code of that version (commit e6cda2c), its fakes of ACS and Blob Storage, and Azurite:

    git worktree add ../version-0.1 e6cda2c
    npm ci --prefix ../version-0.1/local
    cd ../version-0.1
    PYTHONPATH=. {this repository}/.venv/bin/python {this repository}/tests/contract/version_0_1/write_tables.py

The recordings of five days are named by their tag `what`. Ids that nobody derives are random: a new dump differs there.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from azure.data.tables import EdmType, EntityProperty, TableClient, TableServiceClient

# That version's own modules: they are found where the script runs, and not in this repository.
acs, azurite, errors = map(import_module, ("tests.fakes.acs", "local.azurite", "shared.errors"))
builders, fakes, tables = map(import_module, ("tests.builders", "tests.fakes", "shared.adapters.tables"))

DUMP = Path(__file__).parent / "tables.json"
FIRST_DAY = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
GUID = "d99c636c-0000-4000-8000-{:012}"
SERVER_CALL = "aHR0cHM6Ly9hcGkuZmxpZ2h0cHJveHkuc2t5cGUuY29tL2NhbGwv{}Q=="


class Overtaken:
    """A catalog before whose first write of a row something else happens."""

    def __init__(self, catalog: Any, meanwhile: Callable[[], object]) -> None:
        self.catalog = catalog
        self.meanwhile: Callable[[], object] | None = meanwhile

    def __getattr__(self, name: str) -> Any:
        return getattr(self.catalog, name)

    def save_recording(self, recording: Any) -> Any:
        """Write the row; before the first one, another request writes it."""
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return self.catalog.save_recording(recording)


class Version:
    """That version, with its tables in Azurite and everything else faked."""

    def __init__(self, service: TableServiceClient) -> None:
        self.cloud = fakes.Cloud()
        self.clients = [service.create_table(name) for name in ("recordings", "recordingindex")]
        self.catalog = tables.TableCatalog(*self.clients)
        self.cloud.source.on_delete = lambda _, __: None  # its witness looks into the fake catalog
        self.calls = self.documents = 0
        self.events: dict[str, int] = {}
        self.use(self.catalog)

    def use(self, catalog: Any) -> None:
        """Give the app a new process with this catalog."""
        self.services = self.cloud.new_process()
        self.services.catalog = catalog

    def at(self, moment: datetime) -> None:
        self.cloud.world.now = moment

    def call(self, kind: str) -> dict[str, str]:
        """A call that nothing was recorded of yet."""
        self.calls += 1
        others = {"groupCallId": GUID.format(self.calls), "callConnectionId": GUID.format(self.calls)}
        return {kind: (others | {"serverCallId": SERVER_CALL.format(self.calls), "roomId": f"room-{self.calls}"})[kind]}

    def start(self, what: str, kind: str = "serverCallId", key: str | None = None, **fields: object) -> Any:
        """A recording that was started, and that runs unless it began paused."""
        return self.start_call(self.call(kind), what, key, **fields)

    def start_call(self, call: dict[str, str], what: str, key: str | None = None, **fields: object) -> Any:
        body = {"serverCallId": None, "tags": {"what": what}} | call | fields
        recording = self.services.recordings.start(builders.a_start_request(**body), key)
        if not fields.get("pauseOnStart"):
            self.cloud.acs.begin(recording.recording_id)
            recording = self.services.recordings.refreshed(recording.id)
        return recording

    def event(self, recording_id: str, chunks: list[dict[str, Any]]) -> Any:
        """The file-ready event of a recording. It names the call as the start did, or by an id that none did."""
        id = self.catalog.recording_by_acs_id(recording_id)
        started = self.catalog.recording(id) if id else None
        number = self.events.setdefault(recording_id, len(self.events))
        event = builders.file_ready_event(
            chunks,
            call_id=GUID.format(900 + number),
            server_call_id=(started and started.server_call_id) or SERVER_CALL.format(900 + number),
            recording_id=recording_id,
            event_time=self.cloud.world.now,
            recordingStartTime=(self.cloud.world.now - HOUR).isoformat(),
        )
        return self.services.ingest.ingest(event)

    def chunks(self, count: int, *, first: int = 0, lost: bool = False, **fields: Any) -> list[dict[str, Any]]:
        """Chunks that ACS has, unless they are lost, as its event announces them."""
        listed = []
        for index in range(first, first + count):
            self.documents += 1
            if not lost:
                builders.keep_at_acs(self.cloud, 1, first=self.documents)
            listed.append(builders.announced_chunk(self.documents, index=index, **fields))
        return listed

    def transfer(self, messages: Any, *, delete: bool = True) -> None:
        for ref in messages.transfers:
            stored = self.services.transfer.transfer(ref)
            for deletion in stored.deletions if delete else ():
                self.services.deletion.delete(deletion)

    def ended(self, recording: Any) -> Any:
        """Stop a recording an hour after it was started."""
        self.cloud.world.advance(HOUR)
        return self.services.recordings.stop(recording.id)

    def complete(self, what: str, kind: str, *, chunks: int = 2) -> None:
        recording = self.ended(self.start(what, kind))
        self.transfer(self.event(recording.recording_id, self.chunks(chunks)))

    def sweep(self) -> None:
        self.transfer(self.services.sweep.sweep())


def first_days(version: Version) -> None:
    """What is over: started by each id of a call, refused, expired, doubly listed."""
    version.at(FIRST_DAY)
    version.complete("completed by serverCallId", "serverCallId")
    version.complete("completed by groupCallId", "groupCallId", chunks=1)
    refuse(version)
    version.at(FIRST_DAY + DAY)
    version.complete("completed by callConnectionId", "callConnectionId", chunks=1)
    doubled_start(version)
    recording = version.ended(version.start("expired", "roomId"))
    version.transfer(version.event(recording.recording_id, version.chunks(1, lost=True)))
    empty = version.start("empty", pauseOnStart=True)
    version.ended(empty)
    version.at(FIRST_DAY + 2 * DAY + 3 * HOUR)
    version.sweep()  # the original of the day before has expired by now
    version.complete("completed by roomId", "roomId", chunks=1)
    version.transfer(version.event(acs.acs_recording_id(501), version.chunks(1)))
    doubled_event(version)


def refuse(version: Version) -> None:
    version.cloud.acs.refuse("start", errors.AcsRefused("Call not found. (404/8522)", status=404, code="8522"))
    with suppress(errors.AcsRefused):
        version.start("refused", "serverCallId")


def doubled_start(version: Version) -> None:
    """Two requests at once under one Idempotency-Key."""
    call = version.call("serverCallId")

    def other() -> None:
        version.use(version.catalog)
        version.cloud.world.advance(timedelta(milliseconds=40))
        recording = version.start_call(call, "doubly listed", "one-key")
        version.transfer(version.event(version.ended(recording).recording_id, version.chunks(1)))

    version.use(Overtaken(version.catalog, other))
    version.services.recordings.start(
        builders.a_start_request(**{"serverCallId": None, "tags": {"what": "doubly listed"}} | call), "one-key"
    )
    version.use(version.catalog)


def doubled_event(version: Version) -> None:
    """Two parts of one recording that nobody started here, at once."""
    recording_id = acs.acs_recording_id(502)
    parts = [version.chunks(1), version.chunks(1, first=1)]
    messages = []

    def other() -> None:
        version.use(version.catalog)
        version.cloud.world.advance(timedelta(milliseconds=40))
        messages.append(version.event(recording_id, parts[0]))

    version.use(Overtaken(version.catalog, other))
    messages.append(version.event(recording_id, parts[1]))
    version.use(version.catalog)
    for sent in messages:
        version.transfer(sent)


def last_days(version: Version) -> None:
    """What goes on."""
    version.at(FIRST_DAY + 3 * DAY)
    unannounced = version.ended(version.start("unannounced"))
    version.cloud.world.advance(2 * HOUR)
    version.sweep()  # ACS does not know it any more
    assert version.services.recordings.get(unannounced.id).status == "failed"
    version.at(FIRST_DAY + 4 * DAY)
    refused = version.ended(version.start("refused chunk"))
    chunks = version.chunks(1) + version.chunks(1, first=1, contentLocation="https://unknown.example/v1/objects/a")
    version.transfer(version.event(refused.recording_id, chunks))
    gap = version.ended(version.start("incomplete", "groupCallId"))
    version.transfer(version.event(gap.recording_id, version.chunks(1) + version.chunks(1, first=2)))
    stored = version.ended(version.start("stored, not deleted", "roomId"))
    version.transfer(version.event(stored.recording_id, version.chunks(1)), delete=False)
    pending = version.ended(version.start("pending", "callConnectionId"))
    version.event(pending.recording_id, version.chunks(2))  # its messages are never received
    both = version.ended(version.start("pending and refused chunk"))
    chunks = version.chunks(1) + version.chunks(1, first=1, contentLocation="https://unknown.example/v1/objects/b")
    version.event(both.recording_id, chunks)
    version.event(acs.acs_recording_id(503), version.chunks(1))  # nobody started it here
    version.ended(version.start("stopped"))
    version.cloud.world.advance(MINUTE)
    version.start("active", "groupCallId")
    version.start("paused", "roomId", pauseOnStart=True)


def dumped(client: TableClient) -> list[dict[str, Any]]:
    """The rows of a table."""
    return [{name: typed(value) for name, value in sorted(row.items())} for row in client.list_entities()]


def typed(value: object) -> object:
    """A column: as it is where JSON tells its type (string, boolean, 32 bits), else with its type."""
    match value:
        case EntityProperty():
            return [EdmType(value.edm_type).value, value.value]
        case datetime():
            return ["Edm.DateTime", value.astimezone(UTC).isoformat()]
        case bool() | int() | str():
            return value
    raise TypeError(type(value).__name__)


def main() -> None:
    with (
        azurite.Azurite() as running,
        TableServiceClient.from_connection_string(running.connection_string) as service,
    ):
        version = Version(service)
        first_days(version)
        last_days(version)
        lines = [
            f'"{client.table_name}": [\n' + ",\n".join(json.dumps(row) for row in dumped(client)) + "\n]"
            for client in version.clients
        ]
        now = version.cloud.world.now.isoformat()
    DUMP.write_text(f'{{"now": "{now}", "tables": {{\n' + ",\n".join(lines) + "\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
