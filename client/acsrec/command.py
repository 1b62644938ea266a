"""The command `acsrec`: what an operator would otherwise write as loops of curl.

Exit codes: 0 fine, 1 a checksum differs, a file is missing or a step of `smoke` failed, 2 wrong usage, 3 the app
refused or could not.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.progress import DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from acsrec.client import Client
from acsrec.command_base import (
    KEY,
    URL,
    Address,
    Commands,
    Connection,
    Exit,
    Group,
    Id,
    Json,
    Room,
    Server,
    Tags,
    call_filters,
    opened,
    pairs,
)
from acsrec.command_compose import compose_file
from acsrec.command_events import events
from acsrec.command_smoke import smoke
from acsrec.download import FileResult, Outcome, download
from acsrec.errors import Unreadable
from acsrec.output import (
    bars,
    console,
    print_error,
    print_json,
    print_recording,
    recording_row,
    recordings_table,
    say,
    table,
    text,
)
from acsrec.queries import Filters, When
from acsrec.replies import ChannelAffinity, Recording, Replay, StartRequest
from acsrec.verify import DOCUMENT, WHOLE, read_document, verify

LIST_DEFAULT = 50
PAGE_MOST = 200  # recordings that the app puts on a page
TAIL_SECONDS = 5.0
TAIL_SECONDS_LEAST = 1.0
TAIL_HOURS = 24.0

app = typer.Typer(
    cls=Commands,
    help="Recordings of Azure Communication Services, through the call recording app.",
    epilog=f"The app's address comes from {URL}, a function key from {KEY}.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("compose")(compose_file)
app.command()(events)
app.command()(smoke)


@app.command("list")
def list_recordings(
    url: Address,
    status: Annotated[str | None, typer.Option(help="Only in this status.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Created then or later, such as 2026-11-22.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Created then or earlier; a day counts whole.")] = None,
    server_call_id: Server = None,
    call_connection_id: Connection = None,
    group_call_id: Group = None,
    room_id: Room = None,
    recording_id: Annotated[str | None, typer.Option(help="ACS's id of the recording.")] = None,
    tag: Tags = None,
    include_refused: Annotated[bool, typer.Option(help="Also starts that ACS refused.")] = False,
    most: Annotated[int, typer.Option(min=0, help="Recordings at most; 0 for all.")] = LIST_DEFAULT,
    as_json: Json = False,
) -> None:
    """List recordings, newest first."""
    filters: Filters = {
        "tags": pairs(tag, "NAME=VALUE"),
        "include_refused": include_refused,
        "limit": min(most or PAGE_MOST, PAGE_MOST),
    }
    if status is not None:
        filters["status"] = status
    if since is not None:
        filters["from_"] = since
    if until is not None:
        filters["to"] = until
    if recording_id is not None:
        filters["recording_id"] = recording_id
    filters |= call_filters(server_call_id, call_connection_id, group_call_id, room_id)
    with opened(url) as client:
        print_list(client.recordings(**filters), most, as_json=as_json)


@app.command("at-risk")
def at_risk(url: Address, as_json: Json = False) -> None:
    """List recordings with an original that is unsaved and expires within 12 hours, soonest first."""
    with opened(url) as client:
        print_list(client.at_risk(), 0, as_json=as_json)


def print_list(recordings: Iterator[Recording], most: int, *, as_json: bool) -> None:
    """Print a list, and then say where it is not whole.

    Raises:
        Unreadable: the app cannot read some of it.
    """
    found: list[Recording] = []
    unreadable: Unreadable | None = None
    try:
        found.extend(islice(recordings, most or None))
    except Unreadable as error:
        unreadable = error
    if as_json:
        print_json({"recordings": found, "unreadable": unreadable.ids if unreadable else ()})
    elif found:
        console().print(recordings_table(found))
    else:
        say("none", stderr=True)
    if unreadable is not None:
        raise unreadable


@app.command()
def show(id: Id, url: Address, as_json: Json = False) -> None:
    """Show a recording and its chunks."""
    with opened(url) as client:
        print_one(client.get(id), as_json=as_json)


def print_one(recording: Recording, *, as_json: bool) -> None:
    if as_json:
        print_json(recording)
    else:
        print_recording(recording)


@app.command()
def start(
    url: Address,
    server_call_id: Server = None,
    call_connection_id: Connection = None,
    group_call_id: Group = None,
    room_id: Room = None,
    content: Annotated[Literal["audio", "audioVideo"], typer.Option(help="What is recorded.")] = "audioVideo",
    channels: Annotated[Literal["mixed", "unmixed"], typer.Option(help="Voices in one or in several.")] = "mixed",
    format: Annotated[Literal["mp3", "mp4", "wav"] | None, typer.Option(help="The file format.")] = None,
    paused: Annotated[bool, typer.Option("--paused", help="Record nothing before it is resumed.")] = False,
    participant: Annotated[
        list[str] | None, typer.Option(help="RAW_ID=CHANNEL, of an unmixed recording; may be given several times.")
    ] = None,
    container: Annotated[str | None, typer.Option(help="Container of your own that ACS records into.")] = None,
    tag: Tags = None,
    idempotency_key: Annotated[
        str | None, typer.Option(help="Repeated with it, a start is one start. Without it: a new one.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Start recording a call; exactly one id names it."""
    pins = pairs(participant, "RAW_ID=CHANNEL")
    if wrong := [channel for channel in pins.values() if not channel.isdecimal()]:
        raise typer.BadParameter(f"{wrong[0]!r} is no number of a channel")
    request = StartRequest(
        server_call_id=server_call_id,
        call_connection_id=call_connection_id,
        group_call_id=group_call_id,
        room_id=room_id,
        recording_content_type=content,
        recording_channel_type=channels,
        recording_format_type=format,
        pause_on_start=paused,
        channel_affinity=tuple(ChannelAffinity(participant=id, channel=int(channel)) for id, channel in pins.items()),
        recording_storage_container_url=container,
        tags=pairs(tag, "NAME=VALUE"),
    )
    with opened(url) as client:
        print_one(client.start(request, key=idempotency_key), as_json=as_json)


@app.command()
def pause(id: Id, url: Address, as_json: Json = False) -> None:
    """Pause a recording."""
    with opened(url) as client:
        print_one(client.pause(id), as_json=as_json)


@app.command()
def resume(id: Id, url: Address, as_json: Json = False) -> None:
    """Resume a recording."""
    with opened(url) as client:
        print_one(client.resume(id), as_json=as_json)


@app.command()
def stop(id: Id, url: Address, as_json: Json = False) -> None:
    """Stop a recording; success means that ACS confirmed that it does not record."""
    with opened(url) as client:
        print_one(client.stop(id), as_json=as_json)


@app.command()
def replay(
    url: Address,
    id: Annotated[str | None, typer.Argument(help="The recording.", show_default=False)] = None,
    since: Annotated[str | None, typer.Option(help="Instead of one: whatever failed since then.")] = None,
    as_json: Json = False,
) -> None:
    """Drive failed or stuck chunks again, of a recording or of all since a time."""
    if (id is None) == (since is None):
        raise typer.BadParameter("name a recording, or give --since")
    with opened(url) as client:
        parts = [client.replay(id)] if id is not None else list(client.replay_since(since or ""))
    sent = Replay(
        transfers=sum(part.transfers for part in parts),
        deletions=sum(part.deletions for part in parts),
        continuation=None,
    )
    if as_json:
        print_json(sent)
    else:
        say(f"{sent.transfers} chunks are copied again, {sent.deletions} originals are deleted")


@app.command("download")
def download_files(
    id: Id,
    url: Address,
    to: Annotated[Path | None, typer.Option(help="The folder; the recording's id without it.")] = None,
    as_json: Json = False,
) -> None:
    """Download a recording's files, each verified, with recording.json for `verify`; goes on where it broke off."""
    folder = to or Path(id)
    results: list[FileResult] = []
    with opened(url) as client, bars(show=not as_json) as (progress, on_progress):
        for result in download(client, id, folder, on_progress):
            results.append(result)
            if not as_json:
                progress.print(result_text(result))
    status = read_document(folder / DOCUMENT).status
    if as_json:
        files = [file_document(one) for one in results]
        print_json({"folder": str(folder), "document": DOCUMENT, "status": status, "files": files})
    else:
        say(f"{sum(one.is_there for one in results)} of {len(results)} files, proven, in {folder}")
        if status not in WHOLE:
            say(f"the recording is {status}: these may not be all of its files", stderr=True)
    if any(result.outcome is Outcome.DIFFERS for result in results):
        raise typer.Exit(Exit.DIFFERS)
    if status not in WHOLE or not all(result.is_there for result in results):
        raise typer.Exit(Exit.REFUSED)


def result_text(result: FileResult) -> Any:
    style = "" if result.is_there else "red"
    return text(f"{result.outcome:10} {result.file.name}" + (f": {result.detail}" if result.detail else ""), style)


def file_document(result: FileResult) -> dict[str, object]:
    return {
        "name": result.file.name,
        "documentId": result.file.document_id,
        "kind": result.file.kind,
        "outcome": result.outcome,
        "sha256": result.file.sha256 if result.is_there else None,
        "detail": result.detail or None,
    }


@app.command("verify")
def verify_folder(
    folder: Annotated[Path, typer.Argument(help="With recording.json and the files.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Prove a folder's files without the app: against recording.json, downloaded or the app's own manifest."""
    shown = console()
    task_columns = (TextColumn("{task.description}"), DownloadColumn(), TransferSpeedColumn())
    with Progress(*task_columns, console=shown, transient=True, disable=as_json or not shown.is_terminal) as progress:
        task = progress.add_task("reading", total=None)
        found = verify(folder, lambda count: progress.advance(task, count))
    if as_json:
        print_json({**vars(found), "proven": found.proven})
    else:
        rows = [
            *([text("verified"), text(name), text("")] for name in found.verified),
            *([text("ALTERED", "red"), text(name), text("it has another SHA-256")] for name in found.altered),
            *([text("MISSING", "red"), text(name), text("")] for name in found.missing),
            *([text("unproven", "red"), text(name), text(reason)] for name, reason in found.unproven.items()),
            *([text("extra", "yellow"), text(name), text("it is none of the recording's")] for name in found.extra),
        ]
        shown.print(table(("result", "file", "about"), rows))
        told = "all files are proven" if found.proven else "NOT all files are there and proven"
        say(f"recording {found.id}, {found.status}, as {found.document} says: {told}")
        if not found.whole:
            say(f"a recording that is {found.status} may have more files: download it again", stderr=True)
    if not found.proven:
        raise typer.Exit(Exit.DIFFERS)


@app.command()
def tail(
    url: Address,
    interval: Annotated[float, typer.Option(min=TAIL_SECONDS_LEAST, help="Seconds between looks.")] = TAIL_SECONDS,
    hours: Annotated[float, typer.Option(min=0, help="Recordings that were created in the last hours.")] = TAIL_HOURS,
    looks: Annotated[int, typer.Option(min=0, help="End after so many looks; 0 for never.")] = 0,
    as_json: Json = False,
) -> None:
    """Show recordings as they change, until Ctrl-C."""
    seen: dict[str, datetime] = {}
    with opened(url) as client, suppress(KeyboardInterrupt):
        for looked in count(1):
            print_changes(client, seen, datetime.now(UTC) - timedelta(hours=hours), as_json=as_json)
            if looked == looks:
                return
            time.sleep(interval)


def print_changes(client: Client, seen: dict[str, datetime], since: When, *, as_json: bool) -> None:
    """Print what changed since it was seen, oldest change first; what the app cannot read is said, and no end."""
    now: list[Recording] = []
    try:
        now.extend(client.recordings(from_=since, include_refused=True, limit=PAGE_MOST))
    except Unreadable as error:
        print_error(error, as_json=as_json)
    for recording in sorted(now, key=lambda one: one.updated_at):
        if seen.get(recording.id) == recording.updated_at:
            continue
        seen[recording.id] = recording.updated_at
        if as_json:
            print_json(recording)
        else:
            id, status, _, _, about = recording_row(recording)
            line = text(f"{recording.updated_at.astimezone(UTC):%H:%M:%SZ} ").append(id).append(" ")
            console().print(line.append(status).append(" ").append(about), soft_wrap=True)
