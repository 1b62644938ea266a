"""Names and content types of a recording's blobs. Other programs rely on them."""

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime

DEFAULT_FORMAT = "mp4"  # what ACS writes unless it is asked for another
# The formats that ACS writes; those that can be asked for are the same (`FormatType`, a test compares them).
CONTENT_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "mp4": "video/mp4"}
UNFINISHED = ".unfinished"
METADATA_ENDING = ".metadata.json"
METADATA_CONTENT_TYPE = "application/json"
MANIFEST = re.compile(r"recording(?:\.(?P<number>[2-9]|[1-9][0-9]{1,2}))?\.json", re.ASCII)


def folder(recording: str, day: datetime) -> str:
    return f"{day.astimezone(UTC):%Y/%m/%d}/{recording}"


def content_blob(folder: str, index: int, document_id: str, extension: str, *, unfinished: bool = False) -> str:
    """Name of a copy; of a chunk that ACS still records another one, since nothing is written over a copy."""
    return f"{folder}/{index:04}-{document_id}{UNFINISHED if unfinished else ''}.{extension}"


def stem(content_blob: str) -> str:
    """What names a copy whatever its format: the rest says only how it can be played."""
    return content_blob.rpartition(".")[0]


def in_format(content_blob: str, extension: str) -> str:
    """Name of the same copy in a format."""
    return f"{stem(content_blob)}.{extension}"


def metadata_blob(content_blob: str) -> str:
    """Name of the metadata that go with a copy."""
    return f"{stem(content_blob)}{METADATA_ENDING}"


def saved_as(recording: str, began: datetime, index: int, blob: str) -> str:
    """Name under which a person saves a file: when the recording began, whose it is, and the ending of its blob."""
    file = blob.rpartition("/")[2]
    ending = METADATA_ENDING if file.endswith(METADATA_ENDING) else f".{file.rpartition('.')[2]}"
    return f"{began.astimezone(UTC):%Y-%m-%dT%H%M%SZ}-{recording[:8]}-{index:04}{ending}"


def export_blob(recording: str, etags: Sequence[str], extension: str) -> str:
    """Name of the one file that is composed of these copies, in their order: of others it is another one."""
    digest = hashlib.sha256("\n".join(etags).encode()).hexdigest()
    return f"{recording}/{digest}.{extension}"


def export_saved_as(recording: str, began: datetime, extension: str) -> str:
    """Name under which a person saves it."""
    return f"{began.astimezone(UTC):%Y-%m-%dT%H%M%SZ}-{recording[:8]}.{extension}"


def manifest_number(folder: str, name: str) -> int:
    """Which manifest of a folder a blob is; 0 when it is none."""
    matched = MANIFEST.fullmatch(name.removeprefix(f"{folder}/"))
    return int(matched["number"] or 1) if matched else 0


def manifest_blob(folder: str, number: int) -> str:
    """Name of the manifest: recording.json, then recording.2.json and so on for a recording that was reopened."""
    return f"{folder}/recording.json" if number == 1 else f"{folder}/recording.{number}.json"
