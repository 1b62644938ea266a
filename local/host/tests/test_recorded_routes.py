"""The router beside the real one: every request line that was put to that, as bytes on a connection of its own."""

from __future__ import annotations

import http.client
import json
import socket
from typing import TYPE_CHECKING

import pytest

from local.host.bindings import Function, HttpTrigger
from local.host.http_functions import HttpFunctions
from local.host.http_server import LOOPBACK, HttpServer
from local.host.keys import Keys
from local.host.protocol import TypedData
from local.host.routes import Route, Router, Template, route_text
from local.host.settings import AppSettings

from .played import playing, succeeded
from .recorded.routes import NOT_FOUND, REFUSED, ROUTED, ROUTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.host.worker import Invocation, Outcome


async def tell(invocation: Invocation) -> Outcome:
    """Answer with what the worker got: the function, and the values of the route."""
    return succeeded(TypedData(string=json.dumps([invocation.function_id, invocation.value.value.params])))


@pytest.fixture(scope="module")
def server() -> Iterator[HttpServer]:
    triggers = {
        name: HttpTrigger("req", template, frozenset(methods), "anonymous")
        for name, (template, methods) in ROUTES.items()
    }
    router = Router(
        Route(name, Template(route_text("api", trigger.route)), trigger.methods) for name, trigger in triggers.items()
    )
    functions = {name: (Function(name, name, trigger, (), None, None), trigger) for name, trigger in triggers.items()}
    with playing(tell) as invoker:
        answering = HttpFunctions(functions, router, Keys(), AppSettings({}), invoker, authentication=True)
        server = HttpServer(0, answering.answer, 1000)
        server.start()
        yield server
        server.drain(1)
        server.server_close()


def ask(server: HttpServer, line: str) -> tuple[int, str]:
    with socket.create_connection((LOOPBACK, server.server_address[1]), timeout=5) as connection:
        connection.sendall(f"{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        response = http.client.HTTPResponse(connection, method=line.partition(" ")[0])
        response.begin()
        return response.status, response.read().decode()


@pytest.mark.parametrize(("line", "function", "values"), ROUTED)
def test_a_request_reaches_the_function_it_reaches_in_azure(
    server: HttpServer, line: str, function: str, values: dict[str, str]
) -> None:
    status, body = ask(server, line)

    assert (status, body and json.loads(body)) == (200, [function, values])


@pytest.mark.parametrize("line", NOT_FOUND)
def test_a_request_that_reaches_no_function_in_azure_reaches_none(server: HttpServer, line: str) -> None:
    assert ask(server, line) == (404, "")


@pytest.mark.parametrize("line", REFUSED)
def test_a_request_that_kestrel_refuses_is_refused(server: HttpServer, line: str) -> None:
    assert ask(server, line) == (400, "")
