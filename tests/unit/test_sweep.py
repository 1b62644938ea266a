"""The timer's work: nothing is forgotten because a message was."""

import json
from datetime import timedelta

import pytest
from msgspec.structs import replace

from shared.domain.index_entry import IndexEntry
from shared.domain.models import Messages
from shared.domain.open_work import chunk_entry
from shared.domain.statuses import ChunkStatus, FilesStatus, RecordingStatus
from tests.builders import announced_chunk, document_id, file_ready_event, keep_at_acs
from tests.fakes import BEGINNING, Cloud, Effect, FakeHost, Fault
from tests.unit.steps import warnings

PATIENCE = timedelta(minutes=15)  # with a message that was sent
HOUR = timedelta(hours=1)


def sweep(cloud: Cloud) -> Messages:
    return cloud.services.sweep.sweep()


@pytest.fixture
def announced(cloud: Cloud) -> Cloud:
    """Two chunks are announced, and their messages are lost."""
    keep_at_acs(cloud, 2)
    cloud.services.ingest.ingest(file_ready_event(2))
    return cloud


def test_what_is_not_due_is_left_alone(announced: Cloud) -> None:
    announced.world.advance(PATIENCE - timedelta(seconds=1))

    assert sweep(announced) == Messages()


def test_what_is_due_is_sent_again(announced: Cloud) -> None:
    announced.world.advance(PATIENCE)

    assert sweep(announced).transfers == tuple(chunk.ref for chunk in announced.chunks())


def test_what_was_just_sent_is_not_sent_again(announced: Cloud) -> None:
    announced.world.advance(PATIENCE)
    sweep(announced)
    announced.world.advance(timedelta(minutes=1))

    assert sweep(announced) == Messages()


def test_an_outage_in_the_middle_of_a_run_keeps_nothing_back_that_was_claimed(announced: Cloud) -> None:
    announced.world.advance(PATIENCE)
    lines = {line for line in announced.catalog.open.values() if line.document_id}
    claimed = 0

    def second_claim(effect: Effect) -> Fault | None:
        nonlocal claimed
        claimed += effect.name == "catalog.save_chunk"
        return Fault.ERROR_BEFORE if claimed > 1 else None

    announced.world.plan = second_claim

    assert len(sweep(announced).transfers) == len(lines) - 1


def test_of_two_sweeps_at_once_one_sends(announced: Cloud) -> None:
    announced.world.advance(PATIENCE)
    lines = list(announced.catalog.open.values())
    sweep(announced)
    announced.catalog.put_entries(lines)  # what the other sweep read before
    announced.world.fail("catalog.chunk", Fault.STALE, times=2)

    assert sweep(announced) == Messages()


def test_a_stored_chunk_is_sent_to_its_deletion(announced: Cloud) -> None:
    chunk = announced.chunk()
    announced.catalog.save_chunk(replace(chunk, status=ChunkStatus.STORED, managed=True))
    announced.world.advance(PATIENCE)

    assert sweep(announced).deletions == (chunk.ref,)


def test_the_index_is_a_hint_and_the_row_decides(announced: Cloud) -> None:
    chunk = announced.chunk()
    announced.catalog.save_chunk(replace(chunk, due_at=BEGINNING + HOUR))
    announced.world.advance(PATIENCE)

    assert chunk.ref not in sweep(announced).transfers
    assert announced.catalog.open[chunk.id, chunk.document_id].due_at == BEGINNING + HOUR


def test_a_recording_is_completed_though_the_last_worker_died(announced: Cloud) -> None:
    for chunk in announced.chunks():
        announced.services.transfer.transfer(chunk.ref)
    recording = replace(announced.recording(), files=FilesStatus.TRANSFERRING)
    announced.catalog.save_recording(recording)
    announced.catalog.put_entries([chunk_entry(chunk, BEGINNING) for chunk in announced.chunks()])

    sweep(announced)

    assert announced.recording().status is RecordingStatus.COMPLETED
    assert announced.catalog.open == {}


def test_a_line_without_a_row_waits_for_its_event(cloud: Cloud) -> None:
    cloud.catalog.put_entries([IndexEntry(id="x", document_id=d, due_at=BEGINNING) for d in ("", "y")])
    cloud.world.advance(HOUR)

    sweep(cloud)

    assert len(cloud.catalog.open) == 2


def test_a_line_without_a_row_goes_when_nothing_came(cloud: Cloud) -> None:
    cloud.catalog.put_entries([IndexEntry(id="x", document_id=d, due_at=BEGINNING) for d in ("", "y")])
    cloud.world.advance(HOUR + timedelta(seconds=1))

    sweep(cloud)

    assert cloud.catalog.open == {}


@pytest.mark.parametrize("question", ["catalog.chunk", "catalog.recording"])
def test_a_row_that_comes_while_its_line_is_removed_keeps_it(cloud: Cloud, question: str) -> None:
    keep_at_acs(cloud, 1)
    cloud.services.ingest.ingest(file_ready_event(1))
    cloud.catalog.earlier.clear()
    lines = set(cloud.catalog.open)
    cloud.world.advance(3 * HOUR)
    first = cloud.world.counts[question] + 1
    cloud.world.plan = lambda effect: Fault.STALE if (effect.name, effect.count) == (question, first) else None

    sweep(cloud)

    assert set(cloud.catalog.open) == lines


@pytest.mark.parametrize(("hours", "count"), [(11, 0), (12, 1), (13, 1), (20, 2), (21, 2)])
def test_a_chunk_at_risk_is_warned_of_once_at_each_threshold(
    announced: Cloud, caplog: pytest.LogCaptureFixture, hours: int, count: int
) -> None:
    for _ in range(hours * 4):
        announced.world.advance(timedelta(minutes=15))
        sweep(announced)

    assert len(warnings(caplog, "chunk_at_risk")) == 2 * count


def test_a_chunk_that_a_worker_holds_is_warned_of_when_it_lets_go(
    announced: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    announced.world.advance(timedelta(hours=13))
    for chunk in announced.chunks():
        announced.catalog.save_chunk(replace(chunk, claimed_until=announced.world.now + timedelta(minutes=5)))
    sweep(announced)
    before = len(warnings(caplog, "chunk_at_risk"))
    announced.world.advance(timedelta(minutes=6))

    sweep(announced)

    assert (before, len(warnings(caplog, "chunk_at_risk"))) == (0, 2)


def test_a_line_that_does_not_know_of_a_warning_does_not_warn_again(
    announced: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    lines = list(announced.catalog.open.values())
    announced.world.advance(timedelta(hours=13))
    sweep(announced)
    announced.catalog.put_entries(lines)

    sweep(announced)

    assert len(warnings(caplog, "chunk_at_risk")) == 2


def test_a_warning_says_how_many_hours_are_left(announced: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    announced.world.advance(timedelta(hours=13, minutes=1))

    sweep(announced)

    told = [json.loads(line.partition(" ")[2]) for line in warnings(caplog, "chunk_at_risk")]
    assert [warning["hoursLeft"] for warning in told] == [11.0, 11.0]


def test_a_line_without_a_row_is_not_at_risk(announced: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    announced.catalog.rows.clear()
    announced.world.advance(timedelta(hours=13))

    sweep(announced)

    assert warnings(caplog, "chunk_at_risk") == []


def test_a_chunk_that_is_stored_is_not_at_risk(announced: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    for chunk in announced.chunks():
        announced.catalog.save_chunk(replace(chunk, status=ChunkStatus.STORED))
    announced.world.advance(timedelta(hours=13))

    sweep(announced)

    assert warnings(caplog, "chunk_at_risk") == []


def test_every_run_tells_how_much_is_open(announced: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    announced.world.advance(timedelta(hours=13))

    sweep(announced)

    gauge = json.loads(warnings(caplog, "sweep_finished")[-1].partition(" ")[2])
    assert gauge == {
        "open": 2,
        "oldestOpenSeconds": 13 * 3600,
        "due": 3,
        "failed": 0,
        "atRisk": 2,
        "transfers": 2,
        "deletions": 0,
    }


def test_between_two_counts_a_run_tells_what_is_due_and_at_risk(
    announced: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    announced.world.advance(timedelta(hours=13, minutes=1))

    sweep(announced)

    gauge = json.loads(warnings(caplog, "sweep_finished")[-1].partition(" ")[2])
    assert gauge == {"due": 3, "atRisk": 2, "transfers": 2, "deletions": 0}


def test_a_dead_letter_is_ingested_and_cleared_away(cloud: Cloud) -> None:
    cloud.letters.events["a.json"] = json.dumps([file_ready_event(2)]).encode()

    messages = sweep(cloud)

    assert (len(messages.transfers), len(cloud.chunks()), cloud.letters.events) == (2, 2, {})


def test_dead_letters_that_take_long_keep_nothing_else_waiting_and_come_in_with_the_next_sweeps(
    announced: Cloud,
) -> None:
    chunk = announced.chunk()
    for letter in ("a.json", "b.json", "c.json"):
        announced.letters.events[letter] = json.dumps([file_ready_event(2)]).encode()

    def plan(effect: Effect) -> None:
        if effect.name == "letters.read":
            announced.world.advance(timedelta(seconds=40))

    announced.world.plan = plan
    announced.world.advance(HOUR)

    assert chunk.ref in sweep(announced).transfers
    assert list(announced.letters.events) == ["c.json"]
    sweep(announced)
    assert announced.letters.events == {}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[1, null]", b'"text"', b"[" * 100_000, b'[{"x": 1}]'])
def test_a_dead_letter_that_is_not_understood_moves_to_the_rejected_events(cloud: Cloud, content: bytes) -> None:
    cloud.letters.events["a.json"] = content

    sweep(cloud)

    assert cloud.letters.events == {}
    assert cloud.rejected.events


def test_a_dead_letter_stays_until_what_is_in_it_is_durable(cloud: Cloud) -> None:
    cloud.letters.events["a.json"] = json.dumps(file_ready_event()).encode()
    cloud.world.fail("catalog.add_chunks", Fault.ERROR_BEFORE)

    assert not FakeHost(cloud).sweep()
    assert list(cloud.letters.events) == ["a.json"]


def test_a_gap_is_told_once_the_missing_part_is_late(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    keep_at_acs(cloud, 1)
    host = FakeHost(cloud)
    host.publish(file_ready_event([announced_chunk(0, endReason="ChunkMaximumSizeExceeded")]))
    host.work()
    for _ in range(30):
        cloud.world.advance(HOUR)
        host.sweep()
        host.work()

    assert cloud.recording().status is RecordingStatus.FAILED
    assert len(warnings(caplog, "recording_incomplete")) == 1


def test_a_message_that_was_lost_costs_nothing_but_time(announced: Cloud) -> None:
    FakeHost(announced).settle()

    assert announced.recording().status is RecordingStatus.COMPLETED
    assert announced.chunk().document_id == document_id(0)
