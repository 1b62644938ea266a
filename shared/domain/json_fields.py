"""Tolerant readers of JSON that others write: a malformed or implausible value counts as missing."""

import codecs
import re
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from shared.domain.errors import InvalidRequest, NotUnderstood, TooLarge

type Json = Mapping[str, object]

# Beyond these, arithmetic and columns overflow: such a value cannot be meant, and must not stop the event.
NUMBER_MAX = 10**12
DIGITS = re.compile(r"\d{1,12}", re.ASCII)
YEAR_MIN, YEAR_MAX = 2000, 2200
ALLOWED = "allowed"  # key in Meta(extra=…) of a request's types: words for what no constraint says
LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can write one; no encoding can


def check_body_length(body: bytes, bytes_max: int) -> None:
    """Raises: TooLarge when a body is longer than that."""
    if len(body) > bytes_max:
        raise TooLarge(f"The body has {len(body)} bytes; {bytes_max} are allowed.")


def fractional(text: str) -> float:
    """The number that has a fraction or an exponent in JSON, where 4.0 is the whole number 4."""
    value = float(text)
    return int(value) if value.is_integer() else value


DECODER: msgspec.json.Decoder[object] = msgspec.json.Decoder(float_hook=fractional)


def parse_json(body: bytes) -> object:
    """The value of a body; a byte order mark before it is passed over.

    Raises:
        InvalidRequest: it is no JSON in UTF-8.
    """
    content = body.removeprefix(codecs.BOM_UTF8)
    if not content.strip():
        raise InvalidRequest("The body is empty; it must be JSON.")
    try:
        value: object = DECODER.decode(content.decode())
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"The body is not JSON in UTF-8: byte {error.start} cannot be read.") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidRequest(f"The body is not JSON: {error}.") from error
    return value


def mapping(document: Json, name: str) -> Json:
    value = document.get(name)
    if not isinstance(value, Mapping):
        raise NotUnderstood(f"The event's {name} is missing or not an object.")
    return value


def text(document: Json, name: str) -> str | None:
    value = document.get(name)
    return value if isinstance(value, str) and value and not LONE_SURROGATE.search(value) else None


def number(document: Json, name: str) -> int | None:
    """A non-negative whole number; the documentation shows some of them as strings."""
    value = document.get(name)
    if isinstance(value, str) and DIGITS.fullmatch(value):
        value = int(value)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= NUMBER_MAX:
        return None
    return int(value)


def moment(document: Json, name: str) -> datetime | None:
    """A time in UTC; None when missing, malformed or implausible."""
    return parse_time(text(document, name) or "")


def parse_time(value: str) -> datetime | None:
    """An RFC 3339 time or day in UTC, which is assumed where no offset stands; None when malformed or implausible."""
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    if not YEAR_MIN <= parsed.year <= YEAR_MAX:
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
