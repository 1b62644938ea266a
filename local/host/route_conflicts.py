"""Routes that answer the same URL, which the real host resolves silently by function name."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from local.host.routes import PARAMETER, parse_parameter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local.host.routes import Route


def conflicts(routes: Iterable[Route]) -> list[str]:
    """One line per pair of routes that some request would match both of."""
    return [
        f"{first.function_name} and {second.function_name} both answer {first.template.text!r}"
        for first, second in combinations(routes, 2)
        if methods_meet(first, second) and templates_meet(first.template.segments, second.template.segments)
    ]


def methods_meet(first: Route, second: Route) -> bool:
    return not first.methods or not second.methods or bool(first.methods & second.methods)


def templates_meet(first: list[str], second: list[str]) -> bool:
    """Whether some path matches both; two parameters are taken to meet whatever their constraints."""
    if not first or not second:
        return all(is_absentable(segment) for segment in first + second)
    if is_catch_all(first[0]) or is_catch_all(second[0]):
        return True
    return segments_meet(first[0], second[0]) and templates_meet(first[1:], second[1:])


def segments_meet(first: str, second: str) -> bool:
    if "{" in first and "{" in second:
        return True
    if "{" not in first and "{" not in second:
        return first.lower() == second.lower()
    parameter, literal = (first, second) if "{" in first else (second, first)
    found = PARAMETER.fullmatch(parameter)
    return found is None or parse_parameter(found[1]).accepts(literal)


def is_catch_all(segment: str) -> bool:
    return segment.startswith("{*")


def is_absentable(segment: str) -> bool:
    found = PARAMETER.fullmatch(segment)
    if found is None:
        return False
    parameter = parse_parameter(found[1])
    return parameter.optional or parameter.catch_all or parameter.default is not None
