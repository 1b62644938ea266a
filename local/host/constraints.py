"""Route constraints, as ASP.NET Core's inline constraints define them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

type Constraint = Callable[[str], bool]

WRITTEN = re.compile(r"(\w+)(?:\((.*)\))?", re.DOTALL)
INT32, INT64 = 2**31, 2**63
HYPHENATED = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
GUID = re.compile(rf"[0-9a-f]{{32}}|{HYPHENATED}|\{{{HYPHENATED}\}}|\({HYPHENATED}\)", re.IGNORECASE)
DATES = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%m/%d/%Y", "%Y-%m-%d %H:%M:%S")


class ConstraintError(Exception):
    """A constraint that ASP.NET does not know, or with arguments it cannot read."""


def parse_constraint(written: str) -> Constraint:
    """A predicate for `int`, `range(1,5)`, `regex(^a+$)` and the others."""
    match = WRITTEN.fullmatch(written)
    if match is None:
        raise ConstraintError(f"{written!r} is not a constraint")
    name, arguments = match[1].lower(), match[2]
    try:
        return simple(name) if arguments is None else with_arguments(name, arguments)
    except (KeyError, ValueError, re.error) as error:
        raise ConstraintError(f"unknown route constraint {written!r}") from error


def simple(name: str) -> Constraint:
    known: dict[str, Constraint] = {
        "int": lambda text: is_integer(text, INT32),
        "long": lambda text: is_integer(text, INT64),
        "alpha": lambda text: re.fullmatch("[A-Za-z]*", text) is not None,
        "bool": lambda text: text.lower() in {"true", "false"},
        "guid": is_guid,
        "datetime": is_date,
        "decimal": is_number,
        "double": is_number,
        "float": is_number,
        "required": bool,
    }
    return known[name]


def with_arguments(name: str, arguments: str) -> Constraint:
    if name == "regex":
        # ASP.NET's RegexRouteConstraint ignores case and anchors nothing.
        pattern = re.compile(arguments, re.IGNORECASE)
        return lambda text: pattern.search(text) is not None
    numbers = [int(number) for number in arguments.split(",")]
    low, high = numbers[0], numbers[-1]
    known: dict[str, Constraint] = {
        "length": lambda text: low <= len(text) <= high,
        "minlength": lambda text: len(text) >= low,
        "maxlength": lambda text: len(text) <= high,
        "min": lambda text: is_integer(text, INT64) and int(text) >= low,
        "max": lambda text: is_integer(text, INT64) and int(text) <= high,
        "range": lambda text: is_integer(text, INT64) and low <= int(text) <= high,
    }
    return known[name]


def is_integer(text: str, limit: int) -> bool:
    return re.fullmatch(r"[+-]?\d{1,20}", text, re.ASCII) is not None and -limit <= int(text) < limit


def is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII) is not None


def is_guid(text: str) -> bool:
    return GUID.fullmatch(text) is not None


def is_date(text: str) -> bool:
    return any(matches_date(text, form) for form in DATES)


def matches_date(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007 - only whether it parses
    except ValueError:
        return False
    return True
