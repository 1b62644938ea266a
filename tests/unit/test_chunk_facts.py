"""Participants, pauses and the beginning of a file, from ACS's metadata: tolerant, bounded, on rows and manifests."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from shared.adapters.table_rows import chunk_row, to_entity
from shared.domain import chunk_facts
from shared.domain.chunk_facts import ChunkParticipant, ChunkPause
from shared.domain.json_views import chunk_view
from shared.domain.statuses import ChunkStatus
from shared.pipeline.manifest import MANIFEST_BYTES_PER_CHUNK
from shared.pipeline.manifest_rows import CHUNK_BYTES_MAX, fits
from tests.builders import document_id, media, metadata
from tests.fakes import Cloud
from tests.unit.steps import transfer

ALICE, BOB = "8:acs:70559d7c_alice", "4:+15551234567"
PAUSED = datetime(2026, 11, 22, 7, 50, 12, tzinfo=UTC)
FACTS: dict[str, Any] = {
    "participants": [{"participantId": ALICE, "channel": 0}, {"participantId": BOB, "channel": 1}],
    "pauseResumeIntervals": [{"startTime": "2026-11-22T07:50:12Z", "duration": 1500.0}],
}
NONSENSE: list[Any] = [
    None,
    7,
    "text",
    {},
    [None, 7, "x", [], {}],
    [{"participantId": 7, "startTime": 7, "duration": "soon"}],
]


def with_metadata(cloud: Cloud, **fields: Any) -> None:
    expires = cloud.world.now + timedelta(hours=24)
    cloud.source.add(document_id(0), media(), metadata(0, **fields), expires)


def most() -> dict[str, Any]:
    """More than is kept of everything."""
    return {
        "participants": [{"participantId": f"8:acs:{number:084}", "channel": 0} for number in range(350)],
        "pauseResumeIntervals": FACTS["pauseResumeIntervals"] * 1000,
    }


def test_participants_have_their_channels_where_the_recording_is_unmixed() -> None:
    assert chunk_facts.participants(FACTS) == (ChunkParticipant(ALICE, 0), ChunkParticipant(BOB, 1))


def test_a_participant_of_a_mixed_recording_has_no_channel() -> None:
    assert chunk_facts.participants({"participants": [{"participantId": ALICE}]}) == (ChunkParticipant(ALICE),)


def test_a_pause_ends_after_its_duration() -> None:
    assert chunk_facts.pauses(FACTS) == (ChunkPause(PAUSED, PAUSED + timedelta(milliseconds=1500)),)


def test_a_channel_that_no_recording_has_is_left_out() -> None:
    listed = {"participants": [{"participantId": ALICE, "channel": 5}]}
    assert chunk_facts.participants(listed) == (ChunkParticipant(ALICE),)


@pytest.mark.parametrize("nonsense", NONSENSE, ids=repr)
def test_nonsense_is_nothing(nonsense: object) -> None:
    document = {"participants": nonsense, "pauseResumeIntervals": nonsense}
    assert (chunk_facts.participants(document), chunk_facts.pauses(document)) == ((), ())


def test_an_id_that_is_none_is_left_out() -> None:
    ids = ["", "a\nb", "é", '"', "x" * 257, ALICE]
    listed = {"participants": [{"participantId": id} for id in ids]}
    assert chunk_facts.participants(listed) == (ChunkParticipant(ALICE),)


def test_what_a_row_has_no_room_for_is_cut() -> None:
    assert (len(chunk_facts.participants(most())), len(chunk_facts.pauses(most()))) == (100, 50)


def test_ids_longer_than_usual_are_fewer() -> None:
    listed = {"participants": [{"participantId": f"{number:0256}"} for number in range(100)]}
    assert len(chunk_facts.participants(listed)) == 9_000 // 256


def test_the_row_and_the_api_say_what_the_metadata_say(ready: Cloud) -> None:
    with_metadata(ready, **FACTS)

    transfer(ready)

    view = json.loads(msgspec.json.encode(chunk_view(ready.chunk())))
    assert view["startTime"] == "2026-11-22T07:50:11.155Z"
    assert view["participants"] == [{"id": ALICE, "channel": 0}, {"id": BOB, "channel": 1}]
    assert view["pauses"] == [{"from": "2026-11-22T07:50:12.000Z", "to": "2026-11-22T07:50:13.500Z"}]


@pytest.mark.parametrize("nonsense", NONSENSE, ids=repr)
def test_odd_metadata_keep_no_copy_from_being_proven(ready: Cloud, nonsense: object) -> None:
    with_metadata(ready, chunkStartTime=nonsense, participants=nonsense, pauseResumeIntervals=nonsense)

    transfer(ready)

    chunk = ready.chunk()
    assert chunk.status is ChunkStatus.STORED
    assert (chunk.start_time, chunk.participants, chunk.pauses) == (None, (), ())


def test_the_most_that_is_kept_fits_into_a_row_a_transaction_and_a_manifest(ready: Cloud) -> None:
    with_metadata(ready, **most())

    transfer(ready)

    chunk = ready.chunk()
    entity = to_entity(chunk, chunk_row(document_id()))
    columns = sum(len(json.dumps(str(column))) for column in entity.values())
    listed = msgspec.json.format(msgspec.json.encode({"chunks": [chunk_view(chunk)]}), indent=2)
    assert len(chunk.participants) == 100
    assert fits(chunk, CHUNK_BYTES_MAX)
    assert columns * 100 < 4 * 1024 * 1024
    assert len(listed) < MANIFEST_BYTES_PER_CHUNK


def test_no_log_names_a_participant(ready: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    with_metadata(ready, **FACTS)

    with caplog.at_level("DEBUG"):
        transfer(ready)

    assert ALICE not in caplog.text
    assert BOB not in caplog.text
