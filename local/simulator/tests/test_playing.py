"""What a person hears and sees of recorded files, as any player would read them."""

import struct
import wave
from array import array
from collections.abc import Iterator
from io import BytesIO
from typing import get_args

import pytest

from local.simulator.bodies import whole
from local.simulator.conversation import SEGMENT_SLOTS, Conversation, Speaker
from local.simulator.media import Part, make_media, unit_count
from local.simulator.wav import WavHeader

from .wav_reader import wav_layout

HEADERS: tuple[WavHeader, ...] = get_args(WavHeader.__value__)
FIVE = Conversation(7, tuple(Speaker(voice=number, channel=number) for number in range(5)))
SIZE = 6_000_000


def samples(content: bytes) -> list[array[int]]:
    """The channels of a WAV file, by its own header."""
    layout = wav_layout(content)
    frame_bytes = 2 * layout.channels
    data = array("h", content[layout.data_at :][: layout.data_bytes // frame_bytes * frame_bytes])
    return [data[channel :: layout.channels] for channel in range(layout.channels)]


def talk(size: int = SIZE, channels: int = 5, elapsed: int = 0, conversation: Conversation = FIVE) -> list[array[int]]:
    part = Part(conversation=conversation, elapsed=elapsed)
    return samples(whole(make_media("wav", size, channels, 1, part)))


def loud(channel: array[int], begin_ms: int, end_ms: int) -> bool:
    return max(map(abs, channel[begin_ms * 16 : end_ms * 16])) > 1_000


def test_a_wav_file_is_16_kilohertz_pcm() -> None:
    with wave.open(BytesIO(whole(make_media("wav", 44 + 4 * 16_000, 2, seed=1)))) as opened:
        assert opened.getparams()[:4] == (2, 2, 16_000, 16_000)


def test_everybody_speaks_on_a_channel_of_their_own_and_the_others_are_exactly_silent_meanwhile() -> None:
    channels = [channel[16:] for channel in talk()]
    speaking = [
        {number for number, one in enumerate(channels) if any(one[at : at + 400])} for at in range(0, 590_000, 400)
    ]

    assert set.union(*speaking) == {0, 1, 2, 3, 4}
    assert max(map(len, speaking)) == 2
    assert sum(len(those) <= 1 for those in speaking) > 0.8 * len(speaking)


def test_a_conversation_goes_on_over_the_border_of_two_files() -> None:
    one = talk(SIZE)
    first, second = talk(2_000_044), talk(SIZE - 2_000_000, elapsed=200_000)

    unmarked = 200_016
    assert [channel[unmarked:] for channel in one] == [channel[16:] for channel in second]
    assert [channel[16:] for channel in first] == [channel[16:200_000] for channel in one]


def test_who_joins_later_is_not_heard_before_and_who_left_not_after() -> None:
    there = Conversation(
        3,
        (
            Speaker(voice=0, channel=0),
            Speaker(voice=1, channel=1, joins_ms=20_000),
            Speaker(voice=2, channel=2, leaves_ms=15_000),
        ),
    )

    _, late, early = talk(44 + 6 * 16_000 * 60, 3, conversation=there)

    assert not any(late[16 : 20_000 * 16])
    assert loud(late, 20_000, 60_000)
    assert loud(early, 0, 15_000)
    assert not any(early[15_000 * 16 :])


def test_a_mixed_file_has_every_voice_on_its_one_channel() -> None:
    three = Conversation(7, tuple(Speaker(voice=number) for number in range(3)))

    (mixed,) = talk(44 + 2 * 16_000 * 40, 1, conversation=three)

    assert sum(loud(mixed, at, at + 1000) for at in range(0, 40_000, 1000)) > 30


def test_turns_do_not_repeat() -> None:
    starts = {FIVE.segment(number) for number in range(20)}

    assert len(starts) == 20
    assert {len(one) for one in starts} == {SEGMENT_SLOTS}


def test_no_quarter_of_a_second_of_a_file_equals_another() -> None:
    content = whole(make_media("wav", 2_000_044, 1, seed=1))[44:]

    assert len({content[at : at + 8_000] for at in range(0, 2_000_000, 8_000)}) == 250


@pytest.mark.parametrize("header", HEADERS)
def test_a_header_of_any_writer_leads_to_the_same_samples(header: WavHeader) -> None:
    plain, other = (whole(make_media("wav", 100_000, 2, 1, Part(wav_header=one))) for one in ("plain", header))

    layout = wav_layout(other)
    frames = unit_count("wav", 100_000, 2, header)
    assert (layout.channels, layout.data_bytes // 4) == (2, frames)
    assert [one[:frames] for one in samples(plain)] == [one[:frames] for one in samples(other)]


def test_sizes_of_a_streamed_header_are_unknown_and_those_of_an_unfinished_one_zero() -> None:
    def sizes(header: WavHeader) -> tuple[int, int]:
        content = whole(make_media("wav", 100_000, 2, 1, Part(wav_header=header)))
        at = wav_layout(content).data_at
        return struct.unpack_from("<I", content, 4)[0], struct.unpack_from("<I", content, at - 4)[0]

    assert (sizes("streamed"), sizes("unfinished")) == ((0xFFFFFFFF,) * 2, (0, 0))


def test_a_list_of_odd_size_stands_before_the_samples_with_its_pad_byte() -> None:
    content = whole(make_media("wav", 100_000, 2, 1, Part(wav_header="list")))

    at = content.index(b"LIST")
    (size,) = struct.unpack_from("<I", content, at + 4)
    assert size % 2 == 1
    assert content[at + 8 + size : at + 9 + size + 4] == b"\0data"


def test_a_header_that_may_be_long_needs_a_file_with_room_for_it() -> None:
    with pytest.raises(ValueError, match="no room"):
        make_media("wav", 8_000, 1, 1, Part(wav_header="junk"))


def test_an_mp3_file_is_a_row_of_frames() -> None:
    content = whole(make_media("mp3", 216 * 5000, 1, seed=1))

    assert {content[at : at + 4] for at in range(0, len(content), 216)} == {b"\xff\xf3\x68\xc0"}


def test_most_frames_of_an_mp3_file_are_to_be_heard_and_each_can_be_decoded_alone() -> None:
    content = whole(make_media("mp3", 216 * 500, 1, seed=1))
    frames = [content[at : at + 216] for at in range(0, len(content), 216)]

    assert sum(any(frame[4:13]) for frame in frames) > 300
    assert {frame[4] for frame in frames} == {0}  # no frame needs bits of another


def boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(content):
        size, name = struct.unpack_from(">I4s", content, at)
        head = 8
        if size == 1:
            head, (size,) = 16, struct.unpack_from(">Q", content, at + 8)
        yield name, content[at + head : at + size]
        at += size
    assert at == len(content)


def inside(content: bytes, *path: bytes) -> bytes:
    for name in path:
        content = dict(boxes(content))[name]
    return content


def numbers(content: bytes, skipped: int = 4) -> tuple[int, ...]:
    return struct.unpack(f">{len(content) // 4 - skipped // 4}I", content[skipped:])


def test_an_mp4_file_is_a_film_as_long_as_its_size_says() -> None:
    content = whole(make_media("mp4", 2_500_001, 1, seed=1))

    assert [name for name, _ in boxes(content)] == [b"ftyp", b"moov", b"mdat"]
    ticks, duration = numbers(inside(content, b"moov", b"trak", b"mdia", b"mdhd"))[2:4]
    assert duration / ticks == 19 == unit_count("mp4", 2_500_001, 1) / 125_000


def test_every_second_of_a_film_begins_with_a_whole_picture_and_has_its_time_in_it() -> None:
    content = whole(make_media("mp4", 1_000_000, 1, 1, Part(elapsed=125_000 * 60)))
    table = inside(content, b"moov", b"trak", b"mdia", b"minf", b"stbl")

    chunks = numbers(inside(table, b"stco"), 8)
    size = numbers(inside(table, b"stsz"), 12)[0]
    pictures = [content[at : at + size] for at in chunks]
    assert len(chunks) == 7
    assert {picture[:5] for picture in pictures} == {struct.pack(">IB", size - 4, 0x65)}
    assert len(set(pictures)) == 7


def test_an_mp4_file_with_no_room_for_a_second_only_begins_like_one() -> None:
    content = whole(make_media("mp4", 20_000, 1, seed=1))

    assert [name for name, _ in boxes(content)] == [b"ftyp", b"mdat"]
