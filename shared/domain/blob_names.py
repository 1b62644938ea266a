"""Names and content types of a recording's blobs. Other programs rely on them."""

from datetime import UTC, datetime

DEFAULT_FORMAT = "mp4"  # what ACS writes unless it is asked for another
# The formats that ACS writes; those that can be asked for are the same (`FormatType`, a test compares them).
CONTENT_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "mp4": "video/mp4"}
METADATA_CONTENT_TYPE = "application/json"


def folder(recording: str, day: datetime) -> str:
    return f"{day.astimezone(UTC):%Y/%m/%d}/{recording}"


def content_blob(folder: str, index: int, document_id: str, extension: str) -> str:
    return f"{folder}/{index:04}-{document_id}.{extension}"


def metadata_blob(folder: str, index: int, document_id: str) -> str:
    return f"{folder}/{index:04}-{document_id}.metadata.json"


def manifest_blob(folder: str, number: int) -> str:
    """Name of the manifest: recording.json, then recording.2.json and so on for a recording that was reopened."""
    return f"{folder}/recording.json" if number == 1 else f"{folder}/recording.{number}.json"
