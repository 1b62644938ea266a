"""`acsrec events`: what other apps were told of a recording, and telling it again."""

from typing import Annotated

import typer
from rich.text import Text

from acsrec.command_base import Address, Id, Json, opened
from acsrec.output import console, print_json, say, table, text, time_of
from acsrec.replies import Event, Events, Resent

COLUMNS = ("time", "type", "what", "by", "sent", "tries", "about")


def events(
    id: Id,
    url: Address,
    resend: Annotated[bool, typer.Option("--resend", help="Have them sent again, under their ids.")] = False,
    key: Annotated[
        str | None, typer.Option(help="Of one event, such as Stopped:2, as the list shows it: only that one.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what other apps were told of a recording, and whether the topic took it; or have it told again."""
    with opened(url) as client:
        if resend:
            count = client.resend_events(id, key)
            if as_json:
                print_json(Resent(events=count))
            else:
                say(f"{count} events are sent again")
            return
        found = tuple(event for event in client.events(id) if key in {None, event.key})
    if as_json:
        print_json(Events(events=found))
    elif found:
        console().print(table(COLUMNS, map(event_row, found)))
    else:
        say("none", stderr=True)


def event_row(event: Event) -> list[Text]:
    about, style = told_about(event)
    return [
        text(time_of(event.time)),
        text(event.type.rpartition(".")[2]),
        text(event.key),
        text(event.by),
        text(time_of(event.sent_at)),
        text(event.attempts or ""),
        text(about, style),
    ]


def told_about(event: Event) -> tuple[str, str]:
    """Why an event was not sent, and when it is tried again; with a style."""
    if event.next_try_at is not None:
        return f"{event.last_error or 'it is on its way.'} Next try {time_of(event.next_try_at)}", "yellow"
    if event.last_error is not None:
        return f"given up: {event.last_error}", "red"
    return ("", "") if event.sent_at is not None else ("there was no topic", "")
