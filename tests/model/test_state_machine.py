"""Callers, ACS, Event Grid, an operator and outages act in any order; the invariants hold after every step."""

import os
from contextlib import ExitStack
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from shared.domain.models import Chunk
from tests.fakes import Fault
from tests.model.model_state import CALLS, CHUNKS, ModelState, RecordedCall

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "1000"))
SOME_EXAMPLES = 40
STEPS = 40
OUTAGES = (Fault.ERROR_BEFORE, Fault.TIME_OUT, Fault.ERROR_AFTER)
places = st.integers(min_value=0, max_value=20)


class CallsAndRecordings(RuleBasedStateMachine):
    """Everything that can happen; a place picks one of whatever is there."""

    def __init__(self) -> None:
        super().__init__()
        self.model = ModelState()
        self.listening = ExitStack()
        self.listening.enter_context(self.model.alerts)

    def a_recorded_call(self, place: int) -> RecordedCall:
        recorded_calls = list(self.model.recorded_calls.values())
        return recorded_calls[place % len(recorded_calls)]

    def an_id(self, place: int) -> str:
        ids = [recording.id for recording in self.model.cloud.recordings()]
        return ids[place % len(ids)] if ids else "there is none"

    def a_chunk(self, place: int) -> Chunk | None:
        chunks = self.model.cloud.chunks()
        return chunks[place % len(chunks)] if chunks else None

    @rule(call=st.sampled_from(CALLS), key=st.sampled_from(["k1", "k2", "k3"]), paused=st.booleans())
    def start(self, call: str, key: str, paused: bool) -> None:
        self.model.start(call, f"{call}-{key}", paused=paused)

    @rule(place=places, act=st.sampled_from(["pause", "resume", "stop", "refresh"]))
    def control(self, place: int, act: str) -> None:
        self.model.control(act, self.an_id(place))

    @rule(place=places)
    def call_ends(self, place: int) -> None:
        self.model.cloud.acs.hang_up(self.a_recorded_call(place).recording_id)

    @rule(
        place=places,
        numbers=st.sets(st.integers(0, CHUNKS - 1), min_size=1, max_size=CHUNKS),
        times=st.integers(1, 2),
    )
    def files_are_announced(self, place: int, numbers: set[int], times: int) -> None:
        self.model.announce(self.a_recorded_call(place), numbers, times)

    @rule()
    def messages_are_delivered(self) -> None:
        self.model.host.work()

    @rule(place=places)
    def a_message_is_lost(self, place: int) -> None:
        queues = [queue for queue in self.model.host.queues.values() if queue]
        if queues:
            queues[place % len(queues)].popleft()

    @rule(place=places)
    def a_message_turns_to_poison(self, place: int) -> None:
        chunk = self.a_chunk(place)
        if chunk:
            self.model.poison(chunk.ref)

    @rule()
    def the_timer_fires(self) -> None:
        if self.model.host.sweep():
            self.model.check_warned()

    @rule(minutes=st.sampled_from([1, 16, 61, 5 * 60, 13 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.model.cloud.world.advance(timedelta(minutes=minutes))

    @rule(port=st.sampled_from(["catalog", "store", "source", "acs", "queue"]), fault=st.sampled_from(OUTAGES))
    def an_outage_begins(self, port: str, fault: Fault) -> None:
        self.model.outages[port] = fault

    @rule()
    def outages_end(self) -> None:
        self.model.outages.clear()

    @rule(effects=st.integers(0, 30))
    def a_process_is_about_to_die(self, effects: int) -> None:
        self.model.crash_in = effects

    @rule(place=places)
    def an_operator_replays(self, place: int) -> None:
        self.model.host.invoke(lambda services: services.replay.recording(self.an_id(place)).messages)

    @rule(place=places, how=st.sampled_from(["retag", "overwrite", "lose"]))
    def an_operator_tampers(self, place: int, how: str) -> None:
        chunk = self.a_chunk(place)
        if chunk:
            self.model.tamper(chunk, how)

    @invariant()
    def everything_holds(self) -> None:
        self.model.check()

    def teardown(self) -> None:
        with self.listening:
            self.model.settle()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("examples", [SOME_EXAMPLES, pytest.param(EXAMPLES, marks=pytest.mark.prove)])
def test_the_invariants_hold_after_every_step_and_everything_comes_to_rest(examples: int) -> None:
    run_state_machine_as_test(
        CallsAndRecordings,
        settings=settings(
            max_examples=examples, stateful_step_count=STEPS, suppress_health_check=list(HealthCheck), print_blob=True
        ),
    )
