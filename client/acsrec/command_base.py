"""What every command shares: the client from the environment, options, exit codes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntEnum
from typing import Annotated, Any

import httpx
import typer
from typer.core import TyperGroup

from acsrec.client import Client
from acsrec.errors import Error
from acsrec.output import print_error, say
from acsrec.queries import Filters
from acsrec.retries import Patience

KEY = "ACSREC_KEY"
URL = "ACSREC_URL"
PATIENCE_SECONDS = 30.0

# Another HTTP client for commands that run within a program of yours; its transport, certificates, hooks.
HTTP: ContextVar[httpx.Client | None] = ContextVar("HTTP", default=None)


class Exit(IntEnum):
    """How a command ends."""

    FINE = 0
    DIFFERS = 1
    USAGE = 2
    REFUSED = 3


class Commands(TyperGroup):
    """Ends a command that the app refused with its words and its exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Error as error:
            print_error(error, as_json=bool(ctx.meta.get("json")))
            raise typer.Exit(Exit.REFUSED) from error
        except BrokenPipeError:
            raise  # whoever read the output has seen enough
        except OSError as error:
            say(f"acsrec: {error}", stderr=True)
            raise typer.Exit(Exit.REFUSED) from error
        except ValueError as error:
            say(f"acsrec: {error}", stderr=True)
            raise typer.Exit(Exit.USAGE) from error


def remember(context: typer.Context, value: bool) -> bool:
    """Errors are told in the form that was asked for."""
    context.meta["json"] = value
    return value


Json = Annotated[bool, typer.Option("--json", help="Print JSON.", callback=remember)]
Id = Annotated[str, typer.Argument(help="This app's id of the recording.", show_default=False)]
Server = Annotated[str | None, typer.Option("--server-call-id", help="The call.")]
Connection = Annotated[str | None, typer.Option("--call-connection-id", help="The call.")]
Group = Annotated[str | None, typer.Option("--group-call-id", help="The call.")]
Room = Annotated[str | None, typer.Option("--room-id", help="The call.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="NAME=VALUE; may be given several times.")]
Address = Annotated[str, typer.Option("--url", envvar=URL, help="The app's address.", show_default=False)]


@contextmanager
def opened(url: str) -> Iterator[Client]:
    """The client for a command; the key is taken from the environment alone.

    Raises:
        ValueError: there is no key.
    """
    key = os.environ.get(KEY)
    if not key:
        raise ValueError(f"{KEY} is not set: it must hold a function key of the app")
    with Client(url, key, patience=Patience(PATIENCE_SECONDS), http=HTTP.get()) as client:
        yield client


def call_filters(server: str | None, connection: str | None, group: str | None, room: str | None) -> Filters:
    """The ids that name a call, as far as they are given."""
    filters: Filters = {}
    if server is not None:
        filters["server_call_id"] = server
    if connection is not None:
        filters["call_connection_id"] = connection
    if group is not None:
        filters["group_call_id"] = group
    if room is not None:
        filters["room_id"] = room
    return filters


def pairs(given: list[str] | None, what: str) -> dict[str, str]:
    """NAME=VALUE as a mapping; usage is wrong otherwise."""
    found: dict[str, str] = {}
    for one in given or ():
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"{one!r} is not {what}")
        found[name] = value
    return found
