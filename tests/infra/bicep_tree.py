"""Bicep files as a tree of declarations, and the app settings that they give the app."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
LANGUAGE = Language(tree_sitter_bicep.language())
KINDS = {
    "parameter_declaration": "param",
    "variable_declaration": "var",
    "resource_declaration": "resource",
    "module_declaration": "module",
    "output_declaration": "output",
    "type_declaration": "type",
}
WRAPPERS = ("object", "if_statement", "for_statement")


def text(node: Node | None) -> str:
    return node.text.decode() if node is not None and node.text is not None else ""


def literal(node: Node | None) -> str | None:
    """The value of a string, number or boolean that is written out; None for any expression."""
    if node is None or node.type in {"number", "boolean"}:
        return text(node) or None
    if node.type != "string" or any(child.type == "interpolation" for child in node.named_children):
        return None
    # A string of spaces has no part with a name.
    return "".join(text(child) for child in node.named_children) if node.named_children else text(node)[1:-1]


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, as they are written; without a generator for each depth, which is slow."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(reversed(found.named_children))


def properties(node: Node | None) -> dict[str, Node]:
    """The properties of an object, by name."""
    if node is None or node.type != "object":
        return {}
    pairs = (child.named_children for child in node.named_children if child.type == "object_property")
    return {literal(pair[0]) or text(pair[0]): pair[-1] for pair in pairs if len(pair) > 1}


def at(node: Node | None, path: str) -> Node | None:
    """What stands at a path like `a.b.c` below an object."""
    for name in path.split("."):
        node = properties(node).get(name)
    return node


def value(node: Node | None, path: str) -> str | None:
    """The written-out value at a path, or None."""
    return literal(at(node, path))


def items(node: Node | None) -> list[Node]:
    return list(node.named_children) if node is not None and node.type == "array" else []


@dataclass(frozen=True)
class Declaration:
    """One param, var, resource, module, output or type."""

    file: str
    kind: str
    name: str
    node: Node
    decorators: dict[str, str]

    @property
    def body(self) -> Node | None:
        """The object of a resource or module, through `if` and `for`."""
        node: Node | None = self.node
        while node is not None and node.type != "object":
            node = next((child for child in reversed(node.named_children) if child.type in WRAPPERS), None)
        return node

    @property
    def type(self) -> str:
        """A resource's type with its version, a module's path, a param's type."""
        strings = [child for child in self.node.named_children if child.type == "string"]
        return literal(strings[0]) or "" if self.kind in {"resource", "module"} else text(self.node.named_children[1])

    @property
    def default(self) -> Node | None:
        """What a param or var is set to."""
        assigned = any(child.type == "=" for child in self.node.children)
        return self.node.named_children[-1] if assigned else None

    @property
    def existing(self) -> bool:
        return any(text(child) == "existing" for child in self.node.children)

    @property
    def condition(self) -> str:
        """When a resource or module is there, each of them if it loops; empty: always."""
        node: Node | None = self.node
        while node is not None and node.type != "if_statement":
            node = next((child for child in node.named_children if child.type in WRAPPERS[1:]), None)
        return text(node.named_children[0])[1:-1] if node is not None else ""

    def __getitem__(self, path: str) -> str | None:
        return value(self.body, path)


@dataclass(frozen=True)
class File:
    """One Bicep file."""

    name: str
    root: Node
    declarations: tuple[Declaration, ...]

    def named(self, kind: str) -> dict[str, Declaration]:
        return {found.name: found for found in self.declarations if found.kind == kind}


def parsed(source: bytes) -> Node:
    return Parser(LANGUAGE).parse(source).root_node


def declared(file: str, root: Node) -> Iterator[Declaration]:
    decorators: dict[str, str] = {}
    for child in root.named_children:
        if child.type == "decorators":
            calls = (node.named_children[0] for node in child.named_children)
            decorators = {text(call.named_children[0]): text(call.named_children[-1])[1:-1] for call in calls}
        elif child.type in KINDS:
            yield Declaration(file, KINDS[child.type], text(child.named_children[0]), child, decorators)
            decorators = {}


@cache
def parsed_file(name: str, source: bytes) -> File:
    root = parsed(source)
    return File(name, root, tuple(declared(name, root)))


@cache
def read(infra: Path = INFRA) -> Mapping[str, File]:
    """Every Bicep file by its path below `infra`, as they are when they are first read: a copy is changed before."""
    names = {path.relative_to(infra).as_posix(): path for path in sorted(infra.rglob("*.bicep"))}
    return {name: parsed_file(name, path.read_bytes()) for name, path in names.items()}


def module(infra: Path, name: str) -> File:
    """The module of a name; an empty one when there is none, so that checks report instead of raising."""
    found = read(infra).get(f"modules/{name}.bicep")
    return found or File(f"modules/{name}.bicep", parsed(b""), ())


def resources(infra: Path, resource_type: str = "", *, existing: bool = False) -> list[Declaration]:
    """The resources that are deployed (or only referred to), of one type unless it is empty."""
    every = [found for file in read(infra).values() for found in file.declarations if found.kind == "resource"]
    return [
        found
        for found in every
        if found.existing == existing and resource_type.lower() in {"", found.type.partition("@")[0].lower()}
    ]


def setting_nodes(infra: Path = INFRA) -> dict[str, Node]:
    """The app settings that the templates set themselves, from parameters and from resources."""
    settings = read(infra)["main.bicep"].named("var").get("settings")
    own = module(infra, "function-app").named("var").get("ownSettings")
    written = list(walk(settings.node)) if settings else []
    from_main = next((node for node in written if node.type == "object"), None)
    return {**properties(from_main), **properties(own.default if own else None)}


def settings_taken(infra: Path = INFRA) -> dict[str, str]:
    """The app settings that an operator may give in APP_SETTINGS: name to type."""
    taken = read(infra)["main.bicep"].named("type").get("AppSettings")
    return {name: text(node) for name, node in properties(taken.body if taken else None).items()}


def app_settings(infra: Path = INFRA) -> dict[str, str]:
    """Exactly the app settings that Bicep sets: name to expression."""
    return {name: text(node) for name, node in setting_nodes(infra).items()}
