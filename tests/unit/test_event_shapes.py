"""Every public shape of ACS's documents ends as tests/events/README.md says, raw and through the worker's library."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from azure.functions.eventgrid import EventGridEventInConverter
from azure.functions.meta import Datum

from functions.event_grid import to_document
from shared.control.state_callbacks import parse_callbacks
from shared.copying.content_checks import check_metadata
from shared.domain.json_fields import Json
from shared.domain.models import Chunk
from shared.domain.statuses import ChunkStatus
from shared.domain.wholeness import what_is_missing
from tests.builders import Event
from tests.fakes import Cloud

EVENTS = Path(__file__).parents[1] / "events"
SHAPES: list[dict[str, Any]] = [json.loads(line) for line in (EVENTS / "shapes.jsonl").read_text().splitlines()]
TABLE = re.findall(r"^\| (\d+) \| (.+?) \| (.+?) \|$", (EVENTS / "README.md").read_text(), re.MULTILINE)
OUTCOMES = [outcome for _, _, outcome in TABLE]
OWN_CONTAINER = "https://madeupstore.blob.core.windows.net/recordings"


def of_kind(*kinds: str) -> pytest.MarkDecorator:
    """The documents of some kinds, each with its outcome."""
    listed = [
        pytest.param(shape["event"], outcome, id=shape["shape"])
        for shape, outcome in zip(SHAPES, OUTCOMES, strict=True)
        if shape["kind"] in kinds
    ]
    return pytest.mark.parametrize(("document", "outcome"), listed)


def as_it_came(document: Event) -> Json:
    return document


def through_the_worker(document: Event) -> Json:
    """As the worker library's converter hands it to the function."""
    datum = Datum(json.dumps(document), "json")
    return to_document(EventGridEventInConverter.decode(datum, trigger_metadata={}))


def of_chunk(chunk: Chunk) -> str:
    if chunk.status is ChunkStatus.FAILED:
        return "chunk refused, event kept"
    if chunk.own_storage:
        return "read in place"
    if chunk.deletable:
        return "copied, then deleted"
    return (
        "copied, never deleted, event kept" if "another document" in str(chunk.left_at_acs) else "copied, never deleted"
    )


def missing_of(cloud: Cloud) -> str:
    missing = [what_is_missing(row, cloud.chunks()) for row in cloud.recordings()]
    return "; something is missing" if any(missing) else ""


def ingested(document: Json) -> Cloud:
    cloud = Cloud(UNKNOWN_RECORDINGS="manage", BYOS_CONTAINERS=OWN_CONTAINER)
    cloud.services.ingest.ingest(document)
    return cloud


def test_every_document_has_an_outcome() -> None:
    listed = [(str(number), shape["shape"]) for number, shape in enumerate(SHAPES, start=1)]

    assert [(number, shape) for number, shape, _ in TABLE] == listed


@of_kind("RecordingFileStatusUpdated", "RecordingResult")
@pytest.mark.parametrize("comes", [as_it_came, through_the_worker])
def test_an_event_ends_as_it_should(document: Event, outcome: str, comes: Callable[[Event], Json]) -> None:
    cloud = ingested(comes(document))

    outcomes = {of_chunk(chunk) + missing_of(cloud) for chunk in cloud.chunks()} or {"refused, event kept"}
    assert outcomes == {outcome}
    assert bool(cloud.rejected.events) or "event kept" not in outcome


@of_kind("RecordingStateChanged", "StartRecordingFailed")
def test_a_callback_says_whom_it_is_about(document: Event, outcome: str) -> None:
    (callback,) = parse_callbacks(json.dumps([document]).encode())

    data = document["data"]
    assert (callback.recording_id, callback.server_call_id) == (data.get("recordingId"), data.get("serverCallId"))
    assert callback.failed is (outcome == "report")


@of_kind("RecordingMetadata")
def test_metadata_are_those_of_their_chunk(document: Event, outcome: str) -> None:
    read = check_metadata(json.dumps(document).encode(), document["chunkDocumentId"])

    assert (read, outcome) == (document, "metadata")


def test_of_a_document_whose_keys_the_binding_loses_less_is_kept() -> None:
    """World §2.1. docs/matching.md names it; Event Grid itself sends the key in lower case."""
    (official,) = [shape["event"] for shape in SHAPES if "specVersion" in shape["event"]]

    (kept,) = ingested(through_the_worker(official)).rejected.events.values()
    (by_hand,) = ingested(as_it_came(official)).rejected.events.values()

    lost = {name for name in official if official[name] != json.loads(kept).get(name)}
    assert lost == {"type", "source", "time", "specVersion"}
    assert json.loads(by_hand) == official


def test_the_official_document_is_read_with_its_key_as_the_standard_spells_it() -> None:
    (official,) = [dict(shape["event"]) for shape in SHAPES if "specVersion" in shape["event"]]
    official["specversion"] = official.pop("specVersion")

    cloud = ingested(through_the_worker(official))

    assert [of_chunk(chunk) for chunk in cloud.chunks()] == ["copied, then deleted"]
