"""docs/api.md shows a recording that starts and the same one completed, as the app answers them."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from shared.api.request_bodies import parse_start_request
from shared.domain.json_views import recording_view
from shared.domain.statuses import ChunkStatus, RecordingStatus
from tests.builders import a_chunk, a_recording
from tests.unit.test_api_doc import blocks, section

EXAMPLES = [json.loads(block) for block in blocks("One recording")]


def is_part(document: dict[str, Any], whole: dict[str, Any]) -> bool:
    """Whether the names in a document are some of those in another one, in their order."""
    return list(document) == [name for name in whole if name in document]


def test_the_body_of_the_example_is_a_start() -> None:
    (body,) = re.findall(r"with `(\{.*?\}\})`", section("One recording"), re.DOTALL)

    request = parse_start_request(body.encode(), ())

    assert request.tags == EXAMPLES[0]["tags"]
    assert request.recording_channel_type == EXAMPLES[0]["recordingChannelType"]
    assert request.server_call_id == EXAMPLES[0]["serverCallId"]


def test_the_examples_have_fields_of_a_recording_and_its_chunk() -> None:
    view = msgspec.to_builtins(recording_view(a_recording(), [a_chunk()]))

    assert [is_part(example, view) for example in EXAMPLES] == [True, True]
    assert is_part(EXAMPLES[1]["chunks"][0], view["chunks"][0])


def test_the_examples_are_a_recording_that_starts_and_the_same_one_completed() -> None:
    started, completed = EXAMPLES
    ((chunk,),) = [completed["chunks"]]

    assert (started["id"], started["createdAt"]) == (completed["id"], completed["createdAt"])
    assert (started["status"], completed["status"]) == (RecordingStatus.STARTING, RecordingStatus.COMPLETED)
    assert chunk["status"] == ChunkStatus.DELETED
    assert f"/{completed['id']}/{chunk['index']:04}-{chunk['documentId']}.wav" in chunk["contentBlob"]
    order = [completed["createdAt"], completed["endedAt"], chunk["storedAt"], chunk["deletedAt"]]
    assert sorted(order, key=moment) == order


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
