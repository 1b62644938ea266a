"""Heads of wav files as real writers make them: where the sound lies, or why a file is refused."""

import io
import json
import wave
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from shared.domain.errors import NotExportable
from shared.domain.wav_header import CHUNKS_MAX, WINDOW_BYTES, WavRefused, read_header, wav_head

CORPUS = json.loads((Path(__file__).parents[1] / "wav_headers.json").read_text())
PCM_STEREO = bytes.fromhex("0100020080bb000000ee020004001000")
HEADERS = [case for case in CORPUS["cases"] if "header" in case]
REFUSALS = [case for case in CORPUS["cases"] if "refusal" in case]


def reader(head: bytes, total: int) -> Callable[[int, int], bytes]:
    """A file that begins with this and goes on with zeros, which need not exist."""

    def read(offset: int, length: int) -> bytes:
        length = max(min(length, total - offset), 0)
        return head[offset : offset + length].ljust(length, b"\0")

    return read


def name_of(case: dict[str, Any]) -> str:
    return str(case["name"])


@pytest.mark.parametrize("case", HEADERS, ids=name_of)
def test_a_header_is_read_as_the_corpus_says(case: dict[str, Any]) -> None:
    wanted = case["header"]

    header = read_header(reader(bytes.fromhex(case["head"]), case["total"]), case["total"])

    assert (header.data_offset, header.data_bytes) == (wanted["dataOffset"], wanted["dataBytes"])
    assert (header.channels, header.sample_rate) == (wanted["channels"], wanted["sampleRate"])
    assert header.frame_bytes == wanted["frameBytes"]


@pytest.mark.parametrize("case", REFUSALS, ids=name_of)
def test_a_file_is_refused_as_the_corpus_says(case: dict[str, Any]) -> None:
    with pytest.raises(WavRefused) as refused:
        read_header(reader(bytes.fromhex(case["head"]), case["total"]), case["total"])

    assert refused.value.reason == case["refusal"]


@pytest.mark.parametrize("case", CORPUS["cases"], ids=name_of)
def test_no_file_costs_more_than_a_bounded_number_of_small_reads(case: dict[str, Any]) -> None:
    asked: list[int] = []
    read = reader(bytes.fromhex(case["head"]), case["total"])

    def counted(offset: int, length: int) -> bytes:
        asked.append(length)
        return read(offset, length)

    with suppress(WavRefused):
        read_header(counted, case["total"])

    assert len(asked) <= CHUNKS_MAX + 3
    assert max(asked) <= WINDOW_BYTES


def test_a_head_is_one_that_python_s_own_reader_reads() -> None:
    with wave.open(io.BytesIO(wav_head(PCM_STEREO, 8) + b"ABCDEFGH")) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 48000, 2)
        assert file.readframes(3) == b"ABCDEFGH"


@pytest.mark.parametrize("form", [PCM_STEREO, PCM_STEREO + b"\0\0", PCM_STEREO + b"\0"])
def test_a_head_has_the_format_as_it_was(form: bytes) -> None:
    head = wav_head(form, 4)

    header = read_header(reader(head, len(head) + 4), len(head) + 4)

    assert (header.form, header.data_offset, header.data_bytes) == (form, len(head), 4)


def test_a_file_of_more_than_4_gib_is_refused_with_the_reason() -> None:
    most = 2**32 - 1 - 36

    assert wav_head(PCM_STEREO, most)
    with pytest.raises(NotExportable, match="4 GiB"):
        wav_head(PCM_STEREO, most + 1)
