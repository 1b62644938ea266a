"""Route templates and which function answers a URL.

The Functions host registers one ASP.NET route per function, sorted by function name without case, and takes the
first that matches: templates do not win by being more specific. Methods are part of the match, so a wrong method
is 404, never 405.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.host.constraints import ConstraintError, parse_constraint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from local.host.constraints import Constraint

PARAMETER = re.compile(r"\{((?:[^{}]|\{\{|\}\})+)\}")
INSIDE = re.compile(r"(\*{0,2})(\w+)((?::(?:[^:()=?]+(?:\((?:[^()]|\([^()]*\))*\))?))*)(?:=([^?]*))?(\?)?")
CONSTRAINT = re.compile(r":([^:()?]+(?:\((?:[^()]|\([^()]*\))*\))?)")
RESERVED = ("admin", "runtime")


class RouteError(Exception):
    """A template ASP.NET would refuse."""


@dataclass(frozen=True)
class Parameter:
    """One `{name}` of a template."""

    name: str
    catch_all: bool
    optional: bool
    default: str | None
    constraints: tuple[Constraint, ...]

    @property
    def pattern(self) -> str:
        return f"(?P<{self.name}>{'[^/].*' if self.catch_all else '[^/]+'})"

    def accepts(self, value: str) -> bool:
        return all(constraint(value) for constraint in self.constraints)


class Template:
    """A compiled route template."""

    def __init__(self, text: str) -> None:
        if text.startswith(("/", "~")):
            raise RouteError(f"route {text!r} must not begin with {text[0]!r}")
        if any(character in PARAMETER.sub("", text) for character in "{}?"):
            raise RouteError(f"route {text!r} has a stray brace or question mark")
        self.text = text
        self.segments = [segment for segment in split_segments(text) if segment]
        self.parameters = [parse_parameter(found[1]) for found in PARAMETER.finditer(text)]
        names = [parameter.name.lower() for parameter in self.parameters]
        if len(set(names)) < len(names):
            raise RouteError(f"route {text!r} names a parameter twice")
        self.pattern = re.compile(self.regular_expression(), re.IGNORECASE | re.DOTALL)

    def match(self, path: str) -> dict[str, str] | None:
        """Values of the parameters of a decoded path, or None; an absent optional one is left out."""
        found = self.pattern.fullmatch(path.removeprefix("/"))
        if found is None:
            return None
        values = {name: value for name, value in found.groupdict().items() if value}
        for parameter in self.parameters:
            if parameter.default is not None:
                values.setdefault(parameter.name, parameter.default)
        accepted = all(
            parameter.accepts(values[parameter.name]) for parameter in self.parameters if parameter.name in values
        )
        return values if accepted else None

    def regular_expression(self) -> str:
        expression = ""
        for segment in self.segments:
            part = PARAMETER.split(segment)
            # Odd places are the insides of braces, even ones literal text.
            inner = [parse_parameter(text) if index % 2 else text for index, text in enumerate(part)]
            pattern = "".join(item.pattern if isinstance(item, Parameter) else re.escape(item) for item in inner)
            slash = "/" if expression else ""
            expression += f"(?:{slash}{pattern})?" if may_be_absent(inner) else slash + pattern
        # One slash at the end means nothing, unless it is part of what a catch-all takes.
        return f"{expression}/?"


@dataclass(frozen=True)
class Route:
    """A template with its methods and the function that answers."""

    function_name: str
    template: Template
    methods: frozenset[str]

    def allows(self, method: str) -> bool:
        return not self.methods or method.upper() in self.methods


class Router:
    """Finds the function for a method and a path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = sorted(routes, key=lambda route: route.function_name.upper())

    def find(self, method: str, path: str) -> tuple[str, Mapping[str, str]] | None:
        for route in self.routes:
            values = route.template.match(path) if route.allows(method) else None
            if values is not None:
                return route.function_name, values
        return None


def route_text(prefix: str, route: str) -> str:
    """The whole template: host.json's prefix, then the function's route."""
    return f"{prefix}/{route}" if prefix and route else prefix or route


def split_segments(text: str) -> list[str]:
    """Cut at slashes, but not inside braces, where a regular expression may have some."""
    segments, depth = [""], 0
    for character in text:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "/" and depth == 0:
            segments.append("")
        else:
            segments[-1] += character
    if depth != 0:
        raise RouteError(f"route {text!r} has unbalanced braces")
    return segments


def parse_parameter(text: str) -> Parameter:
    found = INSIDE.fullmatch(text.replace("{{", "{").replace("}}", "}"))
    if found is None:
        raise RouteError(f"{{{text}}} is not a route parameter")
    stars, name, constraints, default, optional = found.groups()
    try:
        predicates = tuple(parse_constraint(written) for written in CONSTRAINT.findall(constraints))
    except ConstraintError as error:
        raise RouteError(str(error)) from error
    return Parameter(name, bool(stars), bool(optional), default, predicates)


def may_be_absent(segment: list[Parameter | str]) -> bool:
    whole = [item for item in segment if item]
    only = whole[0] if len(whole) == 1 else None
    return isinstance(only, Parameter) and (only.optional or only.catch_all or only.default is not None)
