"""No key anywhere: the app with managed identity, as infra/ deploys it."""

from collections.abc import Iterator

import pytest

from local.simulator.scripts import Script
from local.stack import Stack
from tests.e2e.drive import differences, record, settled


@pytest.fixture(scope="module")
def keyless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("identity"), host_options={"timers": False}, identity=True) as running:
        yield running


def test_a_recording_completes_with_tokens_only(keyless: Stack) -> None:
    recording = record(keyless, Script(chunks=2, chunk_bytes=(5_000_000, 20_000)))

    completed = settled(keyless, recording["id"])

    assert [chunk["status"] for chunk in completed["chunks"]] == ["deleted", "deleted"]
    assert differences(keyless, completed) == []


def test_a_link_is_signed_with_a_delegation_key(keyless: Stack) -> None:
    recording = settled(keyless, record(keyless, Script(chunks=1, chunk_bytes=20_000))["id"])
    chunk = recording["chunks"][0]

    link = keyless.recorder.ask("GET", f"/recordings/{recording['id']}/chunks/{chunk['documentId']}/content")

    assert "skoid=" in link["url"]
    assert "AccountKey" not in str(keyless.environment())
    assert "accesskey" not in str(keyless.environment())
