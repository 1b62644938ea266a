"""docs/matching.md is true: every start, answer, callback and form of an event is played, and matched as it says."""

import base64
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from shared.control.state_callbacks import STATE_CHANGED
from shared.domain.errors import AcsError
from shared.domain.models import Recording
from shared.domain.statuses import Origin
from shared.pipeline.file_ready_event import FileReady, parse_file_ready
from shared.pipeline.find_recording import by_acs_id, by_call, by_derived_id, clues, ids_inside, ids_of_call
from tests.builders import CALL_CONNECTION_ID, CALL_ID, SERVER_CALL_ID, Event, a_start_request, file_ready_event
from tests.fakes import GOOD_TOKEN, Cloud, Fault

DOCUMENT = (Path(__file__).parents[2] / "docs" / "matching.md").read_text()
FORMS = {  # of the subject, by the head of the column
    "nothing": 1,
    "recordingId": 2,
    "serverCallId": 3,
    "serverCallId, recordingId": 4,
    "callConnectionId": 5,
    "all three": 6,
}
STARTS: dict[str, dict[str, str | None]] = {
    "serverCallId": {"serverCallId": SERVER_CALL_ID},
    "callConnectionId": {"serverCallId": None, "callConnectionId": CALL_CONNECTION_ID},
    "groupCallId": {"serverCallId": None, "groupCallId": "5b1e4a52-3c0d-4f6e-9a18-000000000001"},
    "roomId": {"serverCallId": None, "roomId": "99500000000000"},
}
CLUES = {"clueServerCallId": "clue serverCallId", "clueCallId": "clue correlationId"}
NONE = "none"
KEY = "the caller's own"
ACS_TAKES = timedelta(seconds=2)


class Cell(NamedTuple):
    """One cell of the table."""

    start: str
    answer: str
    callback: str
    form: str
    matched_by: str

    @property
    def is_none(self) -> bool:
        return self.matched_by.startswith(NONE)


def cells() -> Iterator[Cell]:
    lines = [line.strip("| ").split(" | ") for line in DOCUMENT.splitlines() if line.startswith("| ")]
    forms = lines[0][3:]
    for start, answer, callback, *matched in lines[2:]:
        yield from (Cell(start, answer, callback, *pair) for pair in zip(forms, matched, strict=True))


CELLS = list(cells())


def started(cell: Cell) -> tuple[Cloud, str]:
    """A recording that ACS carries out, and ACS's id of it; its callback came where the cell says so."""
    cloud = Cloud(CALLBACK_AUDIENCE="resource")
    cloud.acs.honours_repeatability = True
    if cell.answer == "lost":
        cloud.world.fail("acs.start", Fault.ERROR_AFTER, times=3)
    with suppress(AcsError):
        cloud.services.starts.start(a_start_request(**STARTS[cell.start]), KEY)
    (recording_id,) = cloud.acs.recordings
    cloud.world.advance(ACS_TAKES)
    if cell.callback == "came":
        take_in(cloud, recording_id)
    return cloud, recording_id


def take_in(cloud: Cloud, recording_id: str) -> None:
    """ACS posts that the recording runs, as it did in the recorded samples."""
    endpoint = json.loads(base64.urlsafe_b64decode(recording_id + "=" * (-len(recording_id) % 4)))["PlatformEndpointId"]
    data = {
        "recordingId": recording_id,
        "serverCallId": SERVER_CALL_ID,
        "callConnectionId": endpoint,  # the recorder's own; of a start by callConnectionId the call's
        "correlationId": CALL_ID,
        "state": "active",
        "startDateTime": cloud.world.now.isoformat(),
    }
    posted = [{"specversion": "1.0", "id": "1", "type": STATE_CHANGED, "data": data}]
    cloud.services.state_callbacks.take_in(json.dumps(posted).encode(), GOOD_TOKEN)


def event_of(cloud: Cloud, recording_id: str, form: str) -> Event:
    return file_ready_event(
        subject_form=FORMS[form],
        recording_id=recording_id,
        event_time=cloud.world.now + timedelta(minutes=5),
        recordingStartTime=cloud.world.now.isoformat(),
    )


def matched_by(event: FileReady, cloud: Cloud) -> str:
    """What finds the recording: the first of the steps that does, in the order of `find_recording`."""
    if by_acs_id(event, cloud.catalog):
        return "recordingId"
    if by_call(event, cloud.catalog, ids_inside(event)):
        return "inside"
    assert by_derived_id(event, cloud.catalog) is None
    ids = [*ids_of_call(event), *clues(event)]
    found = [CLUES.get(call.kind, str(call.kind)) for call in ids if by_call(event, cloud.catalog, [call])]
    return found[0] if found else NONE


def test_the_table_has_every_start_answer_callback_and_form() -> None:
    expected = {
        (start, answer, callback, form)
        for start in STARTS
        for answer in ("received", "lost")
        for callback in ("none", "came")
        for form in FORMS
    }

    assert {cell[:4] for cell in CELLS} == expected
    assert len(CELLS) == len(expected)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: ", ".join(cell[:4]))
def test_an_event_is_matched_by_what_the_table_says(cell: Cell) -> None:
    cloud, recording_id = started(cell)
    event = event_of(cloud, recording_id, cell.form)

    found = matched_by(parse_file_ready(event, cloud.world.now), cloud)

    assert found == (NONE if cell.is_none else cell.matched_by)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: ", ".join(cell[:4]))
def test_the_files_lie_where_the_table_says(cell: Cell) -> None:
    """Under the recording that was started; where it cannot be found, under one of their own, once."""
    cloud, recording_id = started(cell)
    (ours,) = cloud.recordings()
    event = event_of(cloud, recording_id, cell.form)
    for _ in range(2):
        cloud.services.ingest.ingest(json.loads(json.dumps(event)))

    lies_under = {chunk.id for chunk in cloud.chunks()}

    if cell.is_none:
        (other,) = [row for row in cloud.recordings() if row.id != ours.id]
        assert (lies_under, other.origin) == ({other.id}, Origin.EVENT)
    else:
        assert (lies_under, len(cloud.recordings())) == ({ours.id}, 1)


@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell.matched_by in {"none 3", "none 4"}], ids=", ".join)
def test_the_same_key_links_what_an_event_could_not(cell: Cell) -> None:
    cloud, recording_id = started(cell)
    cloud.services.ingest.ingest(event_of(cloud, recording_id, cell.form))
    cloud.world.advance(timedelta(minutes=2))

    ours: Recording = cloud.services.starts.start(a_start_request(**STARTS[cell.start]), KEY)

    assert ours.recording_id == recording_id
    if "recordingId" in cell.form or cell.form == "all three":
        other = next(row for row in cloud.recordings() if row.id != ours.id)
        assert (ours.same_as, other.same_as) == (other.id, ours.id)


def test_every_reason_is_given_and_none_is_left_over() -> None:
    given = set(re.findall(r"^- (\d): ", DOCUMENT, re.MULTILINE))

    assert given == {cell.matched_by[-1] for cell in CELLS if cell.is_none}
