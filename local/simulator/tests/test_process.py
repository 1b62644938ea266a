"""The process, the proxy, and the admin door."""

import contextlib
import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from azure.communication.callautomation import CallAutomationClient

from local.simulator.client import AdminError
from local.simulator.faults import InjectedFault
from local.simulator.process import SimulatorProcess
from local.simulator.scripts import Script
from local.simulator.settings import Settings
from local.simulator.simulator import Simulator

from .support import SDK_WARNINGS, Acs
from .webhook import Webhook


@SDK_WARNINGS
def test_the_process_says_where_it_is_and_serves_the_sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with SimulatorProcess(tmp_path, settings=Settings(active_delay_seconds=0)) as process:
        assert process.announcement is not None
        for name, value in process.announcement.environment().items():
            monkeypatch.setenv(name, value)
        connection_string = process.announcement.connection_string
        with CallAutomationClient.from_connection_string(connection_string) as client:
            acs = Acs(client, process.admin)

            assert acs.start()
            assert acs.admin.settings().active_delay_seconds == 0


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, None])
def test_the_process_ends_when_told_or_when_its_parent_is_gone(ending: signal.Signals | None, tmp_path: Path) -> None:
    with SimulatorProcess(tmp_path) as simulator:
        process = simulator.process
        assert process is not None
        if ending is None:
            assert process.stdin is not None
            process.stdin.close()
        else:
            process.send_signal(ending)

        assert process.wait(timeout=3) == 0


def test_other_targets_on_loopback_are_passed_through(acs: Acs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "")
    with Webhook() as webhook:
        proxies = {"http": "", "https": os.environ["HTTPS_PROXY"]}
        # TLS to a server that speaks none: that its refusal arrives shows that the bytes passed.
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(webhook.url.replace("http:", "https:"), proxies=proxies, timeout=5)

    assert acs.admin.requests() == []


@pytest.mark.parametrize("url", ["https://example.com/", "https://asm.skype.com.example.com/", "https://10.0.0.1/"])
def test_the_outside_world_is_refused_and_logged(acs: Acs, url: str) -> None:
    with pytest.raises(requests.exceptions.ProxyError, match="502"):
        requests.get(url, timeout=5)

    assert [(entry.method, entry.status) for entry in acs.admin.requests()] == [("CONNECT", 502)]


def test_settings_change_in_part_and_nested(acs: Acs) -> None:
    acs.admin.change_settings(script=Script(chunks=3, chunk_bytes=(100, 200)))
    changed = acs.admin.change_settings(script={"seed": 7}, retention_hours=48)

    assert changed.script == Script(chunks=3, chunk_bytes=(100, 200), seed=7)
    assert acs.admin.settings() == changed


def test_a_setting_that_does_not_exist_is_refused_by_name(acs: Acs) -> None:
    with pytest.raises(AdminError, match="retentionDays"):
        acs.admin.change_settings(retention_days=1)


def test_admin_says_what_it_does_not_know(acs: Acs) -> None:
    with pytest.raises(AdminError, match=r"404 .*No call x"):
        acs.admin.end_call("x")
    with pytest.raises(AdminError, match=r"404 .*No route"):
        acs.admin.send("GET", "/nothing")


@SDK_WARNINGS
def test_a_script_of_the_recording_beats_that_of_the_call_and_that_of_all(acs: Acs) -> None:
    acs.admin.change_settings(script=Script(chunk_bytes=1000))
    call = acs.admin.place_call()
    sizes = []
    for scripted in ("all", "call", "recording"):
        recording_id = acs.start(call)
        if scripted == "call":
            acs.admin.script_call(call.call_id, Script(chunk_bytes=2000))
        if scripted == "recording":
            acs.admin.script_recording(recording_id, Script(chunk_bytes=3000))
        acs.client.stop_recording(recording_id)
        sizes.append(acs.admin.wait_for_files(recording_id).documents[0].bytes)

    assert sizes == [1000, 2000, 3000]


def test_health_counts_what_there_is(acs: Acs) -> None:
    acs.admin.place_call()

    health = acs.admin.health()

    assert (health.status, health.calls, health.recordings) == ("ok", 1, 0)


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01\x00\x05hello", b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n", b"x" * 200_000]
)
def test_garbage_ends_its_connection_and_nothing_else(acs: Acs, simulator: Simulator, garbage: bytes) -> None:
    with socket.create_connection(("127.0.0.1", simulator.proxy.port)) as peer, contextlib.suppress(OSError):
        peer.sendall(garbage)
        peer.shutdown(socket.SHUT_WR)
        assert peer.recv(100) == b""

    assert acs.admin.health().status == "ok"


def test_a_request_body_may_come_chunked(simulator: Simulator) -> None:
    pieces = (piece for piece in (b'{"advance', b'Seconds": 1}'))

    assert requests.post(f"{simulator.admin_url}/time", data=pieces, timeout=5).status_code == 204


def test_the_issuer_says_where_its_keys_are(acs: Acs) -> None:
    issuer = "https://acscallautomation.communication.azure.com"
    answer = requests.get(f"{issuer}/calling/.well-known/acsopenidconfiguration", timeout=5).json()

    assert answer["issuer"] == issuer
    assert requests.get(answer["jwks_uri"], timeout=5).json() == acs.admin.jwks()


@pytest.mark.usefixtures("simulator")
def test_admin_is_not_shown_to_those_who_come_through_the_tunnel() -> None:
    assert requests.get("https://local.communication.azure.com/admin/health", timeout=5).status_code == 401


def test_many_connections_are_served_at_once(acs: Acs) -> None:
    acs.admin.add_fault(InjectedFault(action="delay", seconds=0.3, times=None))
    begun = time.monotonic()

    with ThreadPoolExecutor(20) as workers:
        url = "https://local.communication.azure.com/calling/recordings/x"
        statuses = set(workers.map(lambda _: requests.get(url, timeout=5).status_code, range(20)))

    assert statuses == {401}
    assert time.monotonic() - begun < 2
