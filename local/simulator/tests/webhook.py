"""A webhook that keeps what it was sent and answers as it is told."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Received:
    """One request that arrived."""

    method: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


class Webhook:
    """Listens on loopback; the first answers come from `statuses`, later ones are 200."""

    def __init__(self, statuses: tuple[int, ...] = ()) -> None:
        self.statuses = list(statuses)
        self.received: list[Received] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?code=k"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        self.received.append(request)
        if self.statuses:
            return self.statuses.pop(0), {}, b""
        if request.headers.get("aeg-event-type") == "SubscriptionValidation":
            code = request.document[0]["data"]["validationCode"]
            return 200, {}, json.dumps({"validationResponse": code}).encode()
        return 200, {"WebHook-Allowed-Origin": "eventgrid.azure.net"}, b""

    def wait(self, count: int) -> list[Received]:
        wait_until(lambda: len(self.received) >= count)
        return self.received

    def handler(self) -> type[BaseHTTPRequestHandler]:
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, extra, answer = webhook.answer(Received(self.command, headers, body))
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(answer))} | extra).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            do_POST = do_OPTIONS = handle_one  # noqa: N815 - the names are http.server's

            def log_message(self, *_: object) -> None: ...

        return Handler


def wait_until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "It did not happen in time"
        time.sleep(0.005)
