"""The queue listener beside the real one: what it fetches when, how often it polls, and what it does with a message.

Times are short: a second of the real listener is a tick that the test gives, or a hundredth of a second.
"""

from __future__ import annotations

import asyncio
from itertools import accumulate
from typing import TYPE_CHECKING

import pytest

from local.host.encoding import encode
from local.host.host_json import QueueSettings
from local.host.queues import Backoff

from .listening import Call, Listening, listening, until
from .recorded import queues as recorded
from .recorded.queues import BATCHES, POISON, WORK, Batches

if TYPE_CHECKING:
    from collections.abc import Callable

# As recorded, a hundredth of the seconds; the listener's shortest wait stays what it is.
SETTINGS = QueueSettings(
    batch_size=4, new_batch_threshold=0, max_dequeue_count=5, visibility_timeout_seconds=0.02, max_polling_seconds=0.1
)


async def succeed(_: Call) -> bool:
    return True


async def fail(_: Call) -> bool:
    return False


class Ticks:
    """Functions that run for whole ticks; a tick passes when the listener has nothing left to do."""

    def __init__(self, played: Batches) -> None:
        self.played = played
        self.now = 0
        self.begun: dict[int, int] = {}
        self.at_once = 0

    async def behave(self, call: Call) -> bool:
        number = int(call.text)
        self.begun[number] = self.now
        self.at_once = max(self.at_once, len(self.running()))
        while number in self.running():  # noqa: ASYNC110 - another thread gives the ticks
            await asyncio.sleep(0.001)
        return True

    def running(self) -> list[int]:
        return [number for number, tick in self.begun.items() if tick + self.played.seconds[number] > self.now]

    def is_settled(self, rig: Listening) -> bool:
        """Whether all that ended is deleted, all that was fetched has begun, and no more will be fetched now."""
        queue, in_process, running = rig.queues[WORK], rig.listeners[WORK].in_process, len(self.running())
        total, begun = len(self.played.seconds), len(self.begun)
        return (
            queue.received == begun
            and in_process == running
            and len(queue.messages) == total - (begun - running)
            and (begun == total or in_process > self.played.threshold)
        )


@pytest.mark.parametrize("played", BATCHES, ids=lambda played: f"{played.batch}-{played.threshold}")
def test_messages_begin_when_the_real_listener_begins_them(played: Batches) -> None:
    ticks = Ticks(played)
    settings = QueueSettings(batch_size=played.batch, new_batch_threshold=played.threshold, max_polling_seconds=0.1)
    with listening(settings, ticks.behave) as rig:
        for number in range(len(played.seconds)):
            rig.send(str(number))
        rig.start()
        until(lambda: ticks.is_settled(rig))
        while rig.queues[WORK].messages:
            ticks.now += 1
            until(lambda: ticks.is_settled(rig))

    assert [ticks.begun[number] for number in sorted(ticks.begun)] == list(played.begun)
    # Those that end with a tick do so one after the other here, and the listener may fetch after the first of them.
    assert played.at_once <= ticks.at_once <= played.batch + played.threshold


def polls(backoff: Backoff, count: int) -> list[float]:
    """When a queue is polled in which there is nothing, in seconds after the first poll."""
    return [0.0, *accumulate(backoff.next_delay() for _ in range(count - 1))]


def after_a_message(backoff: Backoff) -> Backoff:
    polls(backoff, 10)
    backoff.found()
    return backoff


@pytest.mark.parametrize(
    ("times", "prepare"),
    [
        *[(times, lambda backoff: backoff) for times in recorded.POLLS_FROM_THE_START],
        (recorded.POLLS_AFTER_A_MESSAGE, after_a_message),
    ],
)
def test_an_empty_queue_is_polled_when_the_real_listener_polls_it(
    times: list[int], prepare: Callable[[Backoff], Backoff]
) -> None:
    soonest = polls(prepare(Backoff(10, jitter=lambda: 0.8)), len(times))
    latest = polls(prepare(Backoff(10, jitter=lambda: 1.2)), len(times))

    # Recorded to the whole second, and each request took its hundredths.
    assert [time for time, low in zip(times, soonest, strict=True) if time < low - 0.5] == []
    assert [time for time, high in zip(times, latest, strict=True) if time > high + 0.5 + 0.02 * len(times)] == []


def test_the_listener_polls_soon_again_after_a_message() -> None:
    with listening(SETTINGS, succeed) as rig:
        listener = rig.listeners[WORK]
        listener.backoff.exponent = 7
        rig.send("late")
        rig.start()
        until(lambda: rig.asked_of(WORK).count(recorded.RECEIVE.format(queue=WORK)) >= 3)

    assert listener.backoff.exponent < 7


def test_a_message_that_fails_every_time_goes_the_way_it_goes_in_azure() -> None:
    async def behave(call: Call) -> bool:
        return call.queue == POISON

    with listening(SETTINGS, behave) as rig:
        rig.send('{"id": 1}')
        rig.start()
        until(lambda: len(rig.calls) == len(recorded.FAILING_RAN) and not rig.queues[POISON].messages)

    assert [(call.queue, call.dequeue_count) for call in rig.calls] == recorded.FAILING_RAN
    assert {call.text for call in rig.calls} == {'{"id": 1}'}
    assert rig.asked("PUT", "POST", "DELETE") == recorded.FAILING_ASKED
    assert set(rig.asked("GET")) == {recorded.RECEIVE.format(queue=queue) for queue in (WORK, POISON)}


def test_a_message_that_fails_in_the_poison_queue_stays_invisible_and_polling_goes_on() -> None:
    with listening(SETTINGS, fail) as rig:
        rig.queues[POISON].send("cA==")
        rig.start()
        until(lambda: rig.asked_of(POISON).count(recorded.RECEIVE.format(queue=POISON)) >= 4)

    assert [(call.queue, call.dequeue_count) for call in rig.calls] == recorded.FAILING_IN_POISON_RAN
    assert rig.asked("PUT", "DELETE") == []
    assert len(rig.queues[POISON].messages) == 1


def test_what_is_not_base64_moves_to_the_poison_queue_at_once_and_is_never_run() -> None:
    with listening(SETTINGS, succeed) as rig:
        for text in recorded.TEXTS:
            rig.queues[WORK].send(text)
        rig.notes.lines.clear()
        rig.start()
        until(lambda: not rig.queues[WORK].messages and rig.queues[POISON].received == len(recorded.TEXTS_MOVED))
        until(rig.is_idle)

    assert [call.text for call in rig.calls] == recorded.TEXTS_RUN_AS_BASE64
    assert sorted(rig.asked("PUT", "POST", "DELETE")) == recorded.TEXTS_ASKED
    assert sorted(message.text for message in rig.queues[POISON].messages.values()) == sorted(recorded.TEXTS_MOVED)


def test_without_an_encoding_every_text_is_run_as_it_stands() -> None:
    settings = QueueSettings(batch_size=4, new_batch_threshold=0, max_polling_seconds=0.1, base64=False)
    with listening(settings, succeed) as rig:
        for text in recorded.TEXTS:
            rig.send(text)
        rig.start()
        until(lambda: not rig.queues[WORK].messages)

    assert sorted(call.text for call in rig.calls) == sorted(recorded.TEXTS_RUN_AS_NONE)


class Gate:
    """Functions that run until the test lets them end."""

    def __init__(self) -> None:
        self.is_open = False

    async def behave(self, _: Call) -> bool:
        while not self.is_open:  # noqa: ASYNC110 - another thread opens it
            await asyncio.sleep(0.001)
        return True


def test_a_slow_message_is_renewed_at_half_time_and_deleted_with_the_new_receipt() -> None:
    gate, scale = Gate(), 1200
    with listening(SETTINGS, gate.behave, lease_seconds=600 / scale, scale=scale) as rig:
        rig.send("slow")
        rig.start()
        until(lambda: bool(rig.asked("PUT")))
        gate.is_open = True
        until(lambda: not rig.queues[WORK].messages)
        rig.stop()

    asked = rig.asked_of(WORK)
    assert asked[: len(recorded.SLOW_ASKED)] == recorded.SLOW_ASKED
    assert set(asked[len(recorded.SLOW_ASKED) :]) <= {recorded.RECEIVE.format(queue=WORK)}
    began, renewed = (rig.notes.times[rig.notes.lines.index(line)] for line in recorded.SLOW_ASKED[:2])
    assert (renewed - began) * scale >= recorded.SLOW_RENEWED_AFTER


def test_a_message_that_runs_when_the_host_stops_ends_and_is_deleted_and_nothing_is_fetched() -> None:
    gate = Gate()
    with listening(SETTINGS, gate.behave) as rig:
        for text in ("stop", "later"):
            rig.send(text)
        rig.queues[WORK].messages["2"].visible_at = float("inf")
        rig.start()
        until(lambda: len(rig.calls) == 1)
        rig.stop()
        rig.queues[WORK].messages["2"].visible_at = 0.0
        gate.is_open = True
        until(rig.is_idle)

    assert rig.asked_of(WORK) == recorded.STOPPED_ASKED
    assert [message.text for message in rig.queues[WORK].messages.values()] == [encode("later", base64_encoded=True)]
