"""What ACS's answers make of a recording's row, and when it is asked again."""

from datetime import timedelta

from shared.control import SETTLE, settled_at
from tests.builders import a_recording
from tests.fakes import BEGINNING


def test_a_recording_has_settled_a_minute_after_its_last_request() -> None:
    resumed = BEGINNING + timedelta(hours=1)

    assert settled_at(a_recording(start_requested_at=BEGINNING, resume_requested_at=resumed)) == resumed + SETTLE
