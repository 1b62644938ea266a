"""The client's structs are what the app's document says, and each operation has its method."""

import inspect
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from acsrec import Client, Filters, replies
from acsrec.queries import query_of

DOCUMENT = json.loads((Path(__file__).parents[3] / "docs" / "openapi.json").read_text())
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
ADDRESS = "#/components/schemas/"

# Names of the client's where they are others than the document's.
NAMES = {
    "Channel": "ChannelView",
    "Chunk": "ChunkView",
    "CloudEvent": "CloudEventView",
    "Dependencies": "DependenciesView",
    "Event": "EventView",
    "Events": "RecordingEventsView",
    "Export": "ExportView",
    "Health": "HealthView",
    "Link": "LinkView",
    "Participant": "ParticipantView",
    "Pause": "PauseView",
    "ProblemDocument": "Problem",
    "Rebuild": "RebuildView",
    "Recording": "RecordingView",
    "Replay": "ReplayView",
    "Resent": "ResendView",
    "TakenIn": "EventsView",
}
METHODS = {
    "start_recording": "start",
    "list_recordings": "recordings",
    "get_recording": "get",
    "pause_recording": "pause",
    "resume_recording": "resume",
    "stop_recording": "stop",
    "recording_events": "events",
    "resend_events": "resend_events",
    "chunk_content": "content_link",
    "chunk_metadata": "metadata_link",
    "check_consistency": "consistency",
    "rebuild_recordings": "rebuild",
    "export_recording": "compose",
    "replay_recording": "replay",
    "replay_failed": "replay_since",
    "ingest_event": "hand_in",
    "health": "health",
    "health_dependencies": "dependencies",
}
ONLY_FOR_ACS = {"recording_state"}
NOTES = {"title", "description", "examples"}  # what says nothing of the form


def structs() -> list[type[msgspec.Struct]]:
    return [
        kind
        for _, kind in inspect.getmembers(replies, inspect.isclass)
        if issubclass(kind, replies.Reply) and kind is not replies.Reply
    ]


def form(schema: Any, components: dict[str, Any]) -> Any:
    """A schema's form: lists of values where they are referred to, no notes, names as the document has them."""
    if isinstance(schema, list):
        return [form(one, components) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(ADDRESS)
        referred = components[name]
        return form(referred, components) if "enum" in referred else {"$ref": NAMES.get(name, name)}
    formed = {
        key: {name: form(one, components) for name, one in value.items()}
        if key == "properties"
        else form(value, components)
        for key, value in schema.items()
        if key not in NOTES
    }
    if "enum" in formed:
        formed.pop("type", None)  # the client takes any text, so that a new value does not stop it
    return formed


@pytest.mark.parametrize("kind", structs(), ids=lambda kind: kind.__name__)
def test_a_struct_has_the_schema_of_the_document(kind: type[msgspec.Struct]) -> None:
    _, ours = msgspec.json.schema_components((kind,), ref_template=ADDRESS + "{name}")
    name = NAMES.get(kind.__name__, kind.__name__)

    as_json = json.loads(json.dumps(ours))

    assert form(as_json[kind.__name__], as_json) == form(SCHEMAS[name], SCHEMAS)


def referred(node: Any) -> set[str]:
    """The names of all schemas that a part of the document leads to."""
    names = {found.removeprefix(ADDRESS) for found in re.findall(rf"{ADDRESS}\w+", json.dumps(node))}
    return names.union(*(referred(SCHEMAS[name]) for name in names))


def test_the_client_knows_every_schema_but_what_only_acs_or_a_subscriber_meets() -> None:
    known = {NAMES.get(kind.__name__, kind.__name__) for kind in structs()}
    answered = {name for name in referred(DOCUMENT["paths"]) if "enum" not in SCHEMAS[name]}

    assert answered - known == {"CallbackView"}
    assert known <= answered


def test_each_operation_has_its_method() -> None:
    operations = {operation["operationId"] for path in DOCUMENT["paths"].values() for operation in path.values()}

    assert operations - ONLY_FOR_ACS == METHODS.keys()
    assert all(callable(getattr(Client, method)) for method in METHODS.values())


def test_each_filter_of_a_list_can_be_given() -> None:
    parameters = {one["name"] for one in DOCUMENT["paths"]["/api/recordings"]["get"]["parameters"]}
    given: Any = {name: {"a": "b"} if name == "tags" else "x" for name in Filters.__annotations__}

    assert {name.partition(".")[0] for name in query_of(given)} == parameters - {"atRisk", "continuation"}


def test_every_reply_is_tolerant_and_every_request_is_not() -> None:
    strict = {kind.__name__ for kind in structs() if kind.__struct_config__.forbid_unknown_fields}

    assert strict == {"StartRequest", "ChannelAffinity"}
