"""What the whole host process connects to while hostile URLs come in by Event Grid and by hand: nobody else.

The host's queues and the worker are of the same process here, so that all of its connections are watched at once; they
go through one proxy, storage and identity included. What each URL does by itself: `contract/test_wire.py`.
"""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.identity import ManagedIdentity
from local.ports import StackPorts
from local.simulator.admin_requests import ForeignRecordingRequest
from local.simulator.faults import InjectedFault
from local.simulator.scripts import EventOptions, Script
from local.stack import EVENT_FUNCTION, Stack, free_port
from tests.wire import jobs, verdict
from tests.wire.hostile_urls import PLACE, TEMPLATES
from tests.wire.program import Announced, Results, event_of
from tests.wire.proxy import LOOPBACK, RecordingProxy
from tests.wire.surroundings import ACS_HOSTS, Run, recorded

pytestmark = [pytest.mark.stack, pytest.mark.prove, pytest.mark.timeout(300)]
NAMES = tuple(TEMPLATES)[::12]
DONE = {"stored", "deleted", "failed"}
SECONDS_MAX = 120.0
UNTOLD = EventOptions(never=True)  # the events are made here


@dataclass(frozen=True)
class Watched:
    """The run, its chunks, what became of them by document, and the simulator's own view of the requests."""

    run: Run
    chunks: list[Announced]
    statuses: dict[str, str]
    redirected: Announced
    victim: str
    violations: int
    asked: list[tuple[str, str]]
    """Method and document of each request that ACS's hosts of documents had."""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    directory = tmp_path_factory.mktemp("wire")
    record, onward = directory / "record", free_port()
    launcher = (sys.executable, "-m", "tests.wire.watched", str(record), "local.host")
    allowed: set[str] = {f"{host}:443" for host in ACS_HOSTS}
    with RecordingProxy(onward, lambda host, port: f"{host}:{port}" in allowed) as proxy:
        through = {"HTTPS_PROXY": proxy.url, "HTTP_PROXY": proxy.url, "NO_PROXY": "", "UNKNOWN_RECORDINGS": "manage"}
        stack = Stack(
            directory,
            app_settings=through,
            host_options={"timers": False},
            ports=StackPorts(simulator=onward),
            launcher=launcher,
        )
        clear = (*stack.azurite.ports, identity_port(stack.managed_identity))
        allowed |= {f"{LOOPBACK}:{port}" for port in clear}
        with stack:
            yield run(stack, record, proxy, frozenset(allowed))


def identity_port(identity: ManagedIdentity) -> int:
    return int(identity.server.server_port)


def run(stack: Stack, record: Path, proxy: RecordingProxy, allowed: frozenset[str]) -> Watched:
    script = Script(chunks=len(jobs.ROUTES) * (len(NAMES) + 1) + 2, chunk_bytes=64, events=UNTOLD)
    recording = stack.simulator.foreign_recording(ForeignRecordingRequest(script=script))
    recording = stack.simulator.wait_for_files(recording.recording_id)
    documents = jobs.documents_of(recording)
    victim = documents.kept_one().document_id
    redirected = jobs.honest(documents.kept_one(), "redirected")
    target = f"https://{PLACE}/v1/objects/{victim}"
    stack.simulator.add_fault(
        InjectedFault(
            action="redirect", kind="delete", path=redirected.document, location=target, status=307, times=None
        )
    )
    chunks: list[Announced] = []
    for route in jobs.ROUTES:
        honest = [jobs.honest(documents.kept_one(), f"{route}, honest"), *([redirected] if not chunks else [])]
        listed = [*honest, *jobs.hostile_chunks(route, documents, victim, 1, NAMES)]
        event = event_of(listed, recording.call_id, stack.announcement.resource_id)
        answer = (
            stack.host.post_events(EVENT_FUNCTION, [event])
            if route == jobs.ROUTES[0]
            else stack.host.request("POST", "/api/events", json=[event])
        )
        assert answer.status_code == 202, answer.text
        chunks += listed
    statuses = finished(stack, {chunk.document for chunk in chunks}, redirected.document)
    requests = [each for each in stack.simulator.requests() if each.path.startswith("/v1/objects/")]
    return Watched(
        Run(recorded(record), Results(), list(proxy.hosts), frozenset({f"{LOOPBACK}:{proxy.port}"}), allowed),
        chunks,
        statuses,
        redirected,
        victim,
        len(stack.simulator.violations()),
        [(each.method, each.path.split("/")[3]) for each in requests],
    )


def finished(stack: Stack, documents: set[str], redirected: str) -> dict[str, str]:
    """The chunks' statuses once all are done, and the deletion that is redirected was tried."""
    deadline = time.monotonic() + SECONDS_MAX
    while True:
        listed = [stack.recorder.get(recording.id) for recording in stack.recorder.recordings()]
        found = {chunk.document_id: str(chunk.status) for recording in listed for chunk in recording.chunks}
        tried = [each for each in stack.simulator.requests("delete") if redirected in each.path]
        if found.keys() >= documents and set(found.values()) <= DONE and tried:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.2)


def test_the_host_process_connects_to_nobody_else(watched: Watched, figure: Callable[..., None]) -> None:
    outside = verdict.outside(watched.run)

    assert watched.run.what("connect") == watched.run.direct
    assert outside == []
    figure(
        "wire.host",
        "{urls} hostile URLs, each as content, metadata and delete location through Event Grid's route and POST"
        " /api/events of the whole host process, queues included: {outside} connections to any other host",
        urls=len(NAMES),
        outside=len(outside),
    )


def test_it_asks_for_no_document_but_those_that_events_name_as_chunks(watched: Watched) -> None:
    assert {document for _, document in watched.asked} <= {chunk.document for chunk in watched.chunks}
    assert watched.violations == 0


def test_it_deletes_what_is_honest_and_nothing_else(watched: Watched) -> None:
    honest = {chunk.document for chunk in watched.chunks if chunk.case.endswith("honest")}

    assert {document for method, document in watched.asked if method == "DELETE"} == {
        *honest,
        watched.redirected.document,
    }
    assert {document for document, status in watched.statuses.items() if status == "deleted"} == honest


def test_it_refuses_what_lies_elsewhere_and_keeps_what_cannot_be_deleted(watched: Watched) -> None:
    of = {chunk.case.split(": ")[0]: set[str]() for chunk in watched.chunks}
    for chunk in watched.chunks:
        of[chunk.case.split(": ")[0]].add(watched.statuses[chunk.document])

    hostile = {case: statuses for case, statuses in of.items() if "," in case and "honest" not in case}
    assert hostile == {
        f"{route}, {position}": {"stored" if position == "delete" else "failed"}
        for route in jobs.ROUTES
        for position in jobs.CONTENTS
    }
