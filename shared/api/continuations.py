"""Continuations: opaque to callers, and bound to the request that they go on with.

A cursor means something in one list only: given elsewhere it would skip what it should show, and nobody could tell.
"""

import base64
import hashlib
from collections.abc import Mapping

import msgspec

from shared.domain.errors import InvalidRequest, WrongField

DIGEST_BYTES = 8
FOREIGN = WrongField("continuation", "it must be the one that the last answer to the same request gave; begin anew.")


def continuation_of(cursor: str | None, scope: Mapping[str, object]) -> str | None:
    """What a caller is given for a cursor; None at the end of a list."""
    if cursor is None:
        return None
    return base64.urlsafe_b64encode(digest(scope) + cursor.encode()).decode().rstrip("=")


def cursor_of(continuation: str | None, scope: Mapping[str, object]) -> str | None:
    """The cursor in what a caller gives back. Raises: InvalidRequest when it belongs to another request."""
    if continuation is None:
        return None
    try:
        content = base64.b64decode(continuation + "=" * (-len(continuation) % 4), altchars=b"-_", validate=True)
        cursor = content[DIGEST_BYTES:].decode()
    except ValueError as error:
        raise InvalidRequest.of([FOREIGN]) from error
    if content[:DIGEST_BYTES] != digest(scope):
        raise InvalidRequest.of([FOREIGN])
    return cursor


def digest(scope: Mapping[str, object]) -> bytes:
    return hashlib.sha256(msgspec.json.encode(scope, order="deterministic")).digest()[:DIGEST_BYTES]
