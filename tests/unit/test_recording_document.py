"""docs/document.md and the JSON Schema beside it are what the structs say, and within a version nothing is lost."""

import copy
import json
from typing import Any

import msgspec
import pytest

from shared.domain.json_views import Manifest, recording_view
from tests.builders import a_chunk, a_recording
from tests.recording_document import DOCUMENT, SCHEMA, as_text, is_manifest, lost, manifest_schema, with_tables

REGENERATE = "Run python -m tests.recording_document, and read what it changed."
EXAMPLE = json.loads(DOCUMENT.read_text().partition("```json\n")[2].partition("```")[0])


def test_the_schema_is_that_of_the_manifest() -> None:
    assert SCHEMA.read_text() == as_text(manifest_schema()), REGENERATE


def test_the_tables_have_every_field_and_no_other() -> None:
    assert DOCUMENT.read_text() == with_tables(DOCUMENT.read_text(), manifest_schema()), REGENERATE


def test_there_is_a_table_of_every_object_of_the_document() -> None:
    objects = {name for name, of in manifest_schema()["$defs"].items() if of.get("type") == "object"}

    assert {name for name in objects if f"<!-- fields of {name} -->" not in DOCUMENT.read_text()} == set()


def test_the_example_is_a_whole_document() -> None:
    view = msgspec.to_builtins(recording_view(a_recording(), [a_chunk()]))

    assert list(EXAMPLE) == list(view)
    assert list(EXAMPLE["chunks"][0]) == list(view["chunks"][0])


def test_the_example_is_a_manifest_but_for_its_version() -> None:
    assert (
        msgspec.convert(EXAMPLE | {"schemaVersion": 1}, Manifest).chunks[0].bytes_done == EXAMPLE["chunks"][0]["bytes"]
    )


@pytest.mark.parametrize(
    ("change", "whole"), [({}, True), ({"volume": 1}, False), ({"id": 5}, False), ({"schemaVersion": 2}, False)]
)
def test_a_manifest_has_the_fields_and_types_of_the_schema(change: dict[str, Any], *, whole: bool) -> None:
    assert is_manifest(json.dumps(EXAMPLE | {"schemaVersion": 1} | change).encode()) is whole


def edited(**fields: Any) -> dict[str, Any]:
    """The schema with fields of a chunk as they are given; None for one that is gone."""
    schema = copy.deepcopy(manifest_schema())
    chunk = schema["$defs"]["ChunkView"]
    chunk["properties"] = {name: of for name, of in (chunk["properties"] | fields).items() if of is not None}
    chunk["required"] = [name for name in chunk["required"] if name in chunk["properties"]]
    return schema


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"sha256": None}, ["ChunkView.sha256 is always there", "ChunkView.sha256 is string or null"]),
        ({"bytes": {"type": "string"}}, ["ChunkView.bytes is integer or null"]),
        ({"index": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}, ["ChunkView.index is integer"]),
        ({"status": {"type": "integer"}}, ["ChunkView.status is a value"]),
    ],
    ids=["gone", "another type", "null now", "no list of values any more"],
)
def test_what_readers_of_a_manifest_would_lose_is_told(change: dict[str, Any], told: list[str]) -> None:
    assert lost(manifest_schema(), edited(**change)) == told


def test_a_field_that_may_be_left_out_now_is_lost() -> None:
    schema = edited()
    schema["$defs"]["ChunkView"]["required"].remove("bytes")

    assert lost(manifest_schema(), schema) == ["ChunkView.bytes is always there"]


@pytest.mark.parametrize("change", [{"volume": {"type": "integer"}}, {"status": {"enum": ["stored", "archived"]}}])
def test_a_field_and_a_value_may_be_added(change: dict[str, Any]) -> None:
    assert lost(manifest_schema(), edited(**change)) == []
