"""A transfer needs the same memory whatever its size; eight at once stay within what a small instance has."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.simulator.admin_requests import ForeignRecordingRequest
from local.simulator.process import SimulatorProcess
from local.simulator.scripts import Script
from local.simulator.views import DocumentView
from tests.contract.conftest import QUICK

MEBIBYTE = 1024 * 1024
ROOT = Path(__file__).parents[3]


@pytest.fixture
def acs(tmp_path: Path) -> Iterator[SimulatorProcess]:
    """A process of its own, so that its memory and its Python are not ours."""
    with SimulatorProcess(tmp_path, settings=QUICK) as running:
        yield running


def kept(acs: SimulatorProcess, mebibytes: int) -> DocumentView:
    request = ForeignRecordingRequest(script=Script(chunk_bytes=mebibytes * MEBIBYTE))
    return acs.admin.wait_for_files(acs.admin.foreign_recording(request).recording_id).documents[0]


def grown(acs: SimulatorProcess, *documents: DocumentView) -> tuple[float, list[str]]:
    """(MiB by which a process grew, SHA-256 of each content) when it copied all documents at once."""
    assert acs.announcement is not None
    urls = [
        f"https://{document.home_host}/v1/objects/{document.document_id}/content/video"
        for document in (kept(acs, 1), *documents)
    ]
    probe = subprocess.run(
        [sys.executable, "-m", "tests.contract.copying.memory_probe", acs.announcement.connection_string, *urls],
        cwd=ROOT,
        env=os.environ | acs.announcement.environment(),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    growth, *digests = probe.stdout.split()
    return float(growth), digests


def test_a_large_transfer_grows_by_no_more_than_32_mebibytes(acs: SimulatorProcess) -> None:
    document = kept(acs, 256)

    growth, digests = grown(acs, document)

    assert digests == [document.sha256]
    assert growth <= 32


def test_eight_transfers_at_once_grow_by_no_more_than_128_mebibytes(acs: SimulatorProcess) -> None:
    documents = [kept(acs, 48) for _ in range(8)]

    growth, digests = grown(acs, *documents)

    assert digests == [document.sha256 for document in documents]
    assert growth <= 128
