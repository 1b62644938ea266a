"""The benchmark's own tools: what counts, what is counted, and that a run of one MiB works."""

import shutil
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local.bench import __main__ as bench
from local.bench.bench_setup import HTTP, MIB, TLS, BenchSetup
from local.bench.felt import Felt
from local.bench.measure import OBSTORE, OURS, RELAY, Killed, Results, Sample, sample, ways_for
from local.bench.quiet import QuietMoments
from local.bench.source import MP4_HEAD, content_url


@pytest.fixture(scope="module")
def servers() -> Iterator[BenchSetup]:
    with BenchSetup(9 * MIB) as servers:
        yield servers


def ask(port: int, method: str, target: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, target, body, headers)
        response = connection.getresponse()
        return response.status, dict(response.headers), response.read()
    finally:
        connection.close()


def test_the_source_answers_ranges_exactly(servers: BenchSetup) -> None:
    target = urlsplit(content_url(MIB)).path

    status, headers, body = ask(servers.source.port, "GET", target, Range=f"bytes=4-{MIB * 2}")

    assert (status, headers["Content-Range"]) == (206, f"bytes 4-{MIB - 1}/{MIB}")
    assert body == servers.content.read_bytes()[4:MIB]
    assert servers.content.read_bytes().startswith(MP4_HEAD)


def test_the_sink_gives_committed_lists_back_and_counts_requests_by_kind(servers: BenchSetup) -> None:
    servers.sink.figures()

    ask(servers.sink.port, "PUT", "/account/container/a?comp=block&blockid=b25l", b"12345")
    ask(servers.sink.port, "PUT", "/account/container/a?comp=block&blockid=dHdv", b"123")
    ask(
        servers.sink.port, "PUT", "/account/container/a?comp=blocklist", b"<BlockList><Latest>dHdv</Latest></BlockList>"
    )
    _, _, listing = ask(servers.sink.port, "GET", "/account/container/a?comp=blocklist")

    assert b"<CommittedBlocks><Block><Name>dHdv</Name><Size>3</Size></Block></CommittedBlocks>" in listing
    assert servers.sink.figures() == {"Put Block": 2, "Put Block List": 1, "Get Block List": 1}
    assert servers.sink.figures() == {}


def test_a_copy_of_one_mib_is_measured(servers: BenchSetup) -> None:
    found = sample(servers, OURS, HTTP, 1)

    assert found.operations == {"Put Blob": 1}
    assert found.seconds > 0
    assert found.cpu_seconds > 0
    assert found.served_cpu_seconds >= 0


@pytest.mark.parametrize("scheme", [HTTP, TLS])
def test_the_way_of_obstore_copies_the_same_in_blocks_of_the_same_length(servers: BenchSetup, scheme: str) -> None:
    assert sample(servers, OBSTORE, scheme, 9).operations == {"Put Block": 3, "Put Block List": 1}


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_relay_writes_one_blob(servers: BenchSetup) -> None:
    assert sample(servers, RELAY, HTTP, 1).operations == {"Put Blob": 1}


def test_patience_with_a_busy_machine_ends() -> None:
    quiet, looks = QuietMoments(patience_seconds=0.0), iter([0.9, 0.1])

    quiet.wait(lambda: next(looks))

    assert quiet.shares == [0.9]


def test_missed_bars_are_named_in_the_page(tmp_path: Path) -> None:
    def a_sample(way: str, scheme: str) -> Sample:
        seconds = 2.0 if way == OURS else 1.0
        return Sample(
            way=way,
            scheme=scheme,
            mib=64,
            seconds=seconds,
            cpu_seconds=0.1,
            served_cpu_seconds=0.3,
            growth_mib=15.0,
            operations={"Put Blob": 1},
        )

    results = Results(
        samples=[a_sample(way, scheme) for scheme in (HTTP, TLS) for way in ways_for(scheme, 64)],
        killed=[Killed(share=0.5, fetched_again_bytes=MIB, sent_again_bytes=MIB, same=True)],
        large_growth_mib={HTTP: 26.0, TLS: 29.0},
        at_once_growth_mib={HTTP: 100.0, TLS: 100.0},
        busy_shares=[0.1, 0.9],
        hash_seconds=1.0,
        felt=[Felt(chunks=1, stored=1.0, deleted=2.0, completed=float(seconds)) for seconds in (3, 4, 9)],
    )

    bench.write(tmp_path, results)

    page = (tmp_path / "performance.md").read_text()
    assert "of the relay's, http | ≥ 0.9 x | ≥ 1 x | 0.50 x | **missed**" in page
    assert "memory growth, one transfer up to 1 GiB | ≤ 16 MiB | ≤ 12 MiB | 15 MiB | met" in page
    assert "memory growth, one transfer above 1 GiB | ≤ 28 MiB | ≤ 24 MiB | 29 MiB | **missed**" in page
    assert "the three keep the cores " in page
    assert "| 1 | 1.0 s, 1.0 s at most | 2.0 s, 2.0 s at most | 4.0 s, 9.0 s at most |" in page
    assert (tmp_path / "performance.svg").read_text().count("<rect") == 1 + len(results.samples)
