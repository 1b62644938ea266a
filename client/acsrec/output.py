"""What the command prints: tables for people, JSON for programs; no key and no link in either."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

from acsrec.errors import Error, Problem
from acsrec.replies import Chunk, Recording
from acsrec.verify import ExpectedFile

PLAIN_WIDTH = 400  # columns where nobody looks: a program that reads a table must find ids whole


def console(*, stderr: bool = False) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else PLAIN_WIDTH, highlight=False, emoji=False)


def text(value: object, style: str = "") -> Text:
    """A value as it is: no markup, and no control characters that a terminal would obey."""
    return Text("".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in str(value)), style)


def say(line: str, *, stderr: bool = False) -> None:
    console(stderr=stderr).print(text(line), soft_wrap=True)


def print_json(value: object) -> None:
    """One JSON document on one line, with the app's names and forms."""
    sys.stdout.write(json_text(value) + "\n")
    sys.stdout.flush()


def json_text(value: object) -> str:
    plain = msgspec.to_builtins(value, builtin_types=(datetime,))
    return msgspec.json.encode(plain_times(plain)).decode()


def plain_times(value: Any) -> Any:
    """The same with times as the app writes them: UTC, to the millisecond."""
    match value:
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03}Z"
        case dict():
            return {name: plain_times(one) for name, one in value.items()}
        case list() | tuple():
            return [plain_times(one) for one in value]
    return value


def error_document(error: Error) -> dict[str, object]:
    """An error for programs, in the words of a problem document."""
    if not isinstance(error, Problem):
        return {"detail": str(error)}
    told = {
        "status": error.status,
        "title": error.title,
        "detail": error.detail,
        "acsCode": error.acs_code,
        "acsStatus": error.acs_status,
        "id": error.id,
        "retryAfter": error.retry_after,
    }
    faults = [{"name": fault.name, "detail": fault.detail} for fault in error.faults]
    return {name: value for name, value in told.items() if value is not None} | ({"faults": faults} if faults else {})


def print_error(error: Error, *, as_json: bool) -> None:
    if as_json:
        sys.stderr.write(json_text(error_document(error)) + "\n")
        return
    say(f"acsrec: {error}", stderr=True)
    if isinstance(error, Problem):
        for fault in error.faults:
            say(f"  {fault.name}: {fault.detail}", stderr=True)
        if error.id:
            say(f"  recording {error.id}", stderr=True)


def time_of(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"


def bytes_text(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


STYLES = {"failed": "red", "completed": "green", "active": "bold", "transferring": "yellow"}


def table(names: Sequence[str], rows: Iterable[Sequence[Text | str]]) -> Table:
    """A plain table; its first column is never cut."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for number, name in enumerate(names):
        made.add_column(name, no_wrap=number == 0, overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def recordings_table(recordings: Iterable[Recording]) -> Table:
    names = ("id", "status", "created", "expires", "about")
    return table(names, map(recording_row, recordings))


def recording_row(recording: Recording) -> list[Text]:
    """What a list says of a recording; failure, what is waited for, or its tags."""
    tags = ", ".join(f"{name}={value}" for name, value in recording.tags.items())
    return [
        text(recording.id),
        text(recording.status, STYLES.get(recording.status, "")),
        text(time_of(recording.created_at)),
        text(time_of(recording.expires_at)),
        text(recording.failure or recording.waits_for or tags),
    ]


def print_recording(recording: Recording) -> None:
    """All that is not empty of a recording, and its chunks."""
    shown = console()
    fields: dict[str, Any] = msgspec.to_builtins(recording, builtin_types=(datetime,))
    chunks = fields.pop("chunks", None)
    rows = [
        [text(name), text(value_text(value))]
        for name, value in fields.items()
        if value is not None and value not in ([], (), {})
    ]
    shown.print(table(("field", "value"), rows))
    if chunks:
        shown.print()
        shown.print(table(("chunk", "status", "bytes", "sha256", "expires", "about"), map(chunk_row, recording.chunks)))


def value_text(value: object) -> str:
    """A field as a person reads it."""
    match value:
        case bool():
            return "yes" if value else "no"
        case datetime():
            return time_of(value)
        case dict():
            return ", ".join(f"{name}={value_text(one)}" for name, one in value.items())
        case list() | tuple():
            return "; ".join(map(value_text, value))
    return str(value)


def chunk_row(chunk: Chunk) -> list[Text]:
    words = {"deleted": "saved; original removed", "stored": "saved"}
    return [
        text(f"{chunk.index} {chunk.document_id}"),
        text(words.get(chunk.status, chunk.status), "red" if chunk.status == "failed" else ""),
        text(bytes_text(chunk.bytes)),
        text((chunk.sha256 or "")[:12]),
        text(time_of(chunk.expires_at)),
        text(chunk.failure or ""),
    ]


@contextmanager
def bars(*, show: bool) -> Iterator[tuple[Progress, Any]]:
    """A bar for the file that arrives, on a terminal alone."""
    shown = console()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(
        *columns, TimeRemainingColumn(), console=shown, transient=True, disable=not (show and shown.is_terminal)
    ) as progress:
        tasks: dict[str, Any] = {}

        def advance(file: ExpectedFile, done: int, total: int | None) -> None:
            if file.name not in tasks:
                for old in tasks.values():
                    progress.update(old, visible=False)
                tasks[file.name] = progress.add_task(file.name.replace("[", "\\["), total=total)
            progress.update(tasks[file.name], completed=done, total=total)

        yield progress, advance
