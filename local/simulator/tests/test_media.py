"""Recorded files: right kind, right size, the same at any offset, and their metadata."""

import hashlib
import json
import time
from datetime import datetime

import pytest
from azure.communication.callautomation import ChannelAffinity, CommunicationUserIdentifier

from local.simulator.bodies import whole
from local.simulator.media import make_media
from local.simulator.scripts import Script

from .support import SDK_WARNINGS, Acs

SIZE = 2_500_001


@pytest.mark.parametrize("media_format", ["wav", "mp3", "mp4"])
def test_any_range_equals_the_same_part_of_the_whole(media_format: str) -> None:
    media = make_media(media_format, SIZE, 1, seed=7)
    content = whole(media)

    assert len(content) == SIZE
    assert media.sha256 == hashlib.sha256(content).hexdigest()
    for start, stop in ((0, 10), (30, 60), (1_048_000, 1_050_000), (2_097_000, SIZE), (5, 5)):
        assert b"".join(media.pieces(start, stop)) == content[start:stop]


def test_equal_seeds_give_equal_bytes_and_other_seeds_others() -> None:
    one, same, other = (make_media("wav", SIZE, 1, seed).sha256 for seed in (1, 1, 2))

    assert one == same != other


def test_no_two_blocks_of_a_file_are_alike() -> None:
    content = whole(make_media("mp4", 6 * (1 << 20), 1, seed=1))

    blocks = {content[at : at + 65_536] for at in range(0, len(content), 1 << 20)}
    assert len(blocks) == 6


def test_two_gigabytes_cost_neither_time_nor_memory_until_they_are_read() -> None:
    begun = time.perf_counter()

    media = make_media("mp4", 2 << 30, 1, seed=1)
    tail = b"".join(media.pieces((2 << 30) - 3, 2 << 30))

    assert len(tail) == 3
    assert time.perf_counter() - begun < 0.5


def test_a_file_smaller_than_its_header_is_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        make_media("wav", 63, 1, seed=1)


@SDK_WARNINGS
def test_metadata_is_written_as_acs_writes_it(acs: Acs) -> None:
    recording = acs.record(Script(duration_ms=9220, chunk_bytes=1000), "mp4")
    raw = acs.fetch_metadata(recording.documents[0])

    metadata = json.loads(raw)
    assert raw.startswith(b'{\r\n  "resourceId"')
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert metadata["callId"] == recording.call_id
    assert metadata["chunkDocumentId"] == recording.documents[0].document_id
    assert metadata["chunkDuration"] == 9220.0
    assert metadata["recordingInfo"]["videoConfiguration"]["framerate"] == 16
    assert metadata["participants"][0]["participantId"].startswith("8:acs:" + metadata["resourceId"])


@SDK_WARNINGS
def test_unmixed_audio_has_a_channel_for_each_participant(acs: Acs) -> None:
    call = acs.admin.place_call(participants=("8:acs:a", "8:acs:b", "4:+15550100"))
    recording_id = acs.start(call, recording_channel_type="unmixed")
    acs.client.stop_recording(recording_id)
    document = acs.admin.wait_for_files(recording_id).documents[0]

    participants = json.loads(acs.fetch_metadata(document))["participants"]

    assert [one["channel"] for one in participants] == [0, 1, 2]
    assert acs.fetch(document)[22:24] == b"\x03\x00"


@SDK_WARNINGS
@pytest.mark.parametrize(
    ("ordering", "pins", "channels"),
    [
        ("cba", {}, {"a": 2, "b": 1, "c": 0}),
        ("", {"b": 0}, {"a": 1, "b": 0, "c": 2}),
        ("cba", {"a": 0}, {"a": 0, "b": 2, "c": 1}),
        ("c", {"c": 4, "b": 0}, {"a": 1, "b": 0, "c": 4}),
    ],
    ids=["ordered", "pinned", "both", "the same participant"],
)
def test_pinned_participants_have_their_channel_and_the_ordered_ones_the_next_that_is_free(
    acs: Acs, ordering: str, pins: dict[str, int], channels: dict[str, int]
) -> None:
    """What ACS itself does with both at once is documented nowhere."""
    call = acs.admin.place_call(participants=("8:acs:a", "8:acs:b", "8:acs:c"))
    user = {name: CommunicationUserIdentifier(f"8:acs:{name}") for name in "abc"}
    recording_id = acs.start(
        call,
        recording_channel_type="unmixed",
        audio_channel_participant_ordering=[user[name] for name in ordering],
        channel_affinity=[ChannelAffinity(target_participant=user[name], channel=pins[name]) for name in pins],
    )
    acs.client.stop_recording(recording_id)
    document = acs.admin.wait_for_files(recording_id).documents[0]

    participants = json.loads(acs.fetch_metadata(document))["participants"]

    assert {one["participantId"][-1]: one["channel"] for one in participants} == channels


@SDK_WARNINGS
def test_a_pause_shows_in_the_metadata(acs: Acs) -> None:
    call = acs.admin.place_call()
    recording_id = acs.start(call)
    acs.client.pause_recording(recording_id)
    time.sleep(0.05)
    acs.client.resume_recording(recording_id)
    acs.client.stop_recording(recording_id)

    metadata = json.loads(acs.fetch_metadata(acs.admin.wait_for_files(recording_id).documents[0]))

    assert [pause["duration"] >= 50 for pause in metadata["pauseResumeIntervals"]] == [True]


@SDK_WARNINGS
def test_chunks_follow_one_another(acs: Acs) -> None:
    recording = acs.record(Script(chunks=3, chunk_bytes=(1000, 2000, 3000), duration_ms=6000))
    starts = [json.loads(acs.fetch_metadata(one))["chunkStartTime"] for one in recording.documents]
    first, second, third = (datetime.fromisoformat(start) for start in starts)

    assert [one.bytes for one in recording.documents] == [1000, 2000, 3000]
    assert [one.index for one in recording.documents] == [0, 1, 2]
    assert [one.end_reason for one in recording.documents] == [*["ChunkMaximumSizeExceeded"] * 2, "SessionEnded"]
    assert (second - first).total_seconds() == pytest.approx(2.0)
    assert (third - second).total_seconds() == pytest.approx(2.0)


@SDK_WARNINGS
def test_a_size_that_nobody_scripted_follows_from_the_duration(acs: Acs) -> None:
    recording = acs.record(Script(duration_ms=60_000))

    assert recording.documents[0].bytes == 1_920_000
