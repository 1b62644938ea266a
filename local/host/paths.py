"""The path of a request as Kestrel hands it to routing: percent-decoded, then without its dot segments.

Two kinds of escapes stay as they were written: those of a slash, so that a value never gains one, and those that are
not UTF-8.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

ESCAPES = re.compile("(?:%[0-9A-Fa-f]{2})+")
ESCAPE_LENGTH = len("%2F")
NOT_UTF8 = range(0xDC80, 0xDD00)
"""What `surrogateescape` makes of the bytes 80 to FF where they are not part of a character."""


def request_path(target: str) -> str:
    """The path of a request line's target, which is a path and a query, or a whole URL."""
    decoded = ESCAPES.sub(lambda run: decode_run(run[0]), urlsplit(target).path)
    return without_dot_segments(decoded)


def decode_run(written: str) -> str:
    """The characters of escapes that follow each other."""
    characters = bytes.fromhex(written.replace("%", "")).decode("utf-8", "surrogateescape")
    text, at = "", 0
    for character in characters:
        stays = character == "/" or ord(character) in NOT_UTF8
        end = at + ESCAPE_LENGTH * (1 if stays else len(character.encode()))
        text += written[at:end] if stays else character
        at = end
    return text


def without_dot_segments(path: str) -> str:
    """RFC 3986, section 5.2.4."""
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            # The first one is the emptiness before the leading slash.
            del kept[max(1, len(kept) - 1) :]
        elif segment != ".":
            kept.append(segment)
    # A dot segment at the end names a folder.
    return "/".join([*kept, ""] if segments[-1] in {".", ".."} else kept)
