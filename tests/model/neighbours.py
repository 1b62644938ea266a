"""One unit that can never be done, beside three recordings that can: what can be done is done, under every fault.

The units are those of the app's runs: a row, a chunk, a partition of the table, a manifest, a letter, an index line.
Their messages are lost on purpose, so that nothing but the sweep brings the others on.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from shared.domain.errors import CatalogUnavailable, RecorderError, StoreUnavailable
from shared.domain.index_entry import IndexEntry
from shared.domain.log import LogEvent
from shared.domain.ports import SourceRange
from tests.builders import announced_chunk, document_id, file_ready_event, media, metadata
from tests.fakes import BEGINNING, Cloud, Crash, Effect, FakeHost, FakeSource, Fault, acs_recording_id
from tests.fakes.catalog import FakeCatalog, Key, Row
from tests.fakes.events import FakeEventContainer
from tests.model.alerts import Alerts
from tests.model.faults import FaultPlan, FixedFaults, faults_of, text_of
from tests.model.model_run import TIME_OUTS
from tests.model.oracle import Oracle
from tests.model.search import Faults
from tests.model.violation import Violation, hold

OTHERS = 3
HOPELESS = 0  # the number of the recording that can never be done; the others follow
ROUNDS = (20,) * 12 + (70,) * 6  # minutes after which a sweep runs
FAULTED_EFFECTS = 110  # of the sweeps: later ones are alike
EXPIRES = BEGINNING + timedelta(hours=24)


class BrokenCatalog(FakeCatalog):
    """A catalog in which the partitions of some recordings do not answer."""

    broken: frozenset[str] = frozenset()

    def row(self, key: Key, fault: Fault | None) -> Row | None:
        self.refuse(key[0])
        return super().row(key, fault)

    def unchanged(self, key: Key, etag: str) -> None:
        self.refuse(key[0])
        super().unchanged(key, etag)

    def chunk_rows(self, id: str) -> Any:
        self.refuse(id)
        return super().chunk_rows(id)

    def refuse(self, id: str) -> None:
        if id in self.broken:
            raise CatalogUnavailable("Table Storage answered 503.")


class OddSource(FakeSource):
    """A source that raises for one document what nobody foresaw."""

    odd = ""

    @contextmanager
    def opened(self, url: str, offset: int, length: int) -> Iterator[SourceRange]:
        if self.odd and self.odd in url:
            raise ZeroDivisionError
        with super().opened(url, offset, length) as answer:
            yield answer


class StuckLetters(FakeEventContainer):
    """Dead letters of which one cannot be removed, and one raises what nobody foresaw."""

    stuck = ""
    odd = ""

    def remove(self, name: str) -> None:
        if name == self.stuck:
            raise StoreUnavailable("There is a lease on it.")
        super().remove(name)

    def read(self, name: str) -> bytes:
        if name == self.odd:
            raise ZeroDivisionError
        return super().read(name)


class Neighbours:
    """A cloud with one recording that can never be done and three that can."""

    def __init__(self) -> None:
        self.cloud = Cloud(UNKNOWN_RECORDINGS="manage")
        world = self.cloud.world
        self.catalog, self.source, self.letters = BrokenCatalog(world), OddSource(world), StuckLetters(world, "letters")
        self.cloud.catalog, self.cloud.source, self.cloud.letters = self.catalog, self.source, self.letters
        self.cloud.restart()
        self.host = FakeHost(self.cloud)
        self.oracle = Oracle(self.cloud)
        for number in range(OTHERS + 1):
            facts = metadata(number, callId=f"call-{number}")
            self.source.add(document_id(number), media("wav", 40, seed=number), facts, EXPIRES)
            self.cloud.services.ingest.ingest(event(number))
        self.ids = {chunk.document_id: chunk.id for chunk in self.cloud.chunks()}

    @property
    def hopeless(self) -> str:
        return self.ids[document_id(HOPELESS)]

    def others(self) -> list[str]:
        return [self.ids[document_id(number)] for number in range(HOPELESS + 1, OTHERS + 1)]

    def what_can_be_done_is_done(self) -> None:
        """Raises: Violation."""
        rows = {row.id: row for row in self.cloud.recordings()}
        for id in self.others():
            hold(rows[id].status == "completed", f"A neighbour ended {rows[id].status}: {rows[id].failure}")
        left = [document_id(n) for n in range(HOPELESS + 1, OTHERS + 1) if document_id(n) in self.source.documents]
        hold(left == [], f"Originals of neighbours are left: {left}")


def event(number: int) -> dict[str, object]:
    """One recording of one chunk, of a call of its own."""
    return file_ready_event(
        [announced_chunk(number) | {"index": 0}],
        call_id=f"call-{number}",
        server_call_id=f"server-call-{number}",
        recording_id=acs_recording_id(number + 1),
    )


def its_row_is_unreadable(neighbours: Neighbours) -> None:
    neighbours.catalog.spoil(neighbours.hopeless)


def its_chunk_is_unreadable(neighbours: Neighbours) -> None:
    neighbours.catalog.spoil(neighbours.hopeless, document_id(HOPELESS))


def its_partition_does_not_answer(neighbours: Neighbours) -> None:
    neighbours.catalog.broken = frozenset({neighbours.hopeless})


def its_content_raises_what_nobody_foresaw(neighbours: Neighbours) -> None:
    neighbours.source.odd = document_id(HOPELESS)


def its_manifest_name_is_taken(neighbours: Neighbours) -> None:
    folder = next(row.folder for row in neighbours.cloud.recordings() if row.id == neighbours.hopeless)
    neighbours.cloud.store.overwrite(f"{folder}/recording.json", b"not json")


def its_letter_cannot_be_removed(neighbours: Neighbours) -> None:
    neighbours.letters.stuck = "stuck.json"
    neighbours.letters.events["stuck.json"] = json.dumps([event(HOPELESS)]).encode()


def its_letter_raises_what_nobody_foresaw(neighbours: Neighbours) -> None:
    neighbours.letters.odd = "odd.json"
    neighbours.letters.events["odd.json"] = b"[]"


def its_line_leads_nowhere(neighbours: Neighbours) -> None:
    neighbours.catalog.open["nobody", ""] = IndexEntry(id="nobody", due_at=BEGINNING)


HOPELESS_UNITS: Mapping[str, Callable[[Neighbours], None]] = {
    "its row is unreadable": its_row_is_unreadable,
    "its chunk is unreadable": its_chunk_is_unreadable,
    "its partition does not answer": its_partition_does_not_answer,
    "its content raises what nobody foresaw": its_content_raises_what_nobody_foresaw,
    "its manifest's name is taken": its_manifest_name_is_taken,
    "its letter cannot be removed": its_letter_cannot_be_removed,
    "its letter raises what nobody foresaw": its_letter_raises_what_nobody_foresaw,
    "its line leads nowhere": its_line_leads_nowhere,
}
TOLD: Mapping[str, LogEvent | None] = {
    "its row is unreadable": LogEvent.UNFORESEEN_FAULT,
    "its chunk is unreadable": LogEvent.UNFORESEEN_FAULT,
    "its partition does not answer": LogEvent.SWEEP_INTERRUPTED,
    "its content raises what nobody foresaw": LogEvent.UNFORESEEN_FAULT,
    "its letter cannot be removed": LogEvent.SWEEP_INTERRUPTED,
    "its letter raises what nobody foresaw": LogEvent.UNFORESEEN_FAULT,
}


class NeighbourRun:
    """One run of a hopeless unit under faults."""

    def __init__(self, name: str, fault_plan: FaultPlan) -> None:
        self.name = name
        self.fault_plan = fault_plan
        self.struck: dict[int, Fault] = {}
        self.neighbours = Neighbours()
        HOPELESS_UNITS[name](self.neighbours)
        self.neighbours.cloud.world.effects.clear()
        self.neighbours.oracle.blobs = self.neighbours.cloud.store.blobs
        self.neighbours.cloud.world.plan = self.plan

    @property
    def world(self) -> Any:
        return self.neighbours.cloud.world

    def plan(self, effect: Effect) -> Fault | None:
        self.neighbours.oracle.effect_begins(effect)
        fault = self.fault_plan(effect)
        if fault:
            self.struck[effect.number] = fault
            self.world.now += TIME_OUTS.get(fault, timedelta(0))
        return fault

    def run(self) -> "NeighbourRun":
        """Raises: Violation when a neighbour was not done, or nobody was told of the hopeless unit."""
        host, alerts = self.neighbours.host, Alerts()
        try:
            with alerts:
                for minutes in ROUNDS:
                    self.world.advance(timedelta(minutes=minutes))
                    host.sweep()
                    host.work()
            self.neighbours.what_can_be_done_is_done()
            told = TOLD.get(self.name)
            hold(told is None or told in alerts.events, f"Nobody was told: {sorted(alerts.events)}")
        except (AssertionError, Violation, Crash, RecorderError, KeyError) as error:
            raise Violation(f"{error!r}\n  again: {self.command}") from error
        return self

    @property
    def command(self) -> str:
        return f'python -m tests.model --beside "{self.name}" --faults "{text_of(self.struck)}"'


def play_beside(name: str, faults: Faults) -> Iterator[tuple[int, Fault]]:
    """Run it beside what can never be done. Raises: Violation."""
    effects = NeighbourRun(name, FixedFaults(dict(faults))).run().world.effects[:FAULTED_EFFECTS]
    return ((one.number, fault) for one in effects for fault in faults_of(one.name))
