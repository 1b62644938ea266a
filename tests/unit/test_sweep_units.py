"""An index line or a dead letter that cannot be done stops none of the others, and is told once."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from shared.domain.errors import BlobGone, CatalogUnavailable, StoreUnavailable
from shared.domain.index_entry import IndexEntry
from shared.domain.models import Messages
from shared.domain.open_work import chunk_entry
from shared.pipeline.sweep import ENTRIES_PER_RUN_MAX
from tests.builders import file_ready_event, keep_at_acs
from tests.fakes import BEGINNING, Cloud, Fault
from tests.fakes.catalog import FakeCatalog
from tests.fakes.events import FakeEventContainer
from tests.unit.steps import warnings

PATIENCE = timedelta(minutes=15)  # with a message that was sent
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


class OddIndex(FakeCatalog):
    """A catalog whose open-work index breaks off after so many lines."""

    error: Exception | None = None
    lines = 1

    def due_entries(self, now: datetime) -> Iterator[IndexEntry]:
        for number, line in enumerate(super().due_entries(now)):
            if self.error is not None and number == self.lines:
                raise self.error
            yield line


class OddLetters(FakeEventContainer):
    """Dead letters, whose names, contents or removal raise."""

    unlisted: Exception | None = None
    unread: Exception | None = None
    unremoved: Exception | None = None

    def names(self) -> list[str]:
        if self.unlisted is not None:
            raise self.unlisted
        return super().names()

    def read(self, name: str) -> bytes:
        if self.unread is not None and name == "a.json":
            raise self.unread
        return super().read(name)

    def remove(self, name: str) -> None:
        if self.unremoved is not None and name == "a.json":
            raise self.unremoved
        super().remove(name)


@pytest.fixture
def announced(cloud: Cloud) -> Cloud:
    """Two chunks are announced, and their messages are lost."""
    cloud.catalog = OddIndex(cloud.world)
    cloud.restart()
    keep_at_acs(cloud, 2)
    cloud.services.ingest.ingest(file_ready_event(2))
    return cloud


@pytest.fixture
def index(announced: Cloud) -> OddIndex:
    assert isinstance(announced.catalog, OddIndex)
    return announced.catalog


@pytest.fixture
def letters(cloud: Cloud) -> OddLetters:
    """Two letters, of which the first may be odd."""
    odd = OddLetters(cloud.world, "letters")
    cloud.letters = odd
    cloud.restart()
    odd.events = {name: json.dumps([file_ready_event(1, event_id=name)]).encode() for name in ("a.json", "b.json")}
    return odd


def sweep(cloud: Cloud) -> Messages:
    return cloud.services.sweep.sweep()


def told_of(caplog: pytest.LogCaptureFixture, id: str, document_id: str | None) -> int:
    """How often it was told that a row cannot be worked on."""
    facts = [json.loads(line.partition(" ")[2]) for line in warnings(caplog, "unforeseen_fault")]
    return sum((fact["id"], fact["documentId"]) == (id, document_id) for fact in facts)


def test_a_chunk_that_cannot_be_read_stops_no_other(announced: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    first, second = announced.chunks()
    announced.catalog.spoil(first.id, first.document_id)
    announced.world.advance(PATIENCE)

    assert sweep(announced).transfers == (second.ref,)
    assert told_of(caplog, first.id, first.document_id) == 1


def test_a_recording_that_cannot_be_read_is_told_without_a_chunk(
    announced: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    id = announced.recording().id
    announced.catalog.spoil(id)
    announced.world.advance(PATIENCE)

    assert len(sweep(announced).transfers) == 2
    assert told_of(caplog, id, None) == 1


def test_what_cannot_be_read_is_told_once_and_looked_at_every_hour(
    announced: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    chunk = announced.chunk()
    announced.catalog.spoil(chunk.id, chunk.document_id)
    announced.world.advance(PATIENCE)
    sweep(announced)
    began = announced.world.now
    reads = announced.world.counts["catalog.chunk"]

    for _ in range(3):
        announced.world.advance(MINUTE)
        sweep(announced)

    assert announced.catalog.open[chunk.id, chunk.document_id].due_at == began + HOUR
    assert announced.world.counts["catalog.chunk"] == reads
    announced.world.now = began + HOUR
    sweep(announced)
    assert announced.world.counts["catalog.chunk"] > reads
    assert told_of(caplog, chunk.id, chunk.document_id) == 1


def test_a_chunk_at_risk_that_cannot_be_read_is_told_once_too(
    announced: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    """Both its warning and the look at it come upon the row."""
    chunk = announced.chunk()
    announced.world.advance(timedelta(hours=13))
    announced.catalog.spoil(chunk.id, chunk.document_id)

    for _ in range(3):
        sweep(announced)
        announced.world.advance(MINUTE)

    assert told_of(caplog, chunk.id, chunk.document_id) == 1


def test_a_warning_that_cannot_be_given_puts_off_no_look(announced: Cloud) -> None:
    chunk = announced.chunk()
    announced.world.advance(timedelta(hours=13))
    soon = announced.world.now + MINUTE
    announced.catalog.put_entries([chunk_entry(chunk, soon)])
    announced.catalog.spoil(chunk.id, chunk.document_id)

    sweep(announced)

    assert announced.catalog.open[chunk.id, chunk.document_id].due_at == soon


def test_what_was_mended_is_sent_again(announced: Cloud) -> None:
    chunk = announced.chunk()
    announced.catalog.spoil(chunk.id, chunk.document_id)
    announced.world.advance(PATIENCE)
    sweep(announced)
    announced.catalog.mend(chunk.id, chunk.document_id)
    announced.world.advance(HOUR)

    assert chunk.ref in sweep(announced).transfers


def test_nobody_is_told_how_much_is_open_when_the_index_does_not_answer(
    announced: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    announced.world.fail("catalog.due_entries", Fault.ERROR_BEFORE)

    with pytest.raises(CatalogUnavailable):
        sweep(announced)

    assert warnings(caplog, "sweep_finished") == []


def test_what_came_of_an_index_that_broke_off_is_done(
    announced: Cloud, index: OddIndex, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    announced.world.advance(PATIENCE)
    index.lines = 2  # the recording's, and the first chunk's
    index.error = CatalogUnavailable("Table Storage answered 503.")

    assert len(sweep(announced).transfers) == 1
    assert len(warnings(caplog, "sweep_interrupted")) == 1
    assert warnings(caplog, "sweep_finished") == []


def test_what_nobody_foresaw_of_the_index_is_told(
    announced: Cloud, index: OddIndex, caplog: pytest.LogCaptureFixture
) -> None:
    announced.world.advance(PATIENCE)
    index.error = ZeroDivisionError()

    assert sweep(announced) == Messages()
    (told,) = warnings(caplog, "unforeseen_fault")
    assert "open-work index" in told


def test_a_run_takes_on_a_bounded_number_the_longest_due_first(cloud: Cloud) -> None:
    for number in range(ENTRIES_PER_RUN_MAX + 1):
        cloud.catalog.note([IndexEntry(id=f"{number:05}", due_at=BEGINNING - timedelta(hours=2, seconds=number))])

    sweep(cloud)

    assert list(cloud.catalog.open) == [("00000", "")]


# Dead letters


def test_a_letter_that_cannot_be_read_stops_no_other(
    cloud: Cloud, letters: OddLetters, caplog: pytest.LogCaptureFixture
) -> None:
    letters.unread = ZeroDivisionError()

    assert len(sweep(cloud).transfers) == 1
    assert list(letters.events) == ["a.json"]
    (told,) = warnings(caplog, "unforeseen_fault")
    assert "dead letter" in told


def test_a_letter_that_another_sweep_took_in_is_nobodys_concern(
    cloud: Cloud, letters: OddLetters, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    letters.unread = BlobGone("It is gone.")

    sweep(cloud)

    assert [*warnings(caplog, "unforeseen_fault"), *warnings(caplog, "sweep_interrupted")] == []
    assert len(warnings(caplog, "dead_letter_ingested")) == 1


def test_a_letter_that_cannot_be_removed_is_taken_in_and_stops_no_other(
    cloud: Cloud, letters: OddLetters, caplog: pytest.LogCaptureFixture
) -> None:
    letters.unremoved = StoreUnavailable("There is a lease on it.")

    assert sweep(cloud).transfers == (cloud.chunk().ref,)
    assert list(letters.events) == ["a.json"]
    assert len(warnings(caplog, "sweep_interrupted")) == 1


@pytest.mark.parametrize("error", [StoreUnavailable("It did not answer."), ZeroDivisionError()])
def test_letters_that_cannot_be_listed_keep_no_chunk_from_being_sent(
    cloud: Cloud, letters: OddLetters, error: Exception
) -> None:
    keep_at_acs(cloud, 1)
    cloud.services.ingest.ingest(file_ready_event(1))
    cloud.world.advance(PATIENCE)
    letters.unlisted = error

    assert len(sweep(cloud).transfers) == 1


def test_a_letter_is_taken_in_before_it_is_removed(cloud: Cloud, letters: OddLetters) -> None:
    sweep(cloud)

    assert letters.events == {}
    names = [effect.name for effect in cloud.world.effects]
    assert names.index("letters.remove") > max(
        place for place, name in enumerate(names) if name == "catalog.add_chunks"
    )
