"""How message texts travel: base64 of UTF-8 unless host.json says `none`."""

from __future__ import annotations

import base64
import binascii


class DecodingError(Exception):
    """A message that does not have the encoding host.json promises."""


def encode(text: str, *, base64_encoded: bool) -> str:
    return base64.b64encode(text.encode()).decode() if base64_encoded else text


def decode(text: str, *, base64_encoded: bool) -> str:
    if not base64_encoded:
        return text
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise DecodingError("the message is not base64 of UTF-8 text, as messageEncoding promises") from error
