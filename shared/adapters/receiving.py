"""A transport for the SDKs that receives a body where its bytes are to stay.

The SDK's own transport, on requests and urllib3, reads a body as new `bytes` objects: memory that is filled, copied
once more and thrown away. Everything else of it stays as it is: proxies and certificates of the environment, time-outs,
pooled connections and how failures are told. Only the connections of its pools are ours; each keeps its present answer
of the standard library, which can read into memory of the caller.
"""

import io
from collections.abc import Buffer, Callable
from functools import partial
from http.client import HTTPResponse
from typing import Any, cast

import requests
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpResponse
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Retry
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.poolmanager import PoolManager

from shared.adapters.bounded_answers import bounded

# Between two looks at the clock and at the claim: at the slowest rate that is waited for, half a minute.
PIECE_BYTES = 256 * 1024
SOCKS = "socks"  # its proxies have connections of their own

type Receive = Callable[[memoryview], int]


class OneReceive(io.BufferedReader):
    """Reads into memory what one call of the kernel gives, instead of calling it until the memory is full."""

    def readinto(self, target: Buffer) -> int:
        return self.readinto1(target)


class PlainAnswer(HTTPResponse):
    """An answer in the clear, whose body is received by single calls of the kernel.

    Each is offered all of the target, however long: where much has arrived already, few calls take it.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fp = OneReceive(self.fp.detach())


class KeepingConnection(HTTPConnection):
    """A connection that keeps its present answer."""

    kind: type[HTTPResponse] = PlainAnswer
    answer: HTTPResponse | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.response_class = cast("Any", self.keep)

    def keep(self, *arguments: Any, **options: Any) -> HTTPResponse:
        self.answer = self.kind(*arguments, **options)
        return self.answer


class KeepingTlsConnection(KeepingConnection, HTTPSConnection):
    """The same over TLS, which never gives more than a record of 16 KiB: the standard library collects a piece."""

    kind = HTTPResponse


class KeepingPool(HTTPConnectionPool):
    """Makes such connections."""

    ConnectionCls = KeepingConnection


class KeepingTlsPool(HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls = KeepingTlsConnection


class KeepingAdapter(HTTPAdapter):
    """Has such pools, for a direct way and for one through a proxy."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager = with_keeping_pools(self.poolmanager)

    def send(self, *arguments: Any, **options: Any) -> requests.Response:
        return bounded(super().send(*arguments, **options), streamed=bool(options.get("stream")))

    def proxy_manager_for(self, proxy: str, **options: Any) -> PoolManager:
        manager = super().proxy_manager_for(proxy, **options)
        return manager if proxy.lower().startswith(SOCKS) else with_keeping_pools(manager)


class PlainSession(requests.Session):
    """Hands out a redirect like any answer.

    The library would parse its target even where it is not to follow it, and raise for a malformed one.
    """

    def get_redirect_target(self, _answer: requests.Response) -> None:
        return None


def with_keeping_pools(manager: PoolManager) -> PoolManager:
    manager.pool_classes_by_scheme = {"http": KeepingPool, "https": KeepingTlsPool}
    return manager


def receiving_transport(**options: Any) -> RequestsTransport:
    """The SDK's transport on such connections; `options` are its own. By itself it neither retries nor redirects."""
    session = PlainSession()
    adapter = KeepingAdapter(max_retries=Retry(total=False, redirect=False, raise_on_status=False))
    for scheme in ("http://", "https://"):
        session.mount(scheme, adapter)
    return RequestsTransport(session=session, **options)


def receiver(response: HttpResponse) -> Receive:
    """What receives the next piece of a streamed response into memory and returns its length; less only at the end.

    It raises `OSError` and `http.client.HTTPException`, or urllib3's `HTTPError` where another transport was used.
    """
    raw = cast("Any", response).internal_response.raw
    answer = getattr(raw.connection, "answer", None)
    if answer is not None and not answer.chunked:  # of a chunk, the standard library wants all in one call
        return partial(receive_directly, raw, answer)
    return lambda target: int(raw.readinto(target[:PIECE_BYTES]))


def receive_directly(raw: Any, answer: HTTPResponse, target: memoryview) -> int:
    """Receive a piece by the standard library's answer, past urllib3's, which gives the connection back at the end."""
    received, piece = 0, min(len(target), PIECE_BYTES)
    offered = target if isinstance(answer, PlainAnswer) else target[:piece]
    while received < piece and (count := answer.readinto(offered[received:])):
        received += count
    if answer.isclosed() and not answer.length:  # with a length left, the body was cut, and the connection is over
        raw.release_conn()
    return received
