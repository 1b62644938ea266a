"""Checks of what ACS returns: it was seen to answer 200 with an empty body, and with HTML."""

import json

from shared.domain.blob_names import CONTENT_TYPES
from shared.domain.errors import SourceSuspect

SIGNATURE_BYTES = 12  # of the beginning of the media, unless there are fewer


def detected_format(head: bytes) -> str | None:
    """The media format by the first bytes; None when it is no format that ACS writes."""
    if head[:4] in {b"RIFF", b"RF64"} and head[8:12] == b"WAVE":
        return "wav"
    if head[4:8] == b"ftyp":
        return "mp4"
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0):  # noqa: PLR2004 - MPEG frame sync
        return "mp3"
    return None


def check_signature(head: bytes, announced: str | None) -> None:
    """Refuse media by their first bytes; without an announced format, any that ACS writes is accepted.

    Raises:
        SourceSuspect: they are no format that ACS writes, or another than announced.
    """
    found = detected_format(head)
    if found is None:
        raise SourceSuspect("The content begins like no recording: neither RIFF/WAVE nor ftyp nor an MPEG frame.")
    if announced in CONTENT_TYPES and found != announced:
        raise SourceSuspect(f"The content is {found}, but {announced} was announced.")


def check_metadata(content: bytes, document_id: str) -> dict[str, object]:
    """Parse ACS's metadata file: its fields depend on its age, but it must be JSON about this very chunk.

    Raises:
        SourceSuspect: it is anything else.
    """
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SourceSuspect("The metadata is not JSON.") from error
    if not isinstance(parsed, dict):
        raise SourceSuspect("The metadata is not a JSON object.")
    if parsed.get("chunkDocumentId", document_id) != document_id:
        raise SourceSuspect("The metadata is about another document.")
    return parsed
