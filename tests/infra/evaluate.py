"""The values of Bicep expressions, as far as our templates need them: app settings, choices, refusals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .bicep_tree import INFRA, at, items, literal, module, properties, read, setting_nodes, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tree_sitter import Node

    from .bicep_tree import File

type Value = str | list[str]
type Inner = Callable[[Node], Value]  # the value of a part
LOGIC = {"!", "&&", "||"}


class RefusedError(Exception):
    """A deployment with these parameters ends with this sentence, before anything is deployed."""


def resolved_settings(
    known: Mapping[str, Value], given: Mapping[str, str] | None = None, infra: Path = INFRA
) -> dict[str, str]:
    """The app settings as Azure would set them.

    Args:
        known: what only Azure knows, by its expression in Bicep: `runtimeBlobEndpoint`, `identityClientId`,
            `site.properties.defaultHostName`, …; a parameter's name there takes precedence over its default.
        given: what the operator put into APP_SETTINGS.
        infra: where the Bicep files are.

    Raises:
        KeyError: an expression is neither known nor made of defaults.
    """
    given = given or {}
    main = read(infra)["main.bicep"]
    defaults = {**defaults_in(module(infra, "function-app")), **defaults_in(main)}
    known = {**known, "appSettings.?BYOS_CONTAINERS ?? ''": given.get("BYOS_CONTAINERS", "")}
    beside = {}
    choice = main.named("var")["byosSettings"].default
    if choice is not None and evaluated(choice.named_children[0], known, defaults) == "true":
        beside = properties(choice.named_children[1])
    written = {**beside, **setting_nodes(infra)}
    return {**given, **{name: evaluated_text(node, known, defaults) for name, node in written.items()}}


def resolved_variable(name: str, known: Mapping[str, Value]) -> Value:
    """The value of a variable of main.bicep.

    Raises:
        RefusedError: the template refuses these parameters.
    """
    defaults = defaults_in(read(INFRA)["main.bicep"])
    return evaluated(defaults[name], known, defaults)


def refusals(known: Mapping[str, Value], infra: Path = INFRA) -> list[str]:
    """Why main.bicep refuses these parameters, each a sentence; none: it takes them."""
    defaults = defaults_in(read(infra)["main.bicep"])
    problems = items(defaults.get("problems"))
    found = [problem for problem in problems if evaluated(properties(problem)["found"], known, defaults) == "true"]
    return [literal(at(problem, "says")) or "" for problem in found]


def defaults_in(file: File) -> dict[str, Node]:
    """What the variables and parameters of a file are set to."""
    names = {**file.named("var"), **file.named("param")}
    return {name: found.default for name, found in names.items() if found.default is not None}


def evaluated_text(node: Node, known: Mapping[str, Value], defaults: Mapping[str, Node]) -> str:
    found = evaluated(node, known, defaults)
    assert isinstance(found, str), f"{text(node)} is a list"
    return found


def evaluated(node: Node, known: Mapping[str, Value], defaults: Mapping[str, Node]) -> Value:
    """Every value as a string, as app settings are, or a list of such; the few forms that our templates use."""

    def inner(part: Node) -> Value:
        return evaluated(part, known, defaults)

    written = known.get(text(node), literal(node))
    if written is not None:
        return written
    if node.type == "identifier" and text(node) in defaults:
        return inner(defaults[text(node)])
    if node.type in FORMS:
        return FORMS[node.type](node, inner)
    raise KeyError(text(node))


def interpolated(node: Node, inner: Inner) -> Value:
    parts = node.named_children
    return "".join(str(inner(part.named_children[0])) if part.type == "interpolation" else text(part) for part in parts)


def operation(node: Node, inner: Inner) -> Value:
    operator = next(text(child) for child in node.children if not child.is_named)
    values = [inner(part) == "true" if operator in LOGIC else inner(part) for part in node.named_children]
    return operated(operator, *values)


def chosen(node: Node, inner: Inner) -> Value:
    condition, then, otherwise = node.named_children
    return inner(then if inner(condition) == "true" else otherwise)


def call(node: Node, inner: Inner) -> Value:
    name, arguments = node.named_children
    if text(name) not in FUNCTIONS:
        raise KeyError(text(name))
    return FUNCTIONS[text(name)](*(inner(part) for part in arguments.named_children))


def operated(operator: str, *values: Value | bool) -> str:
    match operator:
        case "!":
            found = not values[0]
        case "&&":
            found = all(values)
        case "||":
            found = any(values)
        case "==":
            found = values[0] == values[1]
        case "!=":
            found = values[0] != values[1]
        case ">":
            found = int(str(values[0])) > int(str(values[1]))
        case _:
            raise KeyError(operator)
    return str(found).lower()


def refused(sentence: Value) -> Value:
    raise RefusedError(str(sentence))


FORMS: dict[str, Callable[[Node, Inner], Value]] = {
    "parenthesized_expression": lambda node, inner: inner(node.named_children[0]),
    "string": interpolated,
    "array": lambda node, inner: [str(inner(part)) for part in node.named_children],
    "subscript_expression": lambda node, inner: inner(node.named_children[0])[int(str(inner(node.named_children[1])))],
    "unary_expression": operation,
    "binary_expression": operation,
    "ternary_expression": chosen,
    "call_expression": call,
}
FUNCTIONS: dict[str, Callable[..., Value]] = {
    "contains": lambda value, part: str(part in value).lower(),
    "empty": lambda value: "false" if value else "true",
    "fail": refused,
    "join": lambda parts, between: str(between).join(parts),
    "length": lambda value: str(len(value)),
    "max": lambda *numbers: str(max(int(str(number)) for number in numbers)),
    "replace": lambda value, old, new: str(value).replace(str(old), str(new)),
    "split": lambda value, at_each: str(value).split(str(at_each)),
    "string": lambda value: value,
    "take": lambda value, count: value[: int(str(count))],
}
