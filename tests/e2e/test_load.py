"""Hundreds of callers, thousands of events, and bodies that never end.

Nobody is answered anything else than success, 429, or 503 with the time to come again; nothing that was accepted is
lost; memory is bounded.

SOAK=1 takes 200 clients, 5,000 events and five events of 2,000 chunks, `make prove` less, `make test` a few.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from local.simulator.scripts import EventOptions, Script
from local.stack import Stack
from shared.api.request_bodies import VALUES_MAX
from tests.e2e.load import (
    EVENT_GRID_SECONDS,
    Answers,
    at_once,
    deliver,
    documents,
    forget_messages,
    lost,
    megabytes_at_most,
    recording_rows,
    slow_bodies,
    status_of,
)
from tests.e2e.steps import WAV
from tests.e2e.test_front_door import event

SOAK = bool(os.environ.get("SOAK"))
# As `infra/` deploys the app, of which tests/infra holds the values.
DEPLOYED = {"PYTHON_THREADPOOL_THREAD_COUNT": "16", "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "1153434"}
MEMORY_MIB_MAX = 512.0  # what the smallest instance has
CHUNKS = 1  # of each of many events
BODY_BYTES = 1024 * 1024
GRACE_SECONDS = 1.0  # of a slow body; five in Azure
DOWN = Script(chunks=1, chunk_bytes=(1_000,), events=EventOptions(never=True))


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    clients: int
    events: int
    large_events: int
    chunks: int
    slow: int
    bodies: int


SHORT = Size(clients=10, events=10, large_events=2, chunks=50, slow=10, bodies=5)
LONG = (
    Size(clients=200, events=5000, large_events=5, chunks=2000, slow=300, bodies=200)
    if SOAK
    else Size(clients=200, events=120, large_events=5, chunks=150, slow=150, bodies=100)
)
both_sizes = pytest.mark.parametrize(
    "size", [SHORT, pytest.param(LONG, marks=pytest.mark.prove)], ids=["short", "long"]
)
pytestmark = pytest.mark.timeout(3000 if SOAK else 300)

type Tell = Callable[..., None]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose queues nobody reads, so that every message can be counted."""
    options = {"timers": False, "queues": False, "body_grace_seconds": GRACE_SECONDS}
    with Stack(tmp_path_factory.mktemp("loaded"), app_settings=DEPLOYED, host_options=options) as running:
        yield running


@pytest.fixture
def tell(figure: Tell, size: Size) -> Tell:
    """Tell what was measured of the long form."""

    def told(name: str, text: str, **values: float) -> None:
        if size is LONG:
            figure(f"load.{name}{'.soak' if SOAK else ''}", text, **values)

    return told


@both_sizes
def test_of_clients_at_once_none_is_refused_for_good_and_each_accepted_start_has_a_row(
    loaded: Stack, size: Size, tell: Tell
) -> None:
    calls = [loaded.simulator.place_call(script=DOWN).server_call_id for _ in range(size.clients)]
    answers = Answers()

    def record(number: int) -> str:
        def ask(method: str, path: str, **more: Any) -> requests.Response:
            return answers.until_taken(lambda: loaded.host.request(method, f"/api/recordings{path}", **more))

        key = {"Idempotency-Key": calls[number]}
        id = ask("POST", "", json={"serverCallId": calls[number], **WAV}, headers=key).json()["id"]
        ask("GET", f"/{id}")
        ask("POST", f"/{id}/stop")
        return str(id)

    began = time.monotonic()
    ids = at_once(size.clients, record)
    seconds = time.monotonic() - began

    assert answers.unexpected == []
    assert len(set(ids)) == size.clients
    assert set(ids) <= recording_rows(loaded)
    started = [one.server_call_id for one in loaded.simulator.recordings() if one.server_call_id in calls]
    assert sorted(started) == sorted(calls), "each call is recorded once"
    tell(
        "clients",
        "{clients} clients at once, each a start, a look and a stop: {recordings} recordings, each once and"
        " with its row; {again} answers said to come again, {bad} anything else; {seconds} s in all",
        clients=size.clients,
        recordings=len(ids),
        again=answers.of(429, 503),
        bad=len(answers.unexpected),
        seconds=seconds,
    )


@both_sizes
def test_of_many_events_each_chunk_has_its_row_and_its_message(loaded: Stack, size: Size, tell: Tell) -> None:
    forget_messages(loaded)
    events = [event(loaded.announcement.resource_id, CHUNKS) for _ in range(size.events)]
    announced = {document for one in events for document in documents(one)}
    answers, share = Answers(), min(size.clients, size.events)

    def post(number: int) -> None:
        for one in events[number::share]:
            deliver(loaded, answers, one)

    began = time.monotonic()
    at_once(share, post)
    seconds = time.monotonic() - began

    missing = lost(loaded, announced)
    assert answers.unexpected == []
    assert answers.of(202) == size.events
    assert missing == 0
    tell(
        "events",
        "{events} events by {clients} clients at once: {lost} of {chunks} chunks without a row or a message;"
        " {again} deliveries to come again, {bad} answered anything else; {rate} events a second",
        events=size.events,
        clients=share,
        lost=missing,
        chunks=len(announced),
        again=answers.of(429, 503),
        bad=len(answers.unexpected),
        rate=size.events / seconds,
    )


@both_sizes
def test_of_large_events_at_once_each_chunk_has_its_row_and_its_message(loaded: Stack, size: Size, tell: Tell) -> None:
    forget_messages(loaded)
    events = [event(loaded.announcement.resource_id, size.chunks) for _ in range(size.large_events)]
    announced = {document for one in events for document in documents(one)}
    answers = Answers()

    seconds = at_once(size.large_events, lambda number: deliver(loaded, answers, events[number]))

    missing = lost(loaded, announced)
    assert answers.unexpected == []
    assert missing == 0
    assert answers.late == 0 or SOAK, "of 2,000 chunks each the machine decides; Event Grid then delivers again"
    tell(
        "large_events",
        "{events} events of {chunks} chunks at once: {lost} chunks without a row or a message; the last acknowledged"
        " after {seconds} s, where Event Grid waits {patience}; {late} came too late and were delivered again",
        events=size.large_events,
        chunks=size.chunks,
        lost=missing,
        seconds=max(seconds),
        patience=EVENT_GRID_SECONDS,
        late=answers.late,
    )


@both_sizes
def test_slow_bodies_end_with_an_error_and_others_are_served(loaded: Stack, size: Size, tell: Tell) -> None:
    before, answers, longest = recording_rows(loaded), Answers(), 0.0
    with slow_bodies(loaded, "/api/recordings", size.slow) as connections:
        for _ in range(10):
            began = time.monotonic()
            answers.until_taken(lambda: loaded.host.request("GET", "/api/recordings?limit=1"))
            longest = max(longest, time.monotonic() - began)
        ends = [status_of(connection) for connection in connections]

    assert answers.unexpected == []
    assert answers.of(200) == 10
    assert set(ends) <= {408, 429}
    after = recording_rows(loaded)
    assert after == before
    tell(
        "slow_bodies",
        "{slow} bodies half sent or byte by byte: {cut} cut off (408), {away} turned away (429), {started} recordings"
        " started by them; the longest that another caller waited, coming again where told to, was {longest} s",
        slow=size.slow,
        cut=ends.count(408),
        away=ends.count(429),
        started=len(after - before),
        longest=longest,
    )


@both_sizes
def test_the_longest_bodies_at_once_and_all_that_came_before_take_bounded_memory(
    loaded: Stack, size: Size, tell: Tell
) -> None:
    empty_events = b"[" + b"{}," * ((BODY_BYTES - 4) // 3) + b"{}]"
    most_values = b"[" + b"{}," * (VALUES_MAX - 1) + b"{}" + b" " * (BODY_BYTES - 3 * VALUES_MAX) + b"]"
    bodies = [empty_events, most_values, b'"' + b"x" * (BODY_BYTES - 1)]
    answers = Answers()

    def post(number: int) -> int:
        send = lambda: loaded.host.request("POST", "/api/events", data=bodies[number % len(bodies)])  # noqa: E731
        return answers.until_taken(send).status_code

    statuses = at_once(size.bodies, post)

    assert set(statuses) == {413, 400}
    assert megabytes_at_most(loaded) < MEMORY_MIB_MAX
    tell(
        "memory",
        "clients, events and slow bodies, and {bodies} bodies of 1 MiB at once: at most {memory} MiB in the process of"
        " the app and of the local functions host, of {most}",
        bodies=size.bodies,
        memory=megabytes_at_most(loaded),
        most=MEMORY_MIB_MAX,
    )


@pytest.mark.parametrize(
    ("status", "headers"), [(500, {}), (503, {}), (408, {}), (302, {}), (409, {"Retry-After": "1"})]
)
def test_any_other_answer_would_be_noticed(status: int, headers: dict[str, str]) -> None:
    answer, answers = requests.Response(), Answers()
    answer.status_code = status
    answer.headers.update(headers)

    answers.note(answer)

    assert answers.unexpected == [(status, bool(headers))]


@pytest.mark.parametrize("is_counted", [False, True])
def test_a_message_or_a_row_that_is_lost_would_be_noticed(loaded: Stack, is_counted: bool) -> None:
    forget_messages(loaded)
    taken, never_sent = (event(loaded.announcement.resource_id, CHUNKS) for _ in range(2))
    deliver(loaded, Answers(), taken)
    assert lost(loaded, set(documents(taken)), named_max=0 if is_counted else 1, seconds=0) == 0

    forget_messages(loaded)

    assert lost(loaded, set(documents(taken)), named_max=0 if is_counted else 1, seconds=0) == CHUNKS
    assert lost(loaded, set(documents(never_sent)), named_max=0 if is_counted else 1, seconds=0) == 2 * CHUNKS
