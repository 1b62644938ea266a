"""Fields of a request, read into a struct whose types say what is allowed: the same types that the document shows.

All faults are told at once, each with the field's name and what it must be:

    limit: it must be a whole number from 1 to 200.
    recordingFormatType: it must be one of wav, mp3, mp4.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import inspect

from shared.domain.errors import InvalidRequest, WrongField
from shared.domain.json_fields import ALLOWED

PATH = re.compile(r" - at `\$(.*)`$", re.DOTALL)  # how msgspec names the place of a fault
NUMBER = re.compile(r"-?[0-9]{1,9}", re.ASCII)
# How it says that a name inside an object is missing or unknown.
WITHIN = re.compile(r"Object (?:missing required field `(?P<missing>\w+)`|contains unknown field `(?P<unknown>[^`]*)`)")
STEP = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")  # a field, an item, or a value of an object with free names


def read_fields[Fields: msgspec.Struct](kind: type[Fields], values: Mapping[str, object]) -> Fields:
    """The struct of what was given. Raises: InvalidRequest, with every fault."""
    faults = list(wrong_fields(kind, values))
    if faults:
        raise InvalidRequest.of(faults)
    return msgspec.convert(values, kind)


def read_texts[Fields: msgspec.Struct](kind: type[Fields], texts: Mapping[str, object]) -> Fields:
    """The struct of what was given as text, such as a query's. Raises: InvalidRequest, with every fault."""
    types = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    return read_fields(kind, {name: meant(text, types.get(name)) for name, text in texts.items()})


def meant(text: object, kind: Any) -> object:
    """The number or the truth value that a text stands for, where its type is one; else the text."""
    if isinstance(text, str) and kind is not None:
        match bare(inspect.type_info(kind)):
            case inspect.BoolType():
                return {"true": True, "false": False}.get(text, text)
            case inspect.IntType():
                return int(text) if NUMBER.fullmatch(text) else text
    return text


def bare(kind: inspect.Type) -> inspect.Type:
    """A type without what its Meta adds, and without null."""
    match kind:
        case inspect.Metadata():
            return bare(kind.type)
        case inspect.UnionType():
            return bare(next(one for one in kind.types if not isinstance(one, inspect.NoneType)))
    return kind


def wrong_fields(kind: type[msgspec.Struct], values: Mapping[str, object]) -> Iterator[WrongField]:
    """What is wrong with each field, the unknown ones last."""
    fields = msgspec.structs.fields(kind)
    for field in fields:
        name = field.encode_name
        if name in values:
            yield from wrong_value(name, values[name], field.type)
        elif field.required:
            yield missing(name, inspect.type_info(field.type))
    names = [field.encode_name for field in fields]
    yield from (unknown(name, names) for name in values if name not in names)


def wrong_value(name: str, value: object, kind: Any) -> Iterator[WrongField]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        place, within = PATH.search(str(error)), WITHIN.match(str(error))
        path = place[1] if place else ""
        there = type_at(inspect.type_info(kind), path)
        if within is None:
            yield WrongField(f"{name}{path}", f"it must be {allowed(there)}.")
        elif within["missing"]:
            yield missing(f"{name}{path}.{within['missing']}", part_of(there, within["missing"]))
        else:
            yield unknown(f"{name}{path}.{within['unknown']}", names_in(there))


def missing(name: str, kind: inspect.Type) -> WrongField:
    return WrongField(name, f"it is missing; it must be {allowed(kind)}.")


def unknown(name: str, names: Sequence[str]) -> WrongField:
    known = f"known are {', '.join(names)}" if names else "none is known"
    return WrongField(name, f"there is no such name here; {known}.")


def names_in(kind: inspect.Type) -> list[str]:
    """The names of an object's fields."""
    return [field.encode_name for field in kind.fields] if isinstance(kind, inspect.StructType) else []


def type_at(kind: inspect.Type, path: str) -> inspect.Type:
    """The type at a place inside another one."""
    for step in STEP.finditer(path):
        kind = part_of(kind, step[1])
    return kind


def part_of(kind: inspect.Type, field: str | None) -> inspect.Type:
    """The type of a struct's field, or of any item."""
    match bare(kind):
        case inspect.StructType(fields=fields):
            return next((known.type for known in fields if known.encode_name == field), kind)
        case inspect.VarTupleType(item_type=item):
            return item
        case inspect.DictType(value_type=value):
            return value
    return kind


def allowed(kind: inspect.Type) -> str:
    """What a value of a type must be, as a phrase."""
    match kind:
        case inspect.Metadata():
            phrase = (kind.extra or {}).get(ALLOWED) or allowed(kind.type)
        case inspect.UnionType():
            phrase = " or ".join(allowed(one) for one in kind.types if not isinstance(one, inspect.NoneType))
        case inspect.VarTupleType():
            phrase = f"an array{at_most(kind.max_length)}, each {allowed(kind.item_type)}"
        case inspect.DictType():
            names = f"a name is {allowed(kind.key_type)}, a value {allowed(kind.value_type)}"
            phrase = f"an object{at_most(kind.max_length)}; {names}"
        case inspect.StructType():
            phrase = f"an object with {' and '.join(field.encode_name for field in kind.fields)} and nothing else"
        case _:
            phrase = allowed_scalar(kind)
    return str(phrase)


def allowed_scalar(kind: inspect.Type) -> str:
    match kind:
        case inspect.EnumType():
            return f"one of {', '.join(member.value for member in kind.cls)}"
        case inspect.LiteralType():
            return f"one of {', '.join(str(value) for value in kind.values)}"
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            return f"a whole number from {kind.ge} to {kind.le}"
        case inspect.StrType():
            return f"a text{characters(kind.min_length, kind.max_length)}"
    raise TypeError(kind)  # no request has a field of another type


def characters(low: int | None, high: int | None) -> str:
    if high is None:
        return ""
    return f" of {low} to {high} characters" if low else f" of at most {high} characters"


def at_most(items: int | None) -> str:
    return "" if items is None else f" of at most {items}"
