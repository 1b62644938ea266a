"""Checks of what ACS returns: it was seen to answer 200 with an empty body, and with HTML."""

import json
import re

from shared.domain.blob_names import CONTENT_TYPES
from shared.domain.errors import SourceSuspect

SIGNATURE_BYTES = 12  # of the beginning of the media, unless there are fewer
# Two bytes of sync are not enough: UTF-16 text begins with FF FE. Layer III of MPEG 1, 2 or 2.5, and a bitrate of the
# table (ISO/IEC 11172-3, 2.4.2.3); ACS's own are FF F3 6x.
MP3_FRAME = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb][\x10-\xef]")
SAMPLING_BITS, SAMPLING_RESERVED = 2, 0b11
# https://id3.org/id3v2.4.0-structure: version, revision, flags, and a length of which each byte has seven bits
ID3_TAG = re.compile(rb"ID3[\x02-\x04][^\xff].[\x00-\x7f]{4}", re.DOTALL)


def detected_format(head: bytes) -> str | None:
    """The media format by the first bytes; None when it is no format that ACS writes."""
    if head[:4] in {b"RIFF", b"RF64"} and head[8:12] == b"WAVE":
        return "wav"
    if head[4:8] == b"ftyp":
        return "mp4"
    return "mp3" if ID3_TAG.match(head) or is_mp3_frame(head) else None


def is_mp3_frame(head: bytes) -> bool:
    return MP3_FRAME.match(head) is not None and head[2] >> SAMPLING_BITS & SAMPLING_RESERVED != SAMPLING_RESERVED


def check_signature(head: bytes, announced: str | None) -> str:
    """Returns the format of media by their first bytes; without an announced one, any that ACS writes is accepted.

    Raises:
        SourceSuspect: they are no format that ACS writes, or another than announced.
    """
    found = detected_format(head)
    if found is None:
        raise SourceSuspect("The content begins like no recording: neither RIFF/WAVE nor ftyp nor an MPEG frame.")
    if announced in CONTENT_TYPES and found != announced:
        raise SourceSuspect(f"The content is {found}, but {announced} was announced.")
    return found


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
