"""The values of the app settings in a deployment with default parameters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .bicep_tree import INFRA, literal, module, read, setting_nodes, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tree_sitter import Node

    from .bicep_tree import File


LOGIC = {"!", "&&", "||"}


class RefusedError(Exception):
    """A deployment with these parameters ends with this sentence, before anything is deployed."""


def resolved_settings(known: Mapping[str, str], infra: Path = INFRA) -> dict[str, str]:
    """The app settings as Azure would set them.

    Args:
        known: what only Azure knows, by its expression in Bicep: `runtimeBlobEndpoint`, `identityClientId`,
            `site.properties.defaultHostName`, …; a parameter's name there takes precedence over its default.
        infra: where the Bicep files are.

    Raises:
        KeyError: an expression is neither known nor made of defaults.
    """
    defaults = {**defaults_in(module(infra, "function-app")), **defaults_in(read(infra)["main.bicep"])}
    return {name: evaluated(node, known, defaults) for name, node in setting_nodes(infra).items()}


def resolved_variable(name: str, known: Mapping[str, str]) -> str:
    """The value of a variable of main.bicep.

    Raises:
        RefusedError: the template refuses these parameters.
    """
    defaults = defaults_in(read(INFRA)["main.bicep"])
    return evaluated(defaults[name], known, defaults)


def defaults_in(file: File) -> dict[str, Node]:
    """What the variables and parameters of a file are set to."""
    names = {**file.named("var"), **file.named("param")}
    return {name: found.default for name, found in names.items() if found.default is not None}


def evaluated(node: Node, known: Mapping[str, str], defaults: Mapping[str, Node]) -> str:
    """Every value as a string, as app settings are; the few forms that our settings use."""

    def inner(part: Node) -> str:
        return evaluated(part, known, defaults)

    written = known.get(text(node), literal(node))
    if written is not None:
        return written
    parts = node.named_children
    if node.type == "identifier" and text(node) in defaults:
        return inner(defaults[text(node)])
    if node.type == "string":
        return "".join(inner(part.named_children[0]) if part.type == "interpolation" else text(part) for part in parts)
    if node.type in {"unary_expression", "binary_expression"}:
        operator = next(text(child) for child in node.children if not child.is_named)
        return operated(operator, *(inner(part) == "true" if operator in LOGIC else inner(part) for part in parts))
    if node.type == "ternary_expression":
        return inner(parts[1] if inner(parts[0]) == "true" else parts[2])
    if node.type == "call_expression":
        return called(text(parts[0]), [inner(part) for part in parts[1].named_children])
    raise KeyError(text(node))


def operated(operator: str, *values: str | bool) -> str:
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
        case _:
            raise KeyError(operator)
    return str(found).lower()


def called(function: str, arguments: list[str]) -> str:
    match function:
        case "string":
            return arguments[0]
        case "max":
            return str(max(int(argument) for argument in arguments))
        case "fail":
            raise RefusedError(*arguments)
        case "empty":
            return "true" if not arguments[0] else "false"
    raise KeyError(function)
