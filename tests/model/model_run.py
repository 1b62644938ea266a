"""One run: a scenario, its faults, everything redelivered until it rests, then everything delivered once more."""

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import msgspec

from shared.domain.errors import RecorderError
from shared.domain.models import ChunkRef
from shared.settings import DELETION_QUEUE, TRANSFER_QUEUE
from tests.fakes import Crash, Effect, FakeHost, Fault
from tests.fakes.host import Delivery, Document, QueuedMessage
from tests.model.faults import DrawnFaults, FaultPlan, FixedFaults, text_of
from tests.model.oracle import Oracle
from tests.model.scenarios import Scenario
from tests.model.violation import Violation, hold

# How long a time-out lasts: nearly as long as a claim, so that whoever works must renew it, or longer than a claim,
# while the patience with messages lasts on; two of these outlast the patience, too.
TIME_OUTS: Mapping[Fault, timedelta] = {Fault.TIME_OUT: timedelta(minutes=4), Fault.ERROR_AFTER: timedelta(minutes=8)}


class WatchedHost(FakeHost):
    """Tells the oracle what is in hand when a trigger is told that it is done."""

    event: Document | None = None
    ref: ChunkRef | None = None

    def deliver_event(self, event: Delivery) -> None:
        self.event = event.document
        super().deliver_event(event)

    def deliver(self, name: str) -> None:
        self.ref = msgspec.json.decode(self.queues[name][0].body, type=ChunkRef)
        super().deliver(name)


class ModelRun:
    """One run of a scenario under faults."""

    def __init__(self, scenario: Scenario, fault_plan: FaultPlan) -> None:
        self.scenario = scenario
        self.fault_plan = fault_plan
        self.struck: dict[int, Fault] = {}
        self.cloud = scenario.cloud()
        self.world = self.cloud.world
        self.world.effects.clear()
        self.host = WatchedHost(self.cloud)
        self.oracle = Oracle(self.cloud)
        self.world.plan = self.plan

    def plan(self, effect: Effect) -> Fault | None:
        self.oracle.effect_begins(effect)
        if effect.name == "grid.acknowledge":
            self.oracle.acknowledging(self.host.event)
        if effect.name == "queue.remove" and self.host.ref:
            self.oracle.removing(self.host.ref)
        fault = self.fault_plan(effect)
        if fault:
            self.struck[effect.number] = fault
            self.world.now += TIME_OUTS.get(fault, timedelta(0))
        return fault

    def run(self, *, again: bool = True) -> "ModelRun":
        """To rest, and judged.

        Raises:
            Violation: an invariant does not hold; says how to see it again.
        """
        try:
            for event in self.scenario.events():
                self.host.publish(event, self.scenario.deliveries)
            self.host.settle()
            self.oracle.at_rest(self.scenario)
            if again:
                self.deliver_again()
        except (AssertionError, Violation, Crash, RecorderError, KeyError) as error:
            raise Violation(f"{error!r}\n  again: {self.command}") from error
        return self

    def deliver_again(self) -> None:
        """I12: every event and every message once more changes nothing."""
        before = self.fingerprint()
        for event in self.scenario.events():
            self.host.publish(event)
        for chunk in self.cloud.chunks():
            for queue in (TRANSFER_QUEUE, DELETION_QUEUE, TRANSFER_QUEUE):
                self.host.queues[queue].append(QueuedMessage(msgspec.json.encode(chunk.ref)))
        self.host.settle()
        self.oracle.at_rest(self.scenario)
        hold(self.fingerprint() == before, "A duplicate changed something.")

    def fingerprint(self) -> object:
        etags = {name: blob.etag for name, blob in self.cloud.store.all.items()}
        told = sorted(self.cloud.catalog.told)
        return etags, list(self.cloud.deleted), self.cloud.chunks(), self.cloud.recording().status, told

    @property
    def name(self) -> str:
        return self.scenario.name

    @property
    def command(self) -> str:
        return f'python -m tests.model --scenario "{self.scenario.name}" --faults "{text_of(self.struck)}"'


def exactly(scenario: Scenario, faults: dict[int, Fault]) -> ModelRun:
    return ModelRun(scenario, FixedFaults(faults))


def seeded(seed: int, undisturbed: dict[Scenario, int]) -> ModelRun:
    """Everything about a run from one number."""
    draw = random.Random(seed)
    scenario = Scenario(
        chunks=3,
        in_blocks=draw.random() < 0.1,
        parts=draw.choice((1, 2, 99)),
        deliveries=draw.choice((1, 1, 2)),
        known=draw.random() < 0.5,
        double_read=draw.random() < 0.1,
        topic=draw.random() < 0.5,
    )
    if scenario not in undisturbed:
        undisturbed[scenario] = len(exactly(scenario, {}).run(again=False).world.effects)
    return ModelRun(scenario, DrawnFaults(draw, undisturbed[scenario]))


def first_parts(scenario: Scenario) -> Scenario:
    """The same recording, announced chunk by chunk."""
    return replace(scenario, parts=1)
