"""The values of the app settings in a deployment with default parameters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .bicep_tree import INFRA, literal, module, read, setting_nodes, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tree_sitter import Node


def resolved_settings(known: Mapping[str, str], infra: Path = INFRA) -> dict[str, str]:
    """The app settings as Azure would set them.

    Args:
        known: what only Azure knows, by its expression in Bicep: `runtimeBlobEndpoint`, `identityClientId`,
            `site.properties.defaultHostName`, …; a parameter's name there takes precedence over its default.
        infra: where the Bicep files are.

    Raises:
        KeyError: an expression is neither known nor made of defaults.
    """
    names = {
        **module(infra, "function-app").named("var"),
        **read(infra)["main.bicep"].named("var"),
        **read(infra)["main.bicep"].named("param"),
    }
    defaults = {name: found.default for name, found in names.items() if found.default is not None}
    return {name: evaluated(node, known, defaults) for name, node in setting_nodes(infra).items()}


def evaluated(node: Node, known: Mapping[str, str], defaults: Mapping[str, Node]) -> str:
    """Every value as a string, as app settings are; the few forms that our settings use."""

    def inner(part: Node) -> str:
        return evaluated(part, known, defaults)

    if text(node) in known:
        return known[text(node)]
    written = literal(node)
    if written is not None:
        return written
    parts = node.named_children
    if node.type == "identifier" and text(node) in defaults:
        return inner(defaults[text(node)])
    if node.type == "string":
        return "".join(inner(part.named_children[0]) if part.type == "interpolation" else text(part) for part in parts)
    if node.type == "ternary_expression":
        return inner(parts[1] if inner(parts[0]) == "true" else parts[2])
    if node.type == "call_expression":
        return called(text(parts[0]), [inner(part) for part in parts[1].named_children])
    raise KeyError(text(node))


def called(function: str, arguments: list[str]) -> str:
    match function:
        case "string":
            return arguments[0]
        case "max":
            return str(max(int(argument) for argument in arguments))
        case "empty":
            return "true" if not arguments[0] else "false"
    raise KeyError(function)
