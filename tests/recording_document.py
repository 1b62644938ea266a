"""What is published of a recording's document: its JSON Schema, and the tables of its fields in docs/document.md.

`python -m tests.recording_document` writes both anew from the structs, unless the schema would lose something that a
reader of today's manifests relies on.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from shared.domain.json_views import Manifest

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT / "docs/manifest.schema.json"
DOCUMENT = ROOT / "docs/document.md"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

type Schema = dict[str, Any]


def manifest_schema() -> Schema:
    """The JSON Schema of a manifest as the structs are today."""
    return {"$schema": DIALECT} | msgspec.json.schema(Manifest)


def as_text(schema: Schema) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def promises(schema: Schema) -> Iterator[str]:
    """What a reader relies on, a line each: the types of each field, and that it is always there.

    A closed list may get another value.
    """
    for name, described in schema["$defs"].items():
        required = set(described.get("required", ()))
        for field, of in described.get("properties", {}).items():
            types = ["a value" if one.startswith("`") else one for one in type_names(of, schema)]
            yield f"{name}.{field} is {' or '.join(dict.fromkeys(types))}"
            if field in required:
                yield f"{name}.{field} is always there"


def type_names(of: Schema, schema: Schema) -> list[str]:
    """The types of a field as the tables name them."""
    match of:
        case {"anyOf": alternatives}:
            names = [name for one in alternatives for name in type_names(one, schema)]
        case {"$ref": reference}:
            name = reference.rpartition("/")[2]
            values = "enum" in schema["$defs"][name]
            names = type_names(schema["$defs"][name], schema) if values else [name.removesuffix("View")]
        case {"enum": values}:
            names = [f"`{value}`" for value in values]
        case {"items": of_each} | {"additionalProperties": of_each}:
            names = [f"{of['type']} of {' or '.join(type_names(of_each, schema))}"]
        case {"format": "date-time"}:
            names = ["time"]
        case _:
            names = [str(of["type"])]
    return names


def table(name: str, schema: Schema) -> str:
    """The fields of an object as a table in Markdown, in the order in which they are written."""
    rows = ["| field | type | meaning |", "| --- | --- | --- |"]
    for field, of in schema["$defs"][name]["properties"].items():
        rows.append(f"| `{field}` | {' or '.join(type_names(of, schema))} | {of['description']} |")
    return "\n".join(rows)


def with_tables(document: str, schema: Schema) -> str:
    """The document with its tables as the structs are today: each stands below a comment that names its object."""

    def renewed(found: re.Match[str]) -> str:
        return f"{found['comment']}\n{table(found['name'], schema)}\n"

    return re.sub(r"(?P<comment><!-- fields of (?P<name>\w+) -->)\n(?:\|.*\n)*", renewed, document)


def lost(before: Schema, now: Schema) -> list[str]:
    """What readers of manifests written before rely on, and would not find any more."""
    return sorted(set(promises(before)) - set(promises(now)))


def is_manifest(content: bytes) -> bool:
    """Whether a manifest has the fields and types of the schema, and no others."""
    try:
        decoded = msgspec.json.decode(content, type=Manifest)
    except msgspec.MsgspecError:
        return False
    return bool(json.loads(msgspec.json.encode(decoded)) == json.loads(content))


def main() -> int:
    schema = manifest_schema()
    gone = lost(json.loads(SCHEMA.read_text()), schema) if SCHEMA.exists() else []
    if gone:
        print("Not written: within a version of the manifest nothing may go.", *gone, sep="\n")  # noqa: T201 - a command
        return 1
    SCHEMA.write_text(as_text(schema))
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text(), schema))
    return 0


if __name__ == "__main__":
    sys.exit(main())
