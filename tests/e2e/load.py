"""Callers by the hundred, and what of their work the app keeps."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count
from pathlib import Path

import msgspec
import requests
from azure.data.tables import TableEntity, TableServiceClient

from acsrec.retries import backoff
from local.stack import EVENT_FUNCTION, Stack
from shared.adapters.table_rows import CHUNK_ROWS, CHUNK_ROWS_END, RECORDING_ROW
from shared.domain.models import ChunkRef
from shared.settings import CATALOG_TABLE, TRANSFER_QUEUE

AGAIN = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
PATIENCE_SECONDS = 600.0
EVENT_GRID_SECONDS = 30.0  # how long Event Grid waits for an acknowledgement
EVENT_GRID_PAUSE_SECONDS = 10.0  # and then until it delivers again, the first time
SETTLED_SECONDS = 120.0
HIDDEN_SECONDS = 3600  # of a message that was counted
PAGE = 32
NAMED_MAX = 2000  # messages that are read; of more they are counted: of ten thousand Azurite gives 32 in seconds
DELETERS = 8


@dataclass
class Answers:
    """Every answer that callers got, and how many came too late for Event Grid."""

    counted: Counter[tuple[int, bool]] = field(default_factory=Counter)
    late: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, answer: requests.Response) -> requests.Response:
        with self.lock:
            self.counted[answer.status_code, "Retry-After" in answer.headers] += 1
        return answer

    @property
    def unexpected(self) -> list[tuple[int, bool]]:
        """Those that are neither a success, nor 429, nor 503 with a Retry-After."""
        return [
            (status, told)
            for status, told in self.counted
            if not (
                status < HTTPStatus.MULTIPLE_CHOICES
                or status == HTTPStatus.TOO_MANY_REQUESTS
                or (status in AGAIN and told)
            )
        ]

    def of(self, *statuses: int) -> int:
        return sum(count for (status, _), count in self.counted.items() if status in statuses)

    def until_taken(self, send: Callable[[], requests.Response]) -> requests.Response:
        """The first answer that does not say "come again"; asked for as a caller or Event Grid would."""
        until = time.monotonic() + PATIENCE_SECONDS
        for tried in count(1):
            answer = self.note(send())
            if answer.status_code not in AGAIN or time.monotonic() > until:
                return answer
            time.sleep(backoff(tried))
        raise AssertionError("count() has no end")


def at_once[Made](callers: int, act: Callable[[int], Made]) -> list[Made]:
    """What so many callers bring back, who all begin together."""
    ready = threading.Barrier(callers)

    def begin(number: int) -> Made:
        ready.wait()
        return act(number)

    with ThreadPoolExecutor(callers, "caller") as threads:
        return list(threads.map(begin, range(callers)))


def deliver(stack: Stack, answers: Answers, document: object) -> float:
    """Deliver an event until it is taken, as Event Grid does: again, too, when the answer comes too late.

    Returns how many seconds the first delivery took, at most those that Event Grid waits.
    """
    url, headers = stack.host.event_grid_url(EVENT_FUNCTION), {"aeg-event-type": "Notification"}
    for tried in count(1):
        began = time.monotonic()
        try:
            answers.until_taken(
                lambda: requests.post(url, json=[document], headers=headers, timeout=EVENT_GRID_SECONDS)
            )
        except requests.ReadTimeout:
            answers.late += 1
            time.sleep(EVENT_GRID_PAUSE_SECONDS)
        else:
            return EVENT_GRID_SECONDS if tried > 1 else time.monotonic() - began
    raise AssertionError("count() has no end")


def lost(stack: Stack, announced: set[str], *, named_max: int = NAMED_MAX, seconds: float = SETTLED_SECONDS) -> int:
    """How many of these documents have no row, or no message on the queue, which is empty then or left as it is.

    A delivery that was given up as late may still be at work: what is missing after a while is lost.
    """
    until, named = time.monotonic() + seconds, set[str]()
    while True:
        if len(announced) <= named_max:
            named |= set(messages(stack))
            unsent = len(announced - named)
        else:
            unsent = max(0, len(announced) - message_count(stack))
        missing = unsent + len(announced - chunk_rows(stack))
        if not missing or time.monotonic() > until:
            return missing
        time.sleep(0.5)


def recording_rows(stack: Stack) -> set[str]:
    """The ids of recordings that have a row."""
    return {str(row["PartitionKey"]) for row in rows(stack, f"RowKey eq '{RECORDING_ROW}'")}


def chunk_rows(stack: Stack) -> set[str]:
    """The documents that have a row."""
    wanted = f"RowKey ge '{CHUNK_ROWS}' and RowKey lt '{CHUNK_ROWS_END}'"
    return {str(row["RowKey"]).removeprefix(CHUNK_ROWS) for row in rows(stack, wanted)}


def rows(stack: Stack, wanted: str) -> list[TableEntity]:
    with TableServiceClient.from_connection_string(stack.azurite.connection_string) as tables:
        return list(tables.get_table_client(CATALOG_TABLE).query_entities(wanted, select=["PartitionKey", "RowKey"]))


def message_count(stack: Stack) -> int:
    with stack.queues as queues:
        return queues.get_queue_client(TRANSFER_QUEUE).get_queue_properties().approximate_message_count or 0


def forget_messages(stack: Stack) -> None:
    """Begin with an empty queue: each page of messages takes Azurite longer, the more there are."""
    with stack.queues as queues:
        queues.get_queue_client(TRANSFER_QUEUE).clear_messages()


def messages(stack: Stack) -> Iterator[str]:
    """The documents that messages name; each is taken off the queue."""
    with stack.queues as queues, ThreadPoolExecutor(DELETERS) as deleters:
        queue = queues.get_queue_client(TRANSFER_QUEUE)
        for page in queue.receive_messages(messages_per_page=PAGE, visibility_timeout=HIDDEN_SECONDS).by_page():
            taken = list(page)
            list(deleters.map(queue.delete_message, taken))
            yield from (msgspec.json.decode(one.content or "", type=ChunkRef).document_id for one in taken)


def documents(event: dict[str, object]) -> list[str]:
    data = event["data"]
    assert isinstance(data, dict)
    return [chunk["documentId"] for chunk in data["recordingStorageInfo"]["recordingChunks"]]


def megabytes_at_most(stack: Stack) -> float:
    """The most memory that the app's process ever had, host and app together, in MiB."""
    assert stack.host.process
    said = Path(f"/proc/{stack.host.process.pid}/status").read_text()
    kibibytes = next(line.split()[1] for line in said.splitlines() if line.startswith("VmHWM:"))
    return int(kibibytes) / 1024


@contextmanager
def slow_bodies(stack: Stack, path: str, many: int) -> Iterator[list[socket.socket]]:
    """So many requests whose bodies never end: every second one is half sent, the others come byte by byte."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n"
    connections = []
    for _ in range(many):
        connection = socket.create_connection(("127.0.0.1", stack.host.port), timeout=60)
        connection.sendall(f"{head}x-functions-key: {stack.host.keys.default}\r\n\r\n".encode() + b'{"serverCallId": "')
        connections.append(connection)
    over = threading.Event()
    sender = threading.Thread(target=trickle, args=(connections[::2], over))
    sender.start()
    try:
        yield connections
    finally:
        over.set()
        sender.join()
        for connection in connections:
            connection.close()


def trickle(connections: list[socket.socket], over: threading.Event) -> None:
    while not over.wait(0.1):
        for connection in connections:
            try:
                connection.send(b"x")
            except OSError:
                continue  # it was ended, as it should be


def status_of(connection: socket.socket) -> int:
    """The status of the answer that ends a connection."""
    said = connection.recv(65536)
    return int(said.split()[1])
