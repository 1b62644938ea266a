"""What admin says to a body that it refuses: with msgspec's words, what would be allowed there."""

import re
from collections.abc import Iterator

import msgspec
from msgspec import inspect

PLACE = re.compile(r"(?:Invalid enum value|Object contains unknown field) .*?(?: - at `\$(?P<path>[^`]*)`)?")


def refusal(error: Exception, body: type) -> str:
    """Why a body was refused; of a value or name that is none of a closed list, with the list."""
    found = PLACE.fullmatch(str(error))
    if found is None or not isinstance(error, msgspec.ValidationError):
        return str(error)
    return f"{error}; allowed: {', '.join(allowed(body, found['path'] or '')) or 'nothing'}"


def allowed(body: type, path: str = "") -> list[str]:
    """The values, or the names of fields, that a structure allows at a place such as `.script.events.omit[0]`."""
    kinds = list(members(inspect.type_info(body)))
    for name in re.findall(r"\w+", path):
        kinds = [deeper for kind in kinds for inner in inside(kind, name) for deeper in members(inner)]
    values = [str(value) for kind in kinds if isinstance(kind, inspect.LiteralType) for value in kind.values]
    return values or [
        field.encode_name for kind in kinds if isinstance(kind, inspect.StructType) for field in kind.fields
    ]


def members(kind: inspect.Type) -> Iterator[inspect.Type]:
    """The type itself, or each of a union's."""
    if isinstance(kind, inspect.UnionType):
        yield from kind.types
    else:
        yield kind


def inside(kind: inspect.Type, name: str) -> Iterator[inspect.Type]:
    """The type of a structure's field of this name, or of an array's items."""
    if isinstance(kind, inspect.StructType):
        yield from (field.type for field in kind.fields if field.encode_name == name)
    elif isinstance(kind, inspect.VarTupleType | inspect.ListType):
        yield kind.item_type
