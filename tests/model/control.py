"""Callers, ACS and the sweep control one recording, under faults and in every order: nobody is told an untruth.

A script is what happens one after the other; a contest is two acts at once. After both the app is left alone with its
sweeps for some hours: then what it shows of a recording is what ACS says of it.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.errors import AcsError, AcsUnavailable, AcsUncertain, RecorderError
from shared.domain.models import Recording
from shared.domain.statuses import ControlStatus, FilesStatus, RecordingStatus
from tests.builders import SERVER_CALL_ID, a_start_request, file_ready_event
from tests.fakes import GOOD_TOKEN, OUR_TOPIC, Cloud, Crash, Effect, FakeHost, Fault, World
from tests.fakes.acs import FakeAcsRecording, acs_recording_id
from tests.model.faults import FaultPlan, FixedFaults, faults_of, text_of
from tests.model.interleaving import InterleavingScheduler
from tests.model.model_run import TIME_OUTS
from tests.model.oracle import Oracle
from tests.model.search import Faults, Totals
from tests.model.violation import Violation, hold

KEY = "the caller's own"
SOON = (1, 1, 1)  # minutes until sweeps after which ACS's word stands on the row, if no process died
LATER = (*[1] * 10, *[60] * 3)  # … whatever happened
FAULTS_AT_REST = 30  # effects of the sweeps that may meet faults, too; later ones are alike
KNOWN_AFTER = timedelta(seconds=40)  # ACS answers a start, and does not know the recording everywhere yet

type Act = Callable[["ControlScenario"], object]


class ControlScenario:
    """A cloud with one recording of one call."""

    def __init__(self, *, topic: bool = False) -> None:
        self.cloud = Cloud(CALLBACK_AUDIENCE="resource", EVENTS_TOPIC_ENDPOINT=OUR_TOPIC if topic else "")
        self.cloud.acs.becomes_known_after = KNOWN_AFTER
        self.host = FakeHost(self.cloud)
        self.oracle = Oracle(self.cloud)

    def row(self) -> Recording | None:
        rows = [row for row in self.cloud.recordings() if row.server_call_id == SERVER_CALL_ID]
        return rows[0] if rows else None

    def start(self, *, paused: bool = False) -> None:
        """A caller's request; one that is told for sure that nothing was started is told the truth."""
        try:
            with self.cloud.services.invocation("a caller"):
                self.cloud.services.starts.start(a_start_request(pauseOnStart=paused), KEY)
        except AcsError as error:
            row = self.row()
            if row is not None and not isinstance(error, AcsUncertain):
                self.oracle.not_started(row)
            raise

    def request(self, action: str) -> None:
        """A caller's request; a stop that succeeds has told that ACS does not record."""
        row = self.row()
        if row is None:
            return
        with self.cloud.services.invocation("a caller"):
            answer: Recording = getattr(self.cloud.services.control, action)(row.id)
        if action == "stop" and not answer.refused:
            self.oracle.not_recorded(answer, "A caller was told that recording was stopped")

    def hear(self, kind: str, recording_id: str | None) -> None:
        """A callback with a token of ACS's, whoever posts it."""
        data = {"recordingId": recording_id, "serverCallId": SERVER_CALL_ID, "state": "active"}
        callback = {"type": f"Microsoft.Communication.{kind}", "data": data}
        with self.cloud.services.invocation("recording_state"):
            self.cloud.services.state_callbacks.take_in(json.dumps([callback]).encode(), GOOD_TOKEN)

    def wait(self, **time: float) -> None:
        self.cloud.world.advance(timedelta(**time))

    def live(self) -> list[FakeAcsRecording]:
        return list(self.cloud.acs.recordings.values())

    def rest(self, *minutes: int) -> None:
        """The app alone, with a sweep after each of these times."""
        for pause in minutes:
            self.wait(minutes=pause)
            self.host.work()
            self.host.sweep()

    def judge(self, *, soon: bool) -> None:
        """Raises: Violation when the row tells of another state than ACS's.

        Args:
            soon: whether the end of a call may still be unheard of: nothing tells us of it but the event.
        """
        self.oracle.nothing_forgotten()
        if not soon:
            self.oracle.listed_once()
            self.oracle.rows_written()
            self.oracle.events.at_rest()
        row = self.row()
        hold(row is None or not row.refused or row.files is FilesStatus.NONE, "A start that made a file is refused.")
        if row is None or row.recording_id is None:
            return
        ours = {acs_recording_id(number) for number, _ in enumerate(self.cloud.acs.started, start=1)}
        hold(row.recording_id in ours, "The row names a recording that this start did not make.")
        live = self.cloud.acs.recordings.get(row.recording_id)
        if row.start_failure is not None:
            hold(live is None, "A recording that runs is shown as a start that failed.")
            return
        unheard = soon and row.ended_at is None and live is None
        hold(unheard or (row.ended_at is None) == (live is not None), f"The row says {row.status}, ACS has {live}.")
        if live is not None:
            told = ControlStatus.ACTIVE if live.active else ControlStatus.PAUSED
            hold(row.control is told, f"The row says {row.control}, ACS {told}.")
        ran = row.recording_id in self.cloud.acs.ran
        hold(row.status is not RecordingStatus.EMPTY or not ran, "A recording that ran is shown as empty.")


def starts(scenario: ControlScenario) -> None:
    scenario.start()


def starts_paused(scenario: ControlScenario) -> None:
    scenario.start(paused=True)


def starts_in_vain(scenario: ControlScenario) -> None:
    """ACS does not judge the start: it throttles, refuses the app, or is not reached."""
    scenario.cloud.acs.refuse("start", AcsUnavailable("Too many requests. (429/8516)", status=429, code="8516"))
    try:
        scenario.start()
    except AcsUnavailable:
        return  # told
    finally:
        scenario.cloud.acs.answers.clear()  # a start that died has not asked


def begins(scenario: ControlScenario) -> None:
    """ACS records, as it does a few seconds after a start."""
    for recording in scenario.live():
        scenario.cloud.acs.begin(recording.recording_id)


def settles(scenario: ControlScenario) -> None:
    """Time passes, and the sweep has looked: its next look is an hour away."""
    scenario.wait(minutes=2)
    scenario.host.sweep()


def a_minute_passes(scenario: ControlScenario) -> None:
    """The next sweep looks at what has just been started."""
    scenario.wait(minutes=1)


def an_hour_passes(scenario: ControlScenario) -> None:
    scenario.wait(hours=1)


def hours_pass(scenario: ControlScenario) -> None:
    """ACS is not asked meanwhile."""
    scenario.wait(hours=3)


def pauses(scenario: ControlScenario) -> None:
    scenario.request("pause")


def resumes(scenario: ControlScenario) -> None:
    scenario.request("resume")


def stops(scenario: ControlScenario) -> None:
    scenario.request("stop")


def looks(scenario: ControlScenario) -> None:
    scenario.request("refresh")


def sweeps(scenario: ControlScenario) -> None:
    with scenario.cloud.services.invocation("sweep"):
        messages = scenario.cloud.services.sweep.sweep()
    scenario.host.send(messages)


def hangs_up(scenario: ControlScenario) -> None:
    for recording in scenario.live():
        scenario.cloud.acs.hang_up(recording.recording_id)


def hears(scenario: ControlScenario) -> None:
    """ACS tells of its recordings."""
    for recording in scenario.live():
        scenario.hear("RecordingStateChanged", recording.recording_id)


def hears_that_it_failed(scenario: ControlScenario) -> None:
    """ACS, or whoever came by a token, says that the start failed; ACS records all the same."""
    for recording in scenario.live():
        scenario.hear("StartRecordingFailed", recording.recording_id)


def hears_of_another(scenario: ControlScenario) -> None:
    """Whoever came by a token names a recording that ACS does not know."""
    scenario.hear("RecordingStateChanged", acs_recording_id(99))


def hears_of_an_earlier_recording(scenario: ControlScenario) -> None:
    """The event of an earlier recording of the same call, which names none: it is taken for the live one's."""
    event = file_ready_event(1, subject_form=3, recordingId=None, recordingStartTime=None)
    with scenario.cloud.services.invocation("recording_file_ready"):
        messages = scenario.cloud.services.ingest.ingest(event).messages
    scenario.host.send(messages)


RUNNING: tuple[Act, ...] = (starts, begins, settles)
WAITING: tuple[Act, ...] = (starts_paused, settles)
SCRIPTS: Mapping[str, tuple[Act, ...]] = {
    "start, stop": (starts, stops),
    "start, run, stop": (*RUNNING, stops),
    "start, run, pause, resume, stop": (*RUNNING, pauses, resumes, settles, stops),
    "start, run, pause, and go on paused": (*RUNNING, pauses),
    "start, run, pause, resume, and go on": (*RUNNING, pauses, settles, resumes),
    "start paused, stop": (*WAITING, stops),
    "start paused, stop hours later": (*WAITING, hours_pass, stops),
    "start paused, resume, stop": (*WAITING, resumes, stops),
    "start paused, resume, hang up": (*WAITING, resumes, settles, hangs_up),
    "start, hang up at once": (starts, hangs_up),
    "start, and again": (starts, starts, begins, settles),
    "start in vain": (starts_in_vain, settles),
    "start in vain, again an hour later, run": (starts_in_vain, settles, an_hour_passes, *RUNNING),
    "start in vain twice, again, stop": (starts_in_vain, starts_in_vain, *RUNNING, stops),
    "start in vain, hear of its file": (starts_in_vain, settles, hears_of_an_earlier_recording),
    "start, run, hang up, stop": (*RUNNING, hangs_up, stops),
    "start, run, hear of an earlier recording, stop": (*RUNNING, hears_of_an_earlier_recording, stops),
    "start, run, hear of an earlier recording, go on": (*RUNNING, hears_of_an_earlier_recording),
    "start, hear of it, go on": (starts, begins, hears, a_minute_passes, hears),
    "start, hear of another, hear that it failed, go on": (starts, hears_of_another, hears_that_it_failed, begins),
    "start, run, pause, hear that it failed, hang up, stop": (
        *(*RUNNING, pauses, settles),
        *(hears_that_it_failed, settles, hangs_up, stops),
    ),
}
CONTESTS: Mapping[str, tuple[tuple[Act, ...], Act, Act]] = {
    "a pause and a resume": (RUNNING, pauses, resumes),
    "a resume and a pause of a paused one": ((*RUNNING, pauses, settles), resumes, pauses),
    "a pause and a sweep": ((*RUNNING,), pauses, sweeps),
    "a resume and a sweep": ((*RUNNING, pauses, settles), resumes, sweeps),
    "a stop and a resume": ((*RUNNING, pauses, settles), stops, resumes),
    "a stop and a pause": (RUNNING, stops, pauses),
    "a stop and a sweep": (RUNNING, stops, sweeps),
    "two stops": (RUNNING, stops, stops),
    "a stop and a look": ((starts, settles), stops, looks),
    "a stop and an event of an earlier recording": (RUNNING, stops, hears_of_an_earlier_recording),
    "a stop and a resume of one that never ran": (WAITING, stops, resumes),
    "a pause and the end of the call": (RUNNING, pauses, hangs_up),
    "a start and a sweep": ((), starts, sweeps),
    "a start and a callback": ((), starts, hears),
    "a start and a callback of another": ((), starts, hears_of_another),
    "a start and its reported failure": ((), starts, hears_that_it_failed),
    "a stop and a callback": (RUNNING, stops, hears),
    "a pause and a reported failure": (RUNNING, pauses, hears_that_it_failed),
    "two callbacks of what goes on paused": ((*RUNNING, pauses, settles), hears, hears_that_it_failed),
    "two starts of one key": ((), starts, starts),
    "two starts of one key after one in vain": ((starts_in_vain,), starts, starts),
    "a start after one in vain and the sweep that forgets that one": (
        (starts_in_vain, a_minute_passes),
        starts,
        sweeps,
    ),
    "a start in vain and an event": ((), starts_in_vain, hears_of_an_earlier_recording),
}
CRASHES = frozenset({Fault.CRASH_BEFORE, Fault.CRASH_AFTER})
FAILED = (AssertionError, Violation, Crash, RecorderError, KeyError)


@dataclass
class ControlRun:
    """One run of a script under faults."""

    name: str
    fault_plan: FaultPlan

    def __post_init__(self) -> None:
        self.scenario = ControlScenario(topic=True)
        self.struck: dict[int, Fault] = {}
        self.rest_began = 0
        self.catalog_failed = False

    def plan(self, effect: Effect) -> Fault | None:
        self.scenario.oracle.effect_begins(effect)
        fault = self.fault_plan(effect)
        if fault:
            self.struck[effect.number] = fault
            self.catalog_failed |= effect.name.startswith("catalog.")
            self.scenario.cloud.world.now += TIME_OUTS.get(fault, timedelta(0))
        return fault

    def run(self) -> "ControlRun":
        """Raises: Violation when somebody was told an untruth; says how to see it again."""
        self.scenario.cloud.world.plan = self.plan
        try:
            for act in SCRIPTS[self.name]:
                self.perform(act)
            self.rest_began = len(self.scenario.cloud.world.effects)
            self.scenario.rest(*SOON)
            if all(fault not in CRASHES for fault in self.struck.values()) and not self.catalog_failed:
                self.scenario.judge(soon=True)
            self.scenario.rest(*LATER)
            self.scenario.oracle.rows_written()
            self.scenario.judge(soon=False)
        except FAILED as error:
            raise Violation(f"{error!r}\n  again: {self.command}") from error
        return self

    def perform(self, act: Act) -> None:
        try:
            act(self.scenario)
        except Crash:
            self.scenario.cloud.restart()
        except (RecorderError, ConnectionError):
            return  # the caller was told that it did not work; a trigger is tried again

    @property
    def world(self) -> World:
        return self.scenario.cloud.world

    @property
    def command(self) -> str:
        return f'python -m tests.model --script "{self.name}" --faults "{text_of(self.struck)}"'


def play_script(name: str, faults: Faults) -> Iterator[tuple[int, Fault]]:
    """Run a script; faults follow in what callers ask for, and in the first sweeps. Raises: Violation."""
    run = ControlRun(name, FixedFaults(dict(faults))).run()
    effects = run.world.effects[: run.rest_began + FAULTS_AT_REST]
    return ((one.number, fault) for one in effects for fault in faults_of(one.name))


def contested(name: str, schedule: Sequence[int]) -> int:
    """Two acts at once, in one order of their effects; returns how many switches there could have been.

    Raises:
        Violation: somebody was told an untruth; names the schedule.
    """
    before, first, second = CONTESTS[name]
    scenario = ControlScenario()
    scheduler = InterleavingScheduler(2, schedule[0], schedule[1:])
    scenario.cloud.world.plan = scenario.oracle.effect_begins
    for act in before:
        act(scenario)

    def plan(effect: Effect) -> None:
        scheduler.effect()
        scenario.oracle.effect_begins(effect)

    def actor(act: Act) -> Callable[[], object]:
        def perform() -> None:
            try:
                act(scenario)
            except RecorderError:
                return  # the caller was told that it did not work

        return perform

    try:
        scenario.cloud.world.plan = plan
        scheduler.play([actor(first), actor(second)])
        scenario.cloud.world.plan = scenario.oracle.effect_begins
        scenario.rest(*SOON)
        scenario.judge(soon=True)
        scenario.rest(*LATER)
        scenario.judge(soon=False)
    except FAILED as error:
        raise Violation(f"{name}, schedule {tuple(schedule)}: {error!r}") from error
    return scheduler.choices


def every_order(name: str, preemptions: int) -> Totals:
    """Every schedule with at most so many switches."""
    totals = Totals()
    waiting: list[tuple[int, ...]] = [(0,), (1,)]
    while waiting:
        schedule = waiting.pop()
        totals.runs += 1
        try:
            choices = contested(name, schedule)
        except Violation as violation:
            totals.violations.append(str(violation))
            continue
        if len(schedule) <= preemptions:
            waiting += [(*schedule, switch) for switch in range(max(schedule[1:], default=0) + 1, choices + 1)]
    return totals
