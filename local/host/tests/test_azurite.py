"""Azurite starts, answers, stops, and says what is wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests
import trustme
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient

from local.azurite import Azurite, AzuriteError, Ports, answers, free_port

from .samples import ROOT, eventually


@pytest.mark.stack
def test_all_three_services_answer(azurite: Azurite) -> None:
    blobs = BlobServiceClient.from_connection_string(azurite.connection_string)
    tables = TableServiceClient.from_connection_string(azurite.connection_string)

    assert list(blobs.list_containers()) is not None
    assert list(tables.list_tables()) is not None
    assert requests.get(azurite.queue_url + "?comp=list", timeout=5).status_code == 403


@pytest.mark.stack
@pytest.mark.usefixtures("azurite")
def test_what_is_stored_in_a_directory_survives_a_restart(tmp_path: Path) -> None:
    with Azurite(directory=tmp_path) as first:
        BlobServiceClient.from_connection_string(first.connection_string).create_container("kept")
    assert not answers(first.ports.blob)

    with Azurite(directory=tmp_path, ports=first.ports) as second:
        blobs = BlobServiceClient.from_connection_string(second.connection_string)
        assert [container.name for container in blobs.list_containers()] == ["kept"]


@pytest.mark.stack
@pytest.mark.usefixtures("azurite")
def test_with_a_certificate_it_asks_for_tokens_over_https(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    pem, key, trusted = tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(trusted)
    certificate.cert_chain_pems[0].write_to_path(pem)
    certificate.private_key_pem.write_to_path(key)

    with Azurite(oauth_certificate=(pem, key)) as azurite:
        url = azurite.blob_url + "?comp=list"
        response = requests.get(url, headers={"Authorization": "Bearer x"}, timeout=5, verify=str(trusted))

    assert url.startswith("https://")
    assert response.status_code == 403


@pytest.mark.stack
@pytest.mark.usefixtures("azurite")
def test_a_port_that_is_taken_is_an_error_with_a_reason(azurite: Azurite) -> None:
    with pytest.raises(AzuriteError, match="exit code"):
        Azurite(ports=Ports(blob=azurite.ports.blob)).start()


@pytest.mark.stack
@pytest.mark.usefixtures("azurite")
def test_it_ends_with_the_process_that_started_it() -> None:
    port = free_port()
    script = (
        "import os; from local.azurite import Azurite, Ports\n"
        f"Azurite(ports=Ports(blob={port})).start(); os.kill(os.getpid(), 9)"
    )

    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)

    assert ended.returncode == -signal.SIGKILL
    assert eventually(lambda: not answers(port))


def test_a_missing_installation_says_what_to_run(tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": str(tmp_path)}
    script = "from local.azurite import Azurite; Azurite().start()"

    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "`node` is not on PATH" in ended.stderr
