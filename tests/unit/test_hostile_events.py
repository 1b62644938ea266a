"""S6. Whatever an event says, it is taken in or kept and told; it never raises, and it never stops another one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from msgspec.structs import replace

from shared.domain.errors import CatalogUnavailable
from shared.domain.list_entry import ListEntry
from shared.domain.models import Messages
from shared.domain.statuses import ChunkStatus, FilesStatus
from tests.builders import (
    CONTAINER,
    OUR_ID,
    RECORDING_ID,
    TOPIC,
    Event,
    a_recording,
    announced_chunk,
    document_id,
    file_ready_event,
)
from tests.fakes import BEGINNING, Cloud, FakeCatalog, Fault
from tests.hostile import HOSTILE
from tests.unit.steps import warnings


@pytest.fixture
def ours(cloud: Cloud) -> Cloud:
    """A recording of ours runs in the call that the events name."""
    cloud.catalog.save_recording(a_recording())
    cloud.catalog.link_acs_id(RECORDING_ID, OUR_ID)
    return cloud


def ingest(cloud: Cloud, event: Event) -> Messages:
    return cloud.services.ingest.ingest(event).messages


@pytest.mark.parametrize("event", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_event_is_taken_in_or_kept(ours: Cloud, event: Event) -> None:
    messages = [ingest(ours, event) for _ in range(2)]

    assert ours.chunks() or ours.rejected.events
    assert {ref.document_id for ref in messages[0].transfers} == {
        chunk.document_id for chunk in ours.chunks() if chunk.open
    }
    for content in ours.rejected.events.values():
        assert isinstance(json.loads(content), dict)


@pytest.mark.parametrize("event", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_event_that_was_kept_stops_no_replay(ours: Cloud, event: Event) -> None:
    ingest(ours, event)
    ours.configure(ACS_TOPIC=f"{TOPIC}-mistyped")
    ingest(ours, file_ready_event([announced_chunk(7777)]))
    ours.configure()

    messages = ours.services.replay.since(BEGINNING).messages

    assert document_id(7777) in {ref.document_id for ref in messages.transfers}


def test_of_an_event_that_is_too_deep_to_be_written_down_is_kept_what_a_real_one_could_say(ours: Cloud) -> None:
    ingest(ours, HOSTILE["too deep to be written down"])

    (content,) = ours.rejected.events.values()
    kept = json.loads(content)
    assert (kept["id"], kept["b"]) == ("1", [{"c": 1}])


@pytest.mark.parametrize("name", ["more than a batch holds", "places longer than a batch holds"])
def test_what_an_event_of_own_storage_says_fits_a_batch(name: str) -> None:
    """Table Storage refuses a batch of more than 4 MiB for ever: that would look like an outage."""
    cloud = Cloud(BYOS_CONTAINERS=CONTAINER)

    ingest(cloud, HOSTILE[f"chunks: {name}"])

    assert len(cloud.chunks()) == 99


class Faulty(FakeCatalog):
    """A catalog that raises what nobody foresaw, at one method."""

    error: Exception = RuntimeError("a secret")

    def listed_of_call(self, *_: object) -> Iterator[ListEntry]:
        raise self.error


@contextmanager
def faulty(cloud: Cloud, error: Exception) -> Iterator[None]:
    catalog = Faulty(cloud.world)
    catalog.__dict__ |= cloud.catalog.__dict__
    catalog.error = error
    cloud.services = cloud.new_process()
    cloud.services.catalog = catalog
    yield
    cloud.services = cloud.new_process()


ODD = [RuntimeError("a secret"), RecursionError(), MemoryError(), KeyError("x"), OverflowError(), AssertionError()]


@pytest.mark.parametrize("error", ODD, ids=lambda error: type(error).__name__)
def test_an_event_that_raises_what_nobody_foresaw_is_kept_and_told(
    cloud: Cloud, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    with faulty(cloud, error):
        assert ingest(cloud, file_ready_event(1)) == Messages()

    assert len(cloud.rejected.events) == 1
    assert type(error).__name__ in "".join(cloud.rejected.reasons.values())
    (line,) = warnings(caplog, "event_rejected")
    assert "a secret" not in line


def test_such_an_event_is_read_again_by_replay(cloud: Cloud) -> None:
    with faulty(cloud, RuntimeError()):
        ingest(cloud, file_ready_event(1))

    messages = cloud.services.replay.since(BEGINNING).messages

    assert len(messages.transfers) == 1
    assert cloud.rejected.events == {}


def test_such_an_event_stays_kept_as_long_as_the_fault_lasts(cloud: Cloud) -> None:
    """Keeping what is kept already writes nothing: to remove it afterwards would lose it."""
    with faulty(cloud, RuntimeError()):
        ingest(cloud, file_ready_event(1))
        cloud.services.replay.since(BEGINNING)

    assert len(cloud.rejected.events) == 1


def test_an_outage_is_raised_so_that_the_event_comes_again(cloud: Cloud) -> None:
    cloud.world.fail("catalog.listed_of_call", Fault.ERROR_BEFORE)

    with pytest.raises(CatalogUnavailable):
        ingest(cloud, file_ready_event(1))

    assert cloud.rejected.events == {}


def test_an_event_of_a_recording_whose_row_cannot_be_read_is_kept_and_told(
    ours: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    """R2."""
    ours.catalog.spoil(OUR_ID)

    assert ingest(ours, file_ready_event(1)) == Messages()

    assert ours.chunks() == []
    assert len(ours.rejected.events) == 1
    (line,) = warnings(caplog, "event_rejected")
    assert "column status" in line


def test_such_an_event_is_taken_in_by_replay_after_the_row_was_mended(ours: Cloud) -> None:
    ours.catalog.spoil(OUR_ID)
    ingest(ours, file_ready_event(1))
    ours.services.replay.since(BEGINNING)
    ours.catalog.mend(OUR_ID)

    messages = ours.services.replay.since(BEGINNING).messages

    assert [(ref.id, ref.document_id) for ref in messages.transfers] == [(OUR_ID, document_id())]
    assert ours.rejected.events == {}


def test_an_event_that_only_names_a_call_passes_over_a_row_that_cannot_be_read(cloud: Cloud) -> None:
    cloud.catalog.save_recording(a_recording(recording_id=None))
    cloud.catalog.spoil(OUR_ID)

    (ref,) = ingest(cloud, file_ready_event(1, subject_form=3)).transfers

    assert ref.id != OUR_ID


def test_another_chunk_is_taken_in_beside_one_that_cannot_be_read(ours: Cloud) -> None:
    ingest(ours, file_ready_event([announced_chunk(0)]))
    ours.catalog.spoil(OUR_ID, document_id(0))

    messages = ingest(ours, file_ready_event([announced_chunk(0), announced_chunk(1)]))

    assert [ref.document_id for ref in messages.transfers] == [document_id(1)]
    assert "cannot be read" in "".join(ours.rejected.reasons.values())


def test_refused_chunks_are_written_beside_one_that_cannot_be_read(ours: Cloud) -> None:
    """Nothing is sent then, so completion is asked; it cannot decide, and that is no fault of the event's."""
    ingest(ours, file_ready_event([announced_chunk(0)]))
    ours.catalog.save_chunk(replace(ours.chunk(), status=ChunkStatus.DELETED, open=False, due_at=None))
    ours.catalog.spoil(OUR_ID, document_id(0))

    ingest(ours, file_ready_event([announced_chunk(1, contentLocation=None)]))

    assert ours.chunk(1).status is ChunkStatus.FAILED
    assert ours.recording().files is FilesStatus.TRANSFERRING
    assert (OUR_ID, "") in ours.catalog.open


def test_an_unreadable_row_is_nothing_that_nobody_foresaw(ours: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    """It needs no traceback: its words say everything."""
    ours.catalog.spoil(OUR_ID)

    ingest(ours, file_ready_event(1))

    assert [record for record in caplog.records if record.exc_info] == []
