"""A proxy that records who is asked for: each tunnel (CONNECT), and each plain request with its whole URL.

It passes on what its rule allows, to the simulator's proxy or to this machine, and refuses all else with 502: nothing
that leaves the process under test gets anywhere without a line here. Requests to `REDIRECTING` it answers itself.
"""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from typing import Self
from urllib.parse import urlsplit

LOOPBACK = "127.0.0.1"
REDIRECTING = "redirecting.example"  # the first segment of a path is the status of the answer
PIECE_BYTES = 64 * 1024
STOP_SECONDS = 5.0


class RecordingProxy:
    """On a free port of loopback; use it as a context manager.

    Args:
        onward: the port of the proxy that takes the tunnels.
        passes: whether a host and port may be asked.
        target: where requests to `REDIRECTING` are redirected to.
    """

    def __init__(self, onward: int, passes: Callable[[str, int], bool], target: str = "https://evil.example/") -> None:
        self.onward = onward
        self.passes = passes
        self.target = target
        self.hosts: list[str] = []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="recording-proxy", daemon=True)
        self.port = 0
        self.serving: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def __enter__(self) -> Self:
        self.thread.start()
        self.server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self.accept, LOOPBACK, 0), self.loop
        ).result()
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self.close(), self.loop).result(STOP_SECONDS)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def close(self) -> None:
        self.server.close()
        for task in self.serving:
            task.cancel()
        await asyncio.gather(*self.serving, return_exceptions=True)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self.serving.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self.serve(reader, writer)
        finally:
            self.serving.discard(task)
            writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, _, headers = head.partition("\r\n")
        method, target, _ = line.split(" ")
        if method == "CONNECT":
            host, _, port = target.rpartition(":")
            self.hosts.append(target)
            onward, sent = self.onward, head
        else:
            url = urlsplit(target)
            host, port = str(url.hostname), str(url.port or 80)
            self.hosts.append(f"{host}:{port}")
            if host == REDIRECTING:
                status = url.path.split("/")[1]
                writer.write(f"HTTP/1.1 {status} Elsewhere\r\nLocation: {self.target}\r\n{END}".encode())
                await writer.drain()
                return
            # One request for each connection, so that each is seen: what follows goes through as it comes.
            kept = [each for each in headers.split("\r\n") if each and not each.lower().startswith("connection:")]
            origin_form = url._replace(scheme="", netloc="").geturl()
            sent = "\r\n".join([f"{method} {origin_form} HTTP/1.1", *kept, "Connection: close", "", ""])
            onward = int(port)
        if not self.passes(host, int(port)):
            writer.write(f"HTTP/1.1 502 Refused\r\n{END}".encode())
            await writer.drain()
            return
        far_reader, far_writer = await asyncio.open_connection(LOOPBACK, onward)
        try:
            far_writer.write(sent.encode("latin-1"))
            await first_of(passed_on(reader, far_writer), passed_on(far_reader, writer))
        finally:
            far_writer.close()


END = "Content-Length: 0\r\nConnection: close\r\n\r\n"


async def passed_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await source.read(PIECE_BYTES):
            sink.write(piece)
            await sink.drain()


async def first_of(*directions: Awaitable[None]) -> None:
    """Until either side has nothing more to say."""
    tasks = [asyncio.ensure_future(each) for each in directions]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
