"""What the SDKs raise has addresses with keys and others' texts in it; what the app makes of that has none."""

from collections.abc import Callable

from tests.contract.source_under_test import SDK_WARNINGS
from tests.marked.answers import told_of_answers
from tests.marked.markers import ALLOWED, found_in

pytestmark = SDK_WARNINGS


def test_no_error_of_ours_repeats_what_a_service_said(figure: Callable[..., None]) -> None:
    told, asked = told_of_answers()

    found = {(name, place): text for place, texts in told.items() for text in texts for name in found_in(text)}
    assert {where: text for where, text in found.items() if where not in ALLOWED} == {}
    figure(
        "logs.answers",
        "{asked} marked answers and failures of storage, ACS and callers, read by Microsoft's SDKs: in the"
        " app's errors and in its log {found} found where none may be",
        asked=asked,
        found=sum(where not in ALLOWED for where in found),
    )
