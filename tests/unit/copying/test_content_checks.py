"""What the first bytes of a recording look like, and what its metadata must be."""

import json
from typing import get_args

import pytest

from shared.copying.content_checks import check_metadata, check_signature, detected_format
from shared.domain.blob_names import CONTENT_TYPES
from shared.domain.errors import SourceSuspect
from shared.domain.start_request import FormatType
from tests.builders import HEADS, Format, document_id, metadata


def test_every_format_that_can_be_asked_for_is_stored_and_checked_under_its_name() -> None:
    assert set(get_args(FormatType.__value__)) == set(CONTENT_TYPES) == set(HEADS)


@pytest.mark.parametrize("form", HEADS)
def test_each_format_is_detected(form: Format) -> None:
    assert detected_format(HEADS[form]) == form


@pytest.mark.parametrize(
    ("head", "form"),
    [
        (b"RF64\xff\xff\xff\xffWAVE", "wav"),
        (b"ID3\x04\x00\x00\x00\x00\x00\x00\x00\x00", "mp3"),
        (b"ID3\x03\x00\x80\x00\x00\x7f\x7f\x00\x00", "mp3"),
        (b"\xff\xfb\x90\x00", "mp3"),
        (b"\xff\xfa\x10\x00", "mp3"),
        (b"\xff\xe3\xe8\x00", "mp3"),
        (b"\x00\x00\x00\x20ftypisom", "mp4"),
    ],
)
def test_variants_are_detected(head: bytes, form: str) -> None:
    assert detected_format(head) == form


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff",
        b"\xff\x1f",
        b"\xff\xf3",
        *[text.encode("utf-16") for text in ("<html>", "{}", "Ā", "\u6800")],  # S22: FF FE is as good a sync as any
        *[b"\xff" + bytes([second]) + b"\x68\xc0" for second in (0xE9, 0xF9, 0xEB, 0xF1, 0xF5, 0xFD, 0xFF)],
        *[b"\xff\xf3" + bytes([third]) + b"\xc0" for third in (0x08, 0xF8, 0x6C)],
        b"ID3",
        b"ID3 is a format of tags",
        b"ID3\x05\x00\x00\x00\x00\x00\x00\x00\x00",
        b"ID3\x04\x00\x00\x00\x00\x00\x80\x00\x00",
        b"RIFF",
        b"RIFF\x00\x00\x00\x00AVI ",
        b"<!DOCTYPE html>",
        b'{"error":{"code":1}}',
        bytes(12),
    ],
)
def test_anything_else_is_suspect(head: bytes) -> None:
    with pytest.raises(SourceSuspect):
        check_signature(head, None)


@pytest.mark.parametrize("announced", [None, "wav", "flac"])
def test_a_recording_is_accepted_as_announced(announced: str | None) -> None:
    check_signature(HEADS["wav"], announced)


def test_another_format_than_announced_is_suspect() -> None:
    with pytest.raises(SourceSuspect, match="is wav, but mp4 was announced"):
        check_signature(HEADS["wav"], "mp4")


def test_metadata_is_read() -> None:
    assert check_metadata(metadata(3), document_id(3))["chunkIndex"] == 3


def test_metadata_that_names_no_document_is_accepted() -> None:
    assert check_metadata(b"{}", document_id(0)) == {}


@pytest.mark.parametrize("content", [b"", b"<html>", b"\xff\xfe", b"[" * 100_000, b"[]", b'"text"', b"null"])
def test_metadata_that_is_no_json_object_is_suspect(content: bytes) -> None:
    with pytest.raises(SourceSuspect):
        check_metadata(content, document_id(0))


def test_metadata_of_another_document_is_suspect() -> None:
    with pytest.raises(SourceSuspect, match="another document"):
        check_metadata(json.dumps({"chunkDocumentId": "other"}).encode(), document_id(0))
