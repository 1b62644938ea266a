"""How many resources a deployment makes, counted on the syntax tree."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from .bicep_tree import INFRA, Declaration, at, items, literal, properties, read, text
from .evaluate import RefusedError, Value, defaults_in, evaluated, refusals

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tree_sitter import Node


def resources_made(parameters: Mapping[str, Value], infra: Path = INFRA) -> Counter[str]:
    """The resources of main.bicep and its modules, by type.

    Args:
        parameters: values of main.bicep's parameters; the others have their defaults.
        infra: where the Bicep files are.

    Raises:
        RefusedError: the template refuses these parameters.
        KeyError: whether a resource is there depends on something that only Azure knows.
    """
    if refused := refusals(parameters, infra):
        raise RefusedError(" ".join(refused))
    return made_by("main.bicep", parameters, infra)


def made_by(name: str, parameters: Mapping[str, Value], infra: Path) -> Counter[str]:
    file = read(infra)[name]
    defaults = defaults_in(file)
    made: Counter[str] = Counter()
    for found in file.declarations:
        if found.kind == "resource" and not found.existing:
            made[found.type.partition("@")[0]] += times(found, parameters, defaults)
        if found.kind == "module" and times(found, parameters, defaults):
            handed = properties(at(found.body, "params"))
            made += made_by(found.type, dict(offline(handed, parameters, defaults)), infra)
    return made


def offline(
    nodes: Mapping[str, Node], known: Mapping[str, Value], defaults: Mapping[str, Node]
) -> Iterator[tuple[str, Value]]:
    """What is known of a module's parameters before anything is deployed."""
    for name, node in nodes.items():
        try:
            yield name, evaluated(node, known, defaults)
        except KeyError:
            continue


def times(found: Declaration, known: Mapping[str, Value], defaults: Mapping[str, Node]) -> int:
    """How often a resource or module is there: none or once, or once for each turn of its loop that it is wanted in."""
    loop = child(found.node, "for_statement")
    condition = child(loop or found.node, "if_statement")
    turns = turns_of(loop, known, defaults) if loop is not None else [{}]
    if condition is None:
        return len(turns)
    wanted = (evaluated(condition.named_children[0], {**known, **turn}, defaults) for turn in turns)
    return sum(found == "true" for found in wanted)


def child(node: Node, kind: str) -> Node | None:
    return next((part for part in node.named_children if part.type == kind), None)


def turns_of(loop: Node, known: Mapping[str, Value], defaults: Mapping[str, Node]) -> list[dict[str, str]]:
    """What is known in each turn of a loop: the written-out properties of its item."""
    variable, source = loop.named_children[0], loop.named_children[1]
    given = known.get(text(source))
    if isinstance(given, list):
        return [{} for _ in given]
    name = text(variable.named_children[0] if variable.named_children else variable)
    entries = items(defaults.get(text(source), source))
    return [
        {f"{name}.{key}": value for key, node in properties(entry).items() if (value := literal(node)) is not None}
        for entry in entries
    ]
