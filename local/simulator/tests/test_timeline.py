"""What the metadata of chunks say agrees with their bytes, with each other, and with the event."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.simulator.admin_requests import ForeignRecordingRequest
from local.simulator.attendance import channel_count, channels_by_participant, heard
from local.simulator.bodies import whole
from local.simulator.calls import SimulatedCall
from local.simulator.client import AdminError
from local.simulator.clock import Clock
from local.simulator.documents import Document
from local.simulator.file_generator import FileGenerator
from local.simulator.recordings import Pause, Recording
from local.simulator.scripts import Attendance, Script, ScriptedPause
from local.simulator.start_request import StartRecordingRequest
from local.simulator.timeline import chunk_spans, duration_ms

from .support import SDK_WARNINGS, Acs
from .wav_reader import wav_layout

BEGAN = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
PEOPLE = ("8:acs:a", "8:acs:b", "8:acs:c", "8:acs:d", "4:+15550100")


def recorded(
    *people: str, seconds: float = 10.0, pauses: tuple[tuple[float, float], ...] = (), **request: Any
) -> Recording:
    """A recording that has ended; pauses as seconds since its beginning."""
    chosen = {"content_type": "audio", "channel_type": "unmixed", "format_type": "wav"} | request
    start = StartRecordingRequest(locator_kind="serverCallId", locator_value="x", **chosen)
    recording = Recording(SimulatedCall(BEGAN, people or PEOPLE), start, BEGAN)
    recording.activate(BEGAN)
    moments = [(BEGAN + timedelta(seconds=begin), BEGAN + timedelta(seconds=end)) for begin, end in pauses]
    recording.pauses = [Pause(begin, end) for begin, end in moments]
    recording.end(BEGAN + timedelta(seconds=seconds), "CallEnded")
    return recording


def made(recording: Recording, script: Script) -> list[Document]:
    return FileGenerator("00000000-0000-0000-0000-000000000000", Clock()).produce(recording, script, 0)


def metadata(document: Document) -> dict[str, Any]:
    document_facts: dict[str, Any] = json.loads(document.metadata)
    return document_facts


def test_a_chunk_lasts_as_long_as_its_bytes() -> None:
    (document,) = made(recorded(), Script(chunk_bytes=6_000_044))

    layout = wav_layout(whole(document.media))
    assert layout.channels == 5
    assert metadata(document)["chunkDuration"] == 37_500.0 == layout.data_bytes / (2 * 5 * 16)


@pytest.mark.parametrize(
    ("media_format", "size", "milliseconds"),
    [("mp3", 2160, 360.0), ("mp4", 251_000, 2000.0), ("mp4", 25_000, 200.0), ("wav", 64, 1.0)],
)
def test_so_does_a_chunk_of_every_format(media_format: str, size: int, milliseconds: float) -> None:
    recording = recorded("8:acs:a", format_type=media_format, channel_type="mixed")

    assert metadata(made(recording, Script(chunk_bytes=size))[0])["chunkDuration"] == pytest.approx(milliseconds, 1e-9)


@pytest.mark.parametrize("header", ["junk", "list", "extensible", "trailing"])
def test_a_longer_header_leaves_less_to_hear(header: Any) -> None:
    (document,) = made(recorded(), Script(chunk_bytes=100_000, wav_header=header))

    frames = wav_layout(whole(document.media)).data_bytes // 10
    assert metadata(document)["chunkDuration"] == frames / 16


def test_the_next_chunk_begins_where_the_one_before_ends() -> None:
    spans = chunk_spans(recorded(), Script(chunks=3, chunk_bytes=(1_000_044, 2_000_044, 3_000_044)))

    ends = [span.started_at + timedelta(milliseconds=span.duration_ms) for span in spans]
    assert [span.started_at for span in spans] == [BEGAN, *ends[:-1]]
    assert [span.elapsed for span in spans] == [0, 100_000, 300_000]


def test_the_event_says_what_all_chunks_last_together() -> None:
    script = Script(chunks=2, chunk_bytes=1_600_044)

    assert duration_ms(recorded(), script) == 20_000


def test_a_duration_that_the_script_gives_is_said_whatever_the_bytes_are() -> None:
    spans = chunk_spans(recorded(), Script(chunks=2, chunk_bytes=1000, duration_ms=6000))

    assert [(span.size, span.duration_ms) for span in spans] == [(1000, 3000.0)] * 2


def test_a_pause_stands_where_it_stood_in_proportion_and_is_as_long_as_it_was() -> None:
    recording = recorded(seconds=12.0, pauses=((5.0, 7.0),))  # half of ten seconds was recorded before it

    first, second = chunk_spans(recording, Script(chunks=2, chunk_bytes=(3_200_044, 1_600_044)))

    (pause,) = first.pauses
    assert (pause.started_at, pause.ended_at) == (BEGAN + timedelta(seconds=15), BEGAN + timedelta(seconds=17))
    assert second.started_at == BEGAN + timedelta(seconds=22)
    assert second.pauses == ()


def test_pauses_in_a_row_do_not_overlap_and_the_file_leaves_them_out() -> None:
    script = Script(
        chunk_bytes=3_200_044,
        pauses=(ScriptedPause(at_ms=10_000, duration_ms=60_000), ScriptedPause(at_ms=20_000, duration_ms=5_000)),
    )
    (document,) = made(recorded(seconds=0.0), script)

    facts = metadata(document)
    assert [pause["startTime"][11:19] for pause in facts["pauseResumeIntervals"]] == ["08:00:10", "08:01:20"]
    assert [pause["duration"] for pause in facts["pauseResumeIntervals"]] == [60_000.0, 5_000.0]
    assert facts["chunkDuration"] == 20_000.0


def test_a_chunk_lists_who_was_there_during_it_with_their_channel() -> None:
    script = Script(
        chunks=3,
        chunk_bytes=960_044,
        attendance=(
            Attendance(participant="8:acs:b", leaves_ms=10_000),
            Attendance(participant="8:acs:late", joins_ms=15_000),
        ),
    )

    listed = [metadata(document)["participants"] for document in made(recorded("8:acs:a", "8:acs:b"), script)]

    a, b, late = (
        {"participantId": f"8:acs:{name}", "channel": channel} for channel, name in enumerate(("a", "b", "late"))
    )
    assert listed == [[a, b], [a, late], [a, late]]


def test_nobody_gets_the_channel_of_one_who_left_so_the_sixth_has_none() -> None:
    joining = Attendance(participant="8:acs:sixth", joins_ms=2000)
    script = Script(chunk_bytes=1000, attendance=(Attendance(participant=PEOPLE[0], leaves_ms=1000), joining))

    channels = channels_by_participant(recorded(), script)

    assert channels == {participant: channel for channel, participant in enumerate(PEOPLE)}


def test_who_joins_first_gets_the_lower_channel() -> None:
    late = Attendance(participant=PEOPLE[0], joins_ms=5000)

    assert channels_by_participant(recorded(*PEOPLE[:2]), Script(attendance=(late,))) == {PEOPLE[1]: 0, PEOPLE[0]: 1}


def test_a_file_has_the_channel_that_somebody_is_pinned_to() -> None:
    recording = recorded(*PEOPLE[:2], channel_affinity=((PEOPLE[0], 4),))

    assert channel_count(recording, Script()) == 5


def test_in_a_mixed_recording_nobody_has_a_channel() -> None:
    recording = recorded(channel_type="mixed")

    assert {channel for _, channel in heard(recording, Script(), 0, 1000)} == {None}
    assert channel_count(recording, Script()) == 1


def test_where_all_channels_are_pinned_to_others_nobody_speaks() -> None:
    others = tuple((f"8:acs:other-{channel}", channel) for channel in range(5))

    (document,) = made(recorded(channel_affinity=others), Script(chunk_bytes=100_004))

    assert metadata(document)["participants"] == []
    assert max(whole(document.media)[44::2]) < 16


def test_a_film_tells_the_time_within_the_recording() -> None:
    recording = recorded(channel_type="mixed", content_type="audioVideo", format_type="mp4")

    documents = made(recording, Script(chunks=2, chunk_bytes=1_000_000, seed=1))

    assert [document.media.skipped for document in documents] == [0, 7 * 125_000]


@SDK_WARNINGS
def test_header_and_attendance_are_scripted_over_admin(acs: Acs) -> None:
    (person,) = acs.admin.place_call(participants=("8:acs:a",)).participants
    script = Script(
        chunk_bytes=20_000,
        wav_header="extensible",
        attendance=(Attendance(participant=person, leaves_ms=100),),
        pauses=(ScriptedPause(at_ms=50, duration_ms=700),),
    )

    recording = acs.admin.foreign_recording(ForeignRecordingRequest(call_id="latest", running=True, script=script))
    acs.admin.end_call(recording.call_id)
    document = acs.admin.wait_for_files(recording.recording_id).documents[0]

    facts = json.loads(acs.admin.metadata(document.document_id))
    assert acs.admin.content(document.document_id)[16:22] == b"\x28\0\0\0\xfe\xff"
    assert facts["participants"] == [{"participantId": "8:acs:a"}]
    assert [pause["duration"] for pause in facts["pauseResumeIntervals"]] == [700.0]


@SDK_WARNINGS
def test_a_chunk_too_small_for_the_scripted_header_is_refused(acs: Acs) -> None:
    # Not a Script: its constructor refuses that, too.
    script = {"wavHeader": "junk", "chunkBytes": 1000}

    with pytest.raises(AdminError, match=r"400 .*wavHeader junk needs chunks of at least 8192 bytes"):
        acs.admin.send("POST", "/calls", {"script": script})
