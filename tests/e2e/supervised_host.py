"""A stack whose host asks for everything through the gateway and may be killed at any moment, and its caller."""

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path

import requests
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableEntity, TableServiceClient, UpdateMode
from azure.storage.queue import QueueServiceClient

from acsrec import Problem, Recording, Unanswered
from local.host.client import HostProcess
from local.provision import QUEUES
from local.simulator.scripts import Script
from local.simulator.settings import Settings
from local.stack import Stack
from shared.domain.identifiers import id_from_key
from shared.settings import CATALOG_TABLE
from tests.e2e.gateway import Gateway
from tests.e2e.steps import SWEEP_EVERY_SECONDS, WAV, let_start_settle

PAUSE_SECONDS = 0.05
CONFLICT_TRIES = 20  # a caller who is told "not yet" so often gives up, and lets the call end

FAST_SETTINGS: Mapping[str, str] = {
    "CLAIM_SECONDS": "1",  # and three of them until a message is sent again
    "RETRY_FIRST_SECONDS": "1",
    "RETRY_MAX_SECONDS": "2",
    "TRANSFER_BLOCK_BYTES": "65536",
}
FAST_HOST: Mapping[str, bool | float | str] = {
    "timers": False,
    "queue_visibility_seconds": 1,
    "queue_polling_max_seconds": 0.3,
}


@dataclass(frozen=True, slots=True)
class StartedRecording:
    """A recording that was started, and its call."""

    id: str
    call_id: str


class SupervisedHost:
    """Keeps the host running, as the platform does, and calls it with retries."""

    def __init__(self, stack: Stack, gateway: Gateway) -> None:
        self.stack = stack
        self.gateway = gateway
        self.lock = threading.Lock()
        self.kills = 0
        self.swept_at = 0.0
        self.recorded: list[str] = []  # ids of what was recorded so far
        connection = stack.azurite.connection_string
        self.tables = TableServiceClient.from_connection_string(connection)
        self.queues = QueueServiceClient.from_connection_string(connection)

    @property
    def host(self) -> HostProcess:
        return self.stack.host

    def close(self) -> None:
        self.tables.close()
        self.queues.close()

    # The host's life.

    def kill(self) -> None:
        """SIGKILL, if it lives."""
        with self.lock:
            self.kills += self.host.process is not None
            self.host.kill()

    def revive(self) -> None:
        with self.lock:
            if self.host.process is None:
                self.host.start()

    def sweep(self) -> None:
        """Fire the timer, if it is time; a run that fails is followed by another one."""
        if time.monotonic() - self.swept_at >= SWEEP_EVERY_SECONDS:
            with suppress(RuntimeError, requests.RequestException):
                self.host.fire_timer("sweep")
            self.swept_at = time.monotonic()

    # The caller.

    def record(self, script: Script, seconds: float = 60.0) -> str:
        """Record a call: start, pause, resume, stop, and in the end the call ends by itself; the recording's id."""
        began = self.start(script, seconds)
        for act in (self.stack.recorder.pause, self.stack.recorder.resume, self.stack.recorder.stop):
            self.retry_until(seconds, partial(act, began.id))
        self.stack.simulator.end_call(began.call_id)
        return began.id

    def start(self, script: Script, seconds: float = 60.0) -> StartedRecording:
        """Start recording a call, with one key for all tries."""
        call = self.stack.simulator.place_call(script=script)
        key = uuid.uuid4().hex
        id = id_from_key(key)
        body = {"serverCallId": call.server_call_id, **WAV}
        self.retry_until(
            seconds, lambda: self.stack.recorder.start(body, key=key), lambda: self.let_start_claim_lapse(id)
        )
        let_start_settle(self.stack, id)
        return StartedRecording(id, call.call_id)

    def retry_until(
        self, seconds: float, act: Callable[[], object], on_conflict: Callable[[], None] | None = None
    ) -> None:
        """Call until it works; a control of a recording that ACS has not named yet is given up in the end.

        Raises:
            Problem: the app refused; nobody would repeat that.
            TimeoutError: it never worked.
        """
        deadline, conflicts, last = time.monotonic() + seconds, 0, ""
        while True:
            try:
                act()
            except Problem as error:
                last = str(error)
                if error.status == HTTPStatus.CONFLICT:
                    conflicts += 1
                    if on_conflict is not None:
                        on_conflict()
                    elif conflicts > CONFLICT_TRIES:
                        return
                elif error.status not in {429, *range(500, 600)}:
                    raise
            except Unanswered as error:
                last = str(error)
                self.revive()
            else:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"The app did not do what it was asked for in {seconds} s: {last}")
            time.sleep(PAUSE_SECONDS)

    def let_start_claim_lapse(self, id: str) -> None:
        """Two minutes pass for a start that is in flight: nothing else makes it possible to ask again."""
        lapsed = {"PartitionKey": id, "RowKey": "recording", "claimedUntil": datetime.now(UTC) - timedelta(seconds=1)}
        with suppress(ResourceNotFoundError):
            self.tables.get_table_client(CATALOG_TABLE).update_entity(lapsed, mode=UpdateMode.MERGE)

    def wait_until_completed(self, id: str, seconds: float = 30.0, patience: float = 0.0) -> None:
        """Keep host and sweep running until the row says that the recording is completed.

        The row is read past the app, so that waiting makes no request of the app's.

        Args:
            id: of the recording.
            seconds: after which it is too late.
            patience: seconds before the sweep helps along, unless the host was killed.

        Raises:
            TimeoutError: with all that is known of it.
        """
        began = time.monotonic()
        while self.status(id) != "completed":
            if time.monotonic() - began > seconds:
                raise TimeoutError(f"After {seconds} s the recording is {self.shown(id)}")
            self.revive()
            if self.kills or time.monotonic() - began > patience:
                self.sweep()
            time.sleep(PAUSE_SECONDS)

    def status(self, id: str) -> str:
        try:
            row = self.tables.get_table_client(CATALOG_TABLE).get_entity(id, "recording")
            return str(row["files"]) if row.get("endedAt") else str(row["control"])
        except ResourceNotFoundError:
            return "unknown"

    def shown(self, id: str) -> Recording:
        """The recording as the API shows it."""
        found: list[Recording] = []
        self.retry_until(30, lambda: found.append(self.stack.recorder.get(id)))
        return found[0]

    def events(self, id: str) -> list[TableEntity]:
        """The rows of a recording's events."""
        table = self.tables.get_table_client(CATALOG_TABLE)
        return list(table.query_entities("PartitionKey eq @id and RowKey ge '~'", parameters={"id": id}))

    def untold(self, recording: Recording) -> list[str]:
        """What became of a recording and has no event."""
        told = Counter(str(event["type"]).rpartition(".")[2] for event in self.events(recording.id))
        stored = sum(chunk.stored_at is not None for chunk in recording.chunks)
        wanted = {"Stopped": int(recording.ended_at is not None), "Stored": stored}
        wanted |= {"Completed": int(recording.status == "completed")}
        return [f"{type} is told {told[type]} times instead of {n}" for type, n in wanted.items() if told[type] != n]

    def tell_all(self, ids: Iterable[str], seconds: float) -> list[str]:
        """Keep host and sweep running until every event of these recordings is sent; what the topic never got."""
        deadline, ids = time.monotonic() + seconds, list(ids)
        while any(event["unsent"] for id in ids for event in self.events(id)):
            if time.monotonic() > deadline:
                break
            self.revive()
            self.sweep()
            time.sleep(PAUSE_SECONDS * 10)
        told = {str(event["PartitionKey"]) + "/" + str(event["key"]) for id in ids for event in self.events(id)}
        return sorted(told - {str(one.event["id"]) for one in self.stack.simulator.topic_events()})

    def clear_queues(self) -> None:
        """Take away what was sent twice for a recording that is completed."""
        for queue in QUEUES:
            self.queues.get_queue_client(queue).clear_messages()


@contextmanager
def supervised(
    directory: Path,
    simulator_settings: Settings,
    *,
    direct_to_acs: bool = False,
    app_settings: Mapping[str, str] = FAST_SETTINGS,
) -> Iterator[SupervisedHost]:
    """A stack with short waits, its host behind the gateway.

    Args:
        directory: for whatever the processes keep.
        simulator_settings: how ACS is to behave.
        direct_to_acs: past the gateway, which repairs or drops answers that the simulator breaks on purpose.
        app_settings: of the app.
    """
    with Stack(
        directory, app_settings=app_settings, host_options=FAST_HOST, simulator_settings=simulator_settings
    ) as stack:
        # Only now is it known where everything is: the host starts again, with the gateway in between.
        stack.host.stop()
        with Gateway(stack, directory / "gateway") as gateway:
            stack.host.environment.update(gateway.environment())
            if direct_to_acs:
                stack.host.environment.update(stack.announcement.environment())
            stack.host.start()
            one = SupervisedHost(stack, gateway)
            try:
                yield one
            finally:
                one.close()
                one.kill()
