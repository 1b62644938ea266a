"""Two invocations on the same recording at once, in every order of their effects that a few switches make."""

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain.errors import CatalogConflict, RecorderError
from shared.domain.models import ChunkRef, Messages
from shared.domain.statuses import ChunkStatus, RecordingStatus
from shared.pipeline.claims import Claim
from shared.services import Services
from tests.builders import document_id
from tests.fakes import Effect, FakeHost
from tests.model import losses
from tests.model.interleaving import InterleavingScheduler
from tests.model.oracle import Oracle
from tests.model.scenarios import ONE, Scenario, in_blocks
from tests.model.search import Totals
from tests.model.violation import Violation, hold

# How long an effect takes where claims are to run out while their holders still work.
SLOW = timedelta(minutes=2)  # three effects outlast a claim, eight the patience with a message
STALLED = timedelta(minutes=6)  # each effect outlasts a claim
MOMENT = timedelta(microseconds=1)  # otherwise: no two writes ever bear the same time
TWO = Scenario(chunks=2, parts=1)

type Act = Callable[["RaceState", Services], Messages]
type Schedule = tuple[int, ...]  # who begins, then the switches


class RaceState:
    """A cloud, and what has happened on it before the race."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.cloud = scenario.cloud()
        self.host = FakeHost(self.cloud)

    def ref(self, number: int = 0) -> ChunkRef:
        return ChunkRef(self.cloud.recording().id, document_id(number))

    def wait(self, **time: float) -> None:
        self.cloud.world.advance(timedelta(**time))


def ingests(*numbers: int, of: int = 0) -> Act:
    """An event with these files; the last one of so many is the last of the recording."""
    return lambda stage, services: services.ingest.ingest(stage.scenario.event(numbers, of)).messages


def announces_elsewhere(_: RaceState, services: Services) -> Messages:
    """The first file once more, at another host."""
    return services.ingest.ingest(losses.THERE).messages


def transfers(stage: RaceState, services: Services) -> Messages:
    return services.transfer.transfer(stage.ref())


def deletes(stage: RaceState, services: Services) -> Messages:
    return services.deletion.delete(stage.ref())


def transfers_and_deletes(stage: RaceState, services: Services) -> Messages:
    transfers(stage, services)
    return deletes(stage, services)


def finishes(number: int) -> Act:
    def act(stage: RaceState, services: Services) -> Messages:
        services.transfer.transfer(stage.ref(number))
        return services.deletion.delete(stage.ref(number))

    return act


def sweeps(_: RaceState, services: Services) -> Messages:
    return services.sweep.sweep()


def sweeps_and_transfers(stage: RaceState, services: Services) -> Messages:
    """The sweep sends what it takes for forgotten, and another worker has it at once."""
    for ref in sweeps(stage, services).transfers:
        services.transfer.transfer(ref)
    return transfers(stage, services)


def claims(stage: RaceState, services: Services) -> Messages:
    """A worker takes the chunk, and is never heard of again."""
    with suppress(CatalogConflict):
        chunk = services.catalog.chunk(stage.ref())
        assert chunk
        Claim.take(services.open_work, services.clock, services.settings.claim, chunk)
    return Messages()


def replays(stage: RaceState, services: Services) -> Messages:
    return services.replay.recording(stage.cloud.recording().id).messages


def hindered(stage: RaceState, _: Services) -> Messages:
    """Somebody has put another content under the name of the copy."""
    losses.hindered(stage.cloud, stage.cloud.chunk())
    return Messages()


def mended(stage: RaceState, _: Services) -> Messages:
    """And has taken it away again."""
    losses.removed(stage.cloud, stage.cloud.chunk())
    return Messages()


def ends_twice(oracle: Oracle, scenario: Scenario) -> None:
    """A recording that was complete before its last file came."""
    oracle.at_rest(scenario, completions_max=2)


def ends_failed(oracle: Oracle, _: Scenario) -> None:
    (chunk,), recording = oracle.cloud.chunks(), oracle.cloud.recording()
    hold(chunk.status is ChunkStatus.FAILED and not chunk.open, f"The chunk ended {chunk.status}.")
    hold(recording.status is RecordingStatus.FAILED, f"The recording ended {recording.status}.")


def replays_and_transfers(stage: RaceState, services: Services) -> Messages:
    replays(stage, services)
    return services.transfer.transfer(stage.ref())


def poisoned(stage: RaceState, services: Services) -> Messages:
    body = b'{"id":"%s","documentId":"%s"}' % (stage.ref().id.encode(), stage.ref().document_id.encode())
    services.poison.take_in("chunk-transfers-poison", body)
    return Messages()


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """Who races, after what, how long each effect takes, whether what they send gets lost, and how it must end."""

    scenario: Scenario = ONE
    before: tuple[Act, ...] = ()
    acts: tuple[Act, Act]
    due: bool = False  # whether everything open is due when the race begins
    tick: timedelta = MOMENT
    messages_lost: bool = False
    judged: Callable[[Oracle, Scenario], None] = Oracle.at_rest


ANNOUNCED = (ingests(0),)
STORED = (*ANNOUNCED, transfers)
MENDED = (*ANNOUNCED, hindered, transfers, mended)
GONE = (*STORED, mended)
RACES: Mapping[str, Race] = {
    "one event twice": Race(acts=(ingests(0), ingests(0))),
    "two parts of a recording": Race(scenario=TWO, acts=(ingests(0), ingests(1))),
    "two transfers": Race(before=ANNOUNCED, acts=(transfers, transfers)),
    "two transfers whose claims run out": Race(before=ANNOUNCED, acts=(transfers, transfers), tick=SLOW),
    "two transfers in blocks whose claims run out": Race(
        scenario=in_blocks(ONE), before=ANNOUNCED, acts=(transfers, transfers), tick=SLOW
    ),
    "a late transfer and its successor": Race(before=ANNOUNCED, acts=(transfers, transfers_and_deletes), tick=SLOW),
    "two deletions": Race(before=STORED, acts=(deletes, deletes)),
    "a transfer and its chunk announced elsewhere": Race(before=ANNOUNCED, acts=(transfers, announces_elsewhere)),
    "a slow transfer in blocks and its chunk announced elsewhere": Race(
        scenario=in_blocks(ONE), before=ANNOUNCED, acts=(transfers, announces_elsewhere), tick=SLOW
    ),
    "a deletion and its chunk announced elsewhere": Race(before=STORED, acts=(deletes, announces_elsewhere)),
    "a transfer and the sweep": Race(before=ANNOUNCED, acts=(transfers, sweeps), due=True),
    "a slow transfer and the sweep": Race(before=ANNOUNCED, acts=(transfers, sweeps), due=True, tick=SLOW),
    "a stalled transfer, the sweep, and its successor": Race(
        scenario=in_blocks(ONE), before=ANNOUNCED, acts=(transfers, sweeps_and_transfers), tick=STALLED
    ),
    "a stalled transfer of no named format, the sweep, and its successor": Race(
        scenario=replace(in_blocks(ONE), names_format=False),
        before=ANNOUNCED,
        acts=(transfers, sweeps_and_transfers),
        tick=STALLED,
    ),
    "a worker that dies with its claim, and the sweep": Race(
        before=ANNOUNCED, acts=(claims, sweeps), due=True, messages_lost=True
    ),
    "a deletion and the sweep": Race(before=STORED, acts=(deletes, sweeps), due=True),
    "a deletion that finds its copy gone, and the sweep": Race(before=GONE, acts=(deletes, sweeps), due=True),
    "two deletions that find their copy gone": Race(before=GONE, acts=(deletes, deletes)),
    "two sweeps": Race(before=ANNOUNCED, acts=(sweeps, sweeps), due=True),
    "a transfer and a replay": Race(before=ANNOUNCED, acts=(transfers, replays)),
    "a deletion and a replay": Race(before=STORED, acts=(deletes, replays)),
    "a transfer and its poison": Race(before=ANNOUNCED, acts=(transfers, poisoned)),
    "the last deletion and a late event": Race(scenario=TWO, before=STORED, acts=(deletes, ingests(1))),
    "a completion and a late file": Race(
        scenario=TWO,
        before=(ingests(0, of=1), transfers),
        acts=(deletes, ingests(1)),
        messages_lost=True,
        judged=ends_twice,
    ),
    "a transfer that fails and a replay": Race(
        before=(*ANNOUNCED, hindered), acts=(transfers, replays), messages_lost=True, judged=ends_failed
    ),
    "two replays of a failure": Race(before=MENDED, acts=(replays, replays), messages_lost=True),
    "a replay of a failure and the sweep": Race(before=MENDED, acts=(replays, sweeps), due=True, messages_lost=True),
    "a replay of a failure, its transfer, and a replay": Race(before=MENDED, acts=(replays_and_transfers, replays)),
    "two last deletions": Race(scenario=TWO, before=(*STORED, ingests(1)), acts=(finishes(0), finishes(1))),
}


def ran(name: str, schedule: Schedule) -> tuple[RaceState, int]:
    """Race, then let everything come to rest; returns also how many switches there could have been.

    Raises:
        Violation: an invariant does not hold; names the schedule.
    """
    race = RACES[name]
    stage = RaceState(race.scenario)
    for act in race.before:
        act(stage, stage.cloud.services)
    stage.wait(hours=1 if race.due else 0)
    oracle = Oracle(stage.cloud)
    scheduler = InterleavingScheduler(len(race.acts), schedule[0], schedule[1:])

    def plan(effect: Effect) -> None:
        scheduler.effect()
        oracle.effect_begins(effect)
        stage.cloud.world.advance(race.tick)

    try:
        stage.cloud.world.plan = plan
        scheduler.play([actor(stage, act) for act in race.acts])
        stage.cloud.world.plan = oracle.effect_begins
        oracle.nothing_forgotten()
        if race.messages_lost:
            stage.host.lose_messages()
        for missing in race.scenario.events():  # every event comes at least once, whoever brought it before
            stage.host.publish(missing)
        stage.host.settle()
        race.judged(oracle, race.scenario)
    except (AssertionError, Violation, RecorderError, KeyError) as error:
        raise Violation(f"{name}, schedule {schedule}: {error!r}") from error
    return stage, scheduler.choices


def actor(stage: RaceState, act: Act) -> Callable[[], object]:
    """An invocation in a process of its own."""
    services = stage.cloud.new_process()
    return lambda: stage.host.send(act(stage, services))


def explored(name: str, preemptions: int) -> Totals:
    """Every schedule with at most so many switches."""
    totals = Totals()
    waiting: list[Schedule] = [(first,) for first in range(len(RACES[name].acts))]
    while waiting:
        schedule = waiting.pop()
        choices = raced(totals, name, schedule)
        if len(schedule) <= preemptions:
            waiting += [(*schedule, switch) for switch in range(max(schedule[1:], default=0) + 1, choices + 1)]
    return totals


def at_random(name: str, seeds: Sequence[int]) -> Totals:
    """Schedules with any number of switches, each from its seed."""
    totals = Totals()
    for seed in seeds:
        raced(totals, name, drawn_schedule(seed))
    return totals


def drawn_schedule(seed: int) -> Schedule:
    draw = random.Random(seed)
    odds = draw.choice((0.1, 0.3, 0.6))
    return (draw.randrange(2), *(step for step in range(1, 100) if draw.random() < odds))


def raced(totals: Totals, name: str, schedule: Schedule) -> int:
    totals.runs += 1
    try:
        stage, choices = ran(name, schedule)
    except Violation as violation:
        totals.violations.append(str(violation))
        return 0
    totals.effects_max = max(totals.effects_max, len(stage.cloud.world.effects))
    return choices
