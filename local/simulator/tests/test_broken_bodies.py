"""Faults in the body of an answer: too short, too long, too slow, or simply wrong."""

import socket
import ssl
import time
from urllib.parse import urlsplit

import pytest
from azure.core.exceptions import AzureError, IncompleteReadError

from local.simulator.faults import Action, InjectedFault
from local.simulator.simulator import Simulator

from .support import SDK_WARNINGS, Acs, content_url

pytestmark = SDK_WARNINGS


@pytest.mark.parametrize(("action", "start"), [("emptyBody", b""), ("htmlBody", b"<!DOC"), ("jsonBody", b'{"mes')])
def test_a_wrong_body_comes_with_200(acs: Acs, action: Action, start: bytes) -> None:
    response = acs.faulty(InjectedFault(action=action, kind="content"), acs.document())

    assert (response.status_code, response.read()[:5]) == (200, start)


@pytest.mark.parametrize("action", ["truncate", "reset"])
def test_a_body_ends_too_early(acs: Acs, action: Action) -> None:
    response = acs.faulty(InjectedFault(action=action, at=2_000_000, kind="content"), acs.document(3_000_000))

    assert response.headers["Content-Length"] == "3000000"
    with pytest.raises(AzureError) as error:
        response.read()
    assert isinstance(error.value, IncompleteReadError) or "reset" in str(error.value)


@pytest.mark.parametrize("action", ["closeDelimited", "chunked"])
def test_a_body_comes_without_its_length(acs: Acs, action: Action) -> None:
    document = acs.document()

    response = acs.faulty(InjectedFault(action=action, kind="content"), document)

    assert "Content-Length" not in response.headers
    assert response.read() == acs.admin.content(document.document_id)


def test_a_chunked_body_without_terminator_is_noticed(acs: Acs) -> None:
    response = acs.faulty(InjectedFault(action="chunkedOpen", kind="content"), acs.document())

    with pytest.raises(AzureError):
        response.read()


def test_a_body_can_be_longer_than_its_length(acs: Acs, simulator: Simulator) -> None:
    acs.admin.add_fault(InjectedFault(action="longBody", extra_bytes=10, kind="start"))

    received = raw_exchange(simulator, b"POST /calling/recordings HTTP/1.1\r\nContent-Length: 0\r\n\r\n")

    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    assert len(body) == length + 10


def test_content_range_can_lie(acs: Acs) -> None:
    response = acs.faulty(InjectedFault(action="wrongContentRange"), acs.document(), "bytes=0-9")

    assert response.headers["Content-Range"] == "bytes 1-10/5000"
    assert len(response.read()) == 10


def test_the_total_can_change_between_ranges(acs: Acs) -> None:
    document = acs.document()

    first = acs.faulty(InjectedFault(action="totalChanged", skip=1), document, "bytes=0-9")
    second = acs.download(content_url(document), headers={"Range": "bytes=10-19"})

    assert first.headers["Content-Range"] == "bytes 0-9/5000"
    assert second.headers["Content-Range"] == "bytes 10-19/5001"
    assert len(first.read()) == len(second.read()) == 10


def test_a_range_can_be_ignored(acs: Acs) -> None:
    response = acs.faulty(InjectedFault(action="ignoreRange"), acs.document(), "bytes=10-19")

    assert (response.status_code, len(response.read())) == (200, 5000)


def test_a_body_can_be_gzipped(acs: Acs) -> None:
    document = acs.document()

    response = acs.faulty(InjectedFault(action="gzip"), document)

    assert response.headers["Content-Encoding"] == "gzip"
    assert response.read() == acs.admin.content(document.document_id)


@pytest.mark.parametrize("start", [0, 4000])
def test_one_bit_can_flip_wherever_the_range_begins(acs: Acs, start: int) -> None:
    document = acs.document()
    good = acs.admin.content(document.document_id)

    bad = acs.faulty(InjectedFault(action="flipBit", at=4321), document, f"bytes={start}-4999").read()

    wrong = [start + at for at, (a, b) in enumerate(zip(bad, good[start:], strict=True)) if a != b]
    assert wrong == [4321]


def test_the_signature_of_the_media_can_be_wrong(acs: Acs) -> None:
    assert acs.faulty(InjectedFault(action="wrongSignature"), acs.document()).read()[:4] != b"RIFF"


def test_a_slow_body_takes_its_time(acs: Acs) -> None:
    begun = time.monotonic()

    acs.faulty(InjectedFault(action="slow", bytes_per_second=20_000), acs.document(5000)).read()

    assert time.monotonic() - begun > 0.2


def test_a_stalled_body_comes_in_the_end(acs: Acs) -> None:
    begun = time.monotonic()

    response = acs.faulty(InjectedFault(action="stall", at=1000, seconds=0.2), acs.document(5000))

    assert len(response.read()) == 5000
    assert time.monotonic() - begun > 0.2


def test_content_can_be_throttled(acs: Acs) -> None:
    document = acs.document(5000)
    acs.admin.change_settings(content_bytes_per_second=20_000, content_latency_seconds=0.1)
    begun = time.monotonic()

    acs.fetch(document)

    assert time.monotonic() - begun > 0.3


def raw_exchange(simulator: Simulator, request: bytes) -> bytes:
    """Send bytes through a tunnel and read until the other side closes."""
    proxy = urlsplit(simulator.proxy_url)
    context = ssl.create_default_context(cafile=str(simulator.certificates.ca_file))
    with socket.create_connection((str(proxy.hostname), proxy.port or 0)) as tunnel:
        tunnel.sendall(b"CONNECT local.communication.azure.com:443 HTTP/1.1\r\n\r\n")
        assert b" 200 " in tunnel.recv(1000)
        with context.wrap_socket(tunnel, server_hostname="local.communication.azure.com") as secured:
            secured.sendall(request)
            return b"".join(iter(lambda: secured.recv(65_536), b""))
