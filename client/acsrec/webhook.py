"""A webhook for scripts: it takes the app's events on this machine, and gives them to whoever waits for one.

with Webhook() as webhook:
    recording = client.start(request)
    webhook.outcome(recording.id)

`python -m acsrec.webhook` prints a line of JSON for each event; with the id of a recording it prints that one's, and
ends with what became of it. Events are kept in memory, so a script that ends forgets them: what must not miss one
reads a queue. Whoever can reach the port can post an event, so take it as a hint, and ask the app.
"""

import argparse
import json
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from types import TracebackType
from typing import Any, Self

ADDRESS = "127.0.0.1"  # nobody else's machine
PORT = 8080
BODY_BYTES_MAX = 1 << 21  # Event Grid posts 1 MiB at most
READ_SECONDS = 5.0  # after which a connection that says nothing is closed
# Events that say what became of a recording. After `.Failed` a replay may lead to `.Completed` all the same.
OUTCOMES = frozenset({"CallRecording.Completed", "CallRecording.Empty", "CallRecording.Failed"})

type Event = dict[str, Any]


class Webhook:
    """Listens while it is used with `with`, and keeps every event once, in the order of arrival.

    Args:
        port: to listen on; 0 for any that is free.

    Raises:
        OSError: another program listens there.
    """

    def __init__(self, port: int = PORT) -> None:
        self._events: list[Event] = []
        self._ids: set[str] = set()
        self._arrived = threading.Condition()
        self._server = ThreadingHTTPServer((ADDRESS, port), handler_for(self))
        self._server.daemon_threads = False  # the end waits for answers that are under way
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.url = f"http://{ADDRESS}:{self._server.server_port}/events"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def taken(self) -> tuple[Event, ...]:
        """What has arrived so far."""
        return tuple(self._events)

    def __iter__(self) -> Iterator[Event]:
        """Every event from the first one on; waits for the next, without end."""
        return self.events()

    def events(self, seconds: float | None = None) -> Iterator[Event]:
        """Every event from the first one on, until so many seconds have passed.

        Raises:
            TimeoutError: they have.
        """
        until = None if seconds is None else time.monotonic() + seconds
        for number in count():
            with self._arrived:
                while len(self._events) <= number:
                    left = None if until is None else until - time.monotonic()
                    if (left is not None and left <= 0) or not self._arrived.wait(left):
                        raise TimeoutError(f"No such event in {seconds} s; {len(self._events)} others came")
            yield self._events[number]

    def outcome(self, id: str, seconds: float | None = None) -> Event:
        """The first event that says what became of a recording: `.Completed`, `.Empty` or `.Failed`.

        Args:
            id: of the recording.
            seconds: how long to wait; without end if not given: a call lasts as long as it lasts.

        Raises:
            TimeoutError: no such event came.
        """
        return next(event for event in self.events(seconds) if recording_of(event) == id and event["type"] in OUTCOMES)

    def take(self, events: Sequence[Event]) -> None:
        """Keep those that are new: what is delivered twice has the same id."""
        with self._arrived:
            for event in events:
                if event["id"] not in self._ids:
                    self._ids.add(event["id"])
                    self._events.append(event)
            self._arrived.notify_all()


def recording_of(event: Event) -> object:
    """The id of the recording that an event is about; None if it is about none."""
    data = event.get("data")
    return data.get("id") if isinstance(data, dict) else None


def events_of(body: bytes) -> list[Event]:
    """The CloudEvents that a delivery has: one, or an array of them.

    Raises:
        ValueError: it has something else.
    """
    document = json.loads(body)
    events = document if isinstance(document, list) else [document]
    for event in events:
        if not isinstance(event, dict) or not all(isinstance(event.get(name), str) for name in ("id", "type")):
            raise ValueError("A CloudEvent is an object with an id and a type")
    return events


def handler_for(webhook: Webhook) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = READ_SECONDS

        def do_OPTIONS(self) -> None:
            """Event Grid asks whether its events are wanted; whoever asks is told that they are."""
            origin = self.headers.get("WebHook-Request-Origin", "")
            allowed = {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"}
            self.answer(HTTPStatus.OK, allowed if origin.isprintable() else {})

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal() or int(length) > BODY_BYTES_MAX:
                return self.answer(HTTPStatus.CONTENT_TOO_LARGE)
            try:
                webhook.take(events_of(self.rfile.read(int(length))))
            except ValueError:
                return self.answer(HTTPStatus.BAD_REQUEST)
            return self.answer(HTTPStatus.OK)

        def answer(self, status: HTTPStatus, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": "0"}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: what is printed are events."""

    return Handler


def main(arguments: Sequence[str] | None = None) -> int:
    """Print events; the exit code is 1 when what became of the recording is a failure."""
    parser = argparse.ArgumentParser(prog="python -m acsrec.webhook", description="Print the app's events as JSON.")
    parser.add_argument("id", nargs="?", help="of a recording: print its events, and end with what became of it")
    parser.add_argument("--port", type=int, default=PORT, help=f"to listen on at {ADDRESS} (%(default)s)")
    given = parser.parse_args(arguments)
    with Webhook(given.port) as webhook:
        print_line(f"listening: {webhook.url}", sys.stderr)
        for event in webhook:
            if given.id in {None, recording_of(event)}:
                print_line(json.dumps(event, ensure_ascii=False), sys.stdout)
                if given.id and event["type"] in OUTCOMES:
                    return int(event["type"] == "CallRecording.Failed")
    return 0


def print_line(line: str, stream: Any) -> None:
    stream.write(f"{line}\n")
    stream.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt, BrokenPipeError):  # whoever read the output has seen enough
        sys.exit(main())
