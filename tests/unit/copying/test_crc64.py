"""The checksum of blocks is the one that Blob Storage computes."""

import base64

import pytest

from shared.domain.crc64 import crc64, header_bytes


@pytest.mark.parametrize(
    ("content", "header"), [(b"123456789", "iJh5CoYUi64="), (b"a", "PPzLtEWEL4w="), (b"", "AAAAAAAAAAA=")]
)
def test_it_has_the_values_of_microsoft_s_own_implementation(content: bytes, header: str) -> None:
    assert base64.b64encode(header_bytes(crc64(content))).decode() == header


def test_it_goes_on_where_a_part_ended() -> None:
    assert crc64(b"6789", crc64(b"12345")) == crc64(b"123456789")


def test_it_reads_memory_as_it_lies() -> None:
    assert crc64(memoryview(bytearray(b"x123456789"))[1:]) == crc64(b"123456789")
