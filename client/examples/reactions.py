"""What is done about an event, whichever way it came: files are fetched and proven, people are told.

An event is a hint: what counts is asked of the app. Each reaction may be repeated, since an event may come twice.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import acsrec

log = logging.getLogger("recordings")

type Event = dict[str, Any]
type Tell = Callable[[str], object]


def react(event: Event, client: acsrec.Client, folder: Path, tell: Tell = log.critical) -> None:
    """Do what an event asks for; it is done when this returns.

    Args:
        event: the CloudEvent.
        client: of the app that sent it.
        folder: for recordings, each in a folder of its own.
        tell: puts a text before somebody who acts on it: a pager, a channel of your team.

    Raises:
        acsrec.Error, OSError: not now; the same event again later.
    """
    data, recording = event["data"], client.get(event["data"]["id"])
    match event["type"]:
        case "CallRecording.Completed" if recording.status == "completed":  # else it was reopened: another will follow
            fetch(client, recording.id, folder / recording.id)
        case "CallRecording.AtRisk" if recording.status not in {"completed", "empty"}:
            tell(
                f"Recording {recording.id} is not saved, and ACS destroys it at {data['expiresAt']}: {data['failure']}"
            )
        case "CallRecording.Failed" if recording.status == "failed":
            tell(f"Recording {recording.id} failed ({recording.failure_kind}): {recording.failure}")


def fetch(client: acsrec.Client, id: str, folder: Path) -> None:
    """Have a completed recording's files in a folder, every one with its proven SHA-256."""
    lost = [result for result in acsrec.download(client, id, folder) if not result.is_there]
    if lost or not acsrec.verify(folder).proven:
        raise acsrec.Error(f"{folder} is not whole: {[(result.file.name, result.detail) for result in lost]}")
