"""Only an answer that says in every header that it is the range is taken for the range."""

import pytest

from local.simulator.bodies import BytesBody
from local.simulator.wire import Response
from shared.domain.errors import SourceSuspect, SourceUnavailable

from .acs_under_test import TappedSimulator
from .source_under_test import SDK_WARNINGS, SimulatorSourceUnderTest, fetched

pytestmark = SDK_WARNINGS
URL = "https://us-storage.asm.skype.com/v1/objects/0-wus-d4-ab/content/video"
CONTENT = b"0123456789"


def answer(content_range: str | None, content: bytes, status: int = 206, **headers: str) -> Response:
    ranged = {} if content_range is None else {"Content-Range": content_range}
    return Response(
        status, ranged | {name.replace("_", "-"): value for name, value in headers.items()}, BytesBody(content)
    )


@pytest.mark.parametrize("content_range", ["bytes 10-19/20", "bytes 10-19/21"])
def test_an_answer_that_says_what_was_asked_for_is_taken(
    simulator: TappedSimulator, simulated_source: SimulatorSourceUnderTest, content_range: str
) -> None:
    simulator.prepared.append(answer(content_range, CONTENT))

    assert fetched(simulated_source.source, URL, 10, 10) == CONTENT


@pytest.mark.parametrize(
    ("content_range", "content"),
    [
        (None, CONTENT),
        ("", CONTENT),
        ("bytes */20", CONTENT),
        ("bytes 10-19/*", CONTENT),
        ("bytes 10-19", CONTENT),
        ("octets 10-19/20", CONTENT),
        ("bytes=10-19/20", CONTENT),
        ("bytes -10-19/20", CONTENT),
        ("bytes 1\u00b2-19/20", CONTENT),
        (f"bytes 10-19/{'9' * 5000}", CONTENT),
        ("bytes 11-19/20", CONTENT[1:]),
        ("bytes 9-19/20", b"9" + CONTENT),
        ("bytes 10-18/20", CONTENT[:-1]),
        ("bytes 10-20/21", CONTENT + b"!"),
        ("bytes 10-19/15", CONTENT),
        ("bytes 0-9/20", CONTENT),
        ("bytes 10-19/20", CONTENT[:-1]),
        ("bytes 10-19/20", CONTENT + b"!"),
        ("bytes 19-10/20", CONTENT),
        ("bytes 10-9/20", b""),
    ],
)
def test_an_answer_that_says_something_else_is_suspect(
    simulator: TappedSimulator, simulated_source: SimulatorSourceUnderTest, content_range: str | None, content: bytes
) -> None:
    simulator.prepared.append(answer(content_range, content))

    with pytest.raises(SourceSuspect):
        fetched(simulated_source.source, URL, 10, 10)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "aes128gcm"])
def test_an_encoded_answer_is_suspect_even_if_its_lengths_are_right(
    simulator: TappedSimulator, simulated_source: SimulatorSourceUnderTest, encoding: str
) -> None:
    simulator.prepared.append(answer("bytes 10-19/20", CONTENT, Content_Encoding=encoding))

    with pytest.raises(SourceSuspect):
        fetched(simulated_source.source, URL, 10, 10)


@pytest.mark.parametrize("status", [200, 201, 202, 203, 204, 205, 207])
def test_an_answer_of_another_status_is_no_range(
    simulator: TappedSimulator, simulated_source: SimulatorSourceUnderTest, status: int
) -> None:
    simulator.prepared.append(answer("bytes 10-19/20", CONTENT, status))

    with pytest.raises((SourceSuspect, SourceUnavailable)):
        fetched(simulated_source.source, URL, 10, 10)
