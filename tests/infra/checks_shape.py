"""Files that fit together: parameters, hooks, modules, versions, symbols. Each check returns what is wrong."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from tree_sitter import Node

from .bicep_tree import ROOT, File, at, literal, properties, read, resources, text, walk

VERSIONS = {
    "Microsoft.Authorization": "2022-04-01",
    "Microsoft.Communication": "2025-05-01",
    "Microsoft.EventGrid": "2025-02-15",
    "Microsoft.Insights/actionGroups": "2023-01-01",
    "Microsoft.Insights/components": "2020-02-02",
    "Microsoft.Insights/diagnosticSettings": "2021-05-01-preview",
    "Microsoft.Insights/metricAlerts": "2018-03-01",
    "Microsoft.Insights/scheduledQueryRules": "2023-12-01",
    "Microsoft.Insights/workbooks": "2023-06-01",
    "Microsoft.ManagedIdentity": "2024-11-30",
    "Microsoft.Network/privateDnsZones": "2024-06-01",
    "Microsoft.Network": "2024-07-01",
    "Microsoft.OperationalInsights": "2025-02-01",
    "Microsoft.Resources": "2025-04-01",
    "Microsoft.Storage": "2025-01-01",
    "Microsoft.Web": "2024-11-01",
}
VOCABULARY = Path(__file__).with_name("arm_properties.json")  # property names by type, from Azure's type definitions
BREAKABLE = {"array", "object", "ternary_expression", "call_expression"}
COLUMNS = 120
FREE_FORM = {"tags", "userAssignedIdentities", "customProperties"}
PLACEHOLDER = re.compile(r"\$\{([A-Z_]+)(?:=([^}]*))?\}")
NOT_ONE_VARIABLE = {"formerSettings"}  # what is found under names that are no more; an operator sets none of them
GIVEN_BY_AZD = {"AZURE_ENV_NAME", "AZURE_SUBSCRIPTION_ID", "DEPLOY_EVENT_SUBSCRIPTION"}
HOOK_VARIABLE = re.compile(r"\b(?:AZURE|EVENTGRID|RUNTIME|DEAD_LETTERS|ACS)_[A-Z_]+\b")


def syntax_is_right(infra: Path) -> list[str]:
    wrong = []
    for file in read(infra).values():
        bad = [node for node in walk(file.root) if node.type == "ERROR" or node.is_missing]
        wrong += [f"{file.name}:{node.start_point[0] + 1}: {text(node)[:40]}" for node in bad]
    return wrong


def versions_are_the_chosen_ones(infra: Path) -> list[str]:
    wrong = []
    for resource in [*resources(infra), *resources(infra, existing=True)]:
        kind, _, version = resource.type.partition("@")
        chosen = next((v for prefix, v in VERSIONS.items() if kind.startswith(prefix)), None)
        if version != chosen:
            wrong.append(f"{resource.file}: {resource.type} instead of {chosen}")
    return wrong


def unknown_names(node: Node, known: set[str]) -> Iterator[str]:
    """Property names that Azure does not know, below an object; maps with names of our own are left out."""
    for child in node.named_children:
        if child.type == "object_property" and len(child.named_children) > 1:
            name = literal(child.named_children[0]) or text(child.named_children[0])
            if name not in known and "${" not in name:
                yield name
            if name in FREE_FORM:
                continue
        if child.type != "call_expression":
            yield from unknown_names(child, known)


def properties_are_known_to_azure(infra: Path) -> list[str]:
    """A misspelt property is silently ignored by some services. The names are those of Azure's published types."""
    vocabulary: dict[str, str] = json.loads(VOCABULARY.read_text())
    return [
        f"{resource.file}: {resource.name} has an unknown property {name}"
        for resource in resources(infra)
        for name in unknown_names(resource.body or resource.node, set(vocabulary.get(resource.type, "").split()))
    ]


def everything_compiles_offline(infra: Path) -> list[str]:
    modules = [found for file in read(infra).values() for found in file.named("module").values()]
    wrong = [
        f"{found.file}: {found.type} is not a file here" for found in modules if not (infra / found.type).is_file()
    ]
    used = {found.type for found in modules}
    return wrong + [
        f"{name} is used by nobody" for name in read(infra) if name.startswith("modules/") and name not in used
    ]


def used_names(file: File) -> set[str]:
    """Every identifier that is not itself the name in a declaration or of a property."""
    names: set[str] = set()
    for node in walk(file.root):
        if node.type == "identifier" and node.parent is not None:
            first = node.parent.named_children[0] == node
            declares = node.parent.type.endswith("_declaration") or node.parent.type == "object_property"
            if not (first and declares):
                names.add(text(node))
    return names


def nothing_is_unused(infra: Path) -> list[str]:
    wrong = []
    for file in read(infra).values():
        used = used_names(file)
        needed = [d for d in file.declarations if d.kind in {"param", "var"} or (d.kind == "resource" and d.existing)]
        wrong += [f"{file.name}: {d.kind} {d.name} is unused" for d in needed if d.name not in used]
    source = (infra / "main.bicep").read_text()
    prefixes = json.loads((infra / "abbreviations.json").read_text())
    return wrong + [f"abbreviation {name} is unused" for name in prefixes if f"names.{name}" not in source]


def modules_get_what_they_ask_for(infra: Path) -> list[str]:
    wrong = []
    files = read(infra)
    for found in files["main.bicep"].named("module").values():
        target = files.get(found.type)
        wanted = target.named("param") if target else {}
        given = set(properties(at(found.body, "params")))
        needed = {name for name, param in wanted.items() if param.default is None}
        wrong += [f"{found.name} is not given {name}" for name in sorted(needed - given)]
        wrong += [f"{found.name} has no parameter {name}" for name in sorted(given - set(wanted))]
    return wrong


def parameters_have_types(infra: Path) -> list[str]:
    """A misspelt field of a parameter that is merely an object or array is an error nowhere."""
    params = [param for file in read(infra).values() for param in file.named("param").values()]
    return [f"{param.file}: {param.name} is any {param.type}" for param in params if param.type in {"object", "array"}]


def can_be_broken(node: Node) -> bool:
    """A call with one argument stays on its line."""
    one_argument = node.type == "call_expression" and len(node.named_children[-1].named_children) < 2
    return node.type in BREAKABLE and not one_argument


def joined(lines: list[str]) -> int:
    """How long a line would be, made of several."""
    return len(" ".join([lines[0], *(line.strip() for line in lines[1:])]))


def lines_are_broken_as_the_compiler_would(infra: Path) -> list[str]:
    """What is too long for a line, and can be broken, stands with one entry a line; a loop stands on one of its own."""
    wrong = []
    for file in read(infra).values():
        lines = text(file.root).splitlines()
        for node in walk(file.root):
            first, last = node.start_point[0], node.end_point[0]
            if node.type == "for_statement" and text(node).startswith("[for") and first != last:
                wrong.append(f"{file.name}:{first + 1}: the loop stands beside its bracket")
            if first == last and len(lines[first]) > COLUMNS and can_be_broken(node):
                wrong.append(f"{file.name}:{first + 1}: longer than {COLUMNS} columns")
            if first != last and node.type == "ternary_expression" and joined(lines[first : last + 1]) <= COLUMNS:
                wrong.append(f"{file.name}:{first + 1}: would fit on one line")
    return wrong


def placeholders(infra: Path) -> dict[str, tuple[str, str]]:
    """Parameter to azd variable and default, from main.parameters.json."""
    given = json.loads((infra / "main.parameters.json").read_text())["parameters"]
    found = {name: PLACEHOLDER.fullmatch(entry["value"]) for name, entry in given.items()}
    return {name: (match[1], match[2] or "") for name, match in found.items() if match}


def every_parameter_is_an_azd_variable(infra: Path) -> list[str]:
    params = read(infra)["main.bicep"].named("param")
    given = placeholders(infra)
    wrong = [f"{name} cannot be set through azd" for name in set(params) - NOT_ONE_VARIABLE if name not in given]
    wrong += [f"main.parameters.json has {name}, main.bicep has not" for name in given if name not in params]
    for name in set(params) & set(given):
        default = literal(params[name].default) or ""
        if default != given[name][1]:
            wrong.append(f"{name} defaults to {default} in main.bicep and to {given[name][1]} in main.parameters.json")
    outputs = set(read(infra)["main.bicep"].named("output"))
    both = outputs & {variable for variable, _ in given.values()} - {"AZURE_LOCATION"}
    return wrong + [f"{name} is a parameter and an output: azd would feed one to the other" for name in sorted(both)]


def numbers_are_bounded(infra: Path) -> list[str]:
    params = read(infra)["main.bicep"].named("param").values()
    numbers = [param for param in params if param.type == "int"]
    bounded = [p for p in numbers if "allowed" in p.decorators or {"minValue", "maxValue"} <= set(p.decorators)]
    return [f"{param.name} is not bounded" for param in numbers if param not in bounded]


def hooks_use_what_main_puts_out(infra: Path) -> list[str]:
    outputs = set(read(infra)["main.bicep"].named("output")) | GIVEN_BY_AZD
    hooks = yaml.safe_load((ROOT / "azure.yaml").read_text())["hooks"]["postdeploy"]
    wrong: list[str] = []
    for hook in hooks.values():
        path = infra / Path(hook["run"]).relative_to("infra")
        source = path.read_text() if path.is_file() else ""
        if not source:
            wrong.append(f"{hook['run']} does not exist")
        if path.suffix == ".sh" and not os.access(path, os.X_OK):
            wrong.append(f"{hook['run']} cannot be executed")
        wrong += [f"{path.name} uses {name}" for name in sorted(set(HOOK_VARIABLE.findall(source)) - outputs)]
    return wrong


def hooks_deploy_the_subscription_completely(infra: Path) -> list[str]:
    params = read(infra)["modules/eventgrid-subscription.bicep"].named("param")
    sources = {path.name: path.read_text() for path in (infra / "hooks").glob("postdeploy.*")}
    return [
        f"{name} does not pass {param}"
        for name, source in sources.items()
        for param in params
        if not re.search(rf"\b{param}=\"?\$", source)
    ]


CHECKS = (
    syntax_is_right,
    versions_are_the_chosen_ones,
    properties_are_known_to_azure,
    everything_compiles_offline,
    nothing_is_unused,
    modules_get_what_they_ask_for,
    parameters_have_types,
    lines_are_broken_as_the_compiler_would,
    every_parameter_is_an_azd_variable,
    numbers_are_bounded,
    hooks_use_what_main_puts_out,
    hooks_deploy_the_subscription_completely,
)
