"""Units of work do not stop each other, and what nobody foresaw is caught in one place."""

import json
import logging

import pytest

from shared.domain.errors import CatalogUnavailable, Unforeseen
from shared.domain.models import ChunkRef, Messages
from shared.domain.units import Run, attempt

SENT = Messages(transfers=(ChunkRef("id", "document"),))


def broken() -> Messages:
    raise RuntimeError("a secret")


def unavailable() -> Messages:
    raise CatalogUnavailable("Table Storage did not answer.")


def test_what_nobody_foresaw_becomes_an_error_of_ours_with_its_traceback_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(Unforeseen, match="RuntimeError"):
        attempt(broken)

    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "unit/test_units.py" in json.loads(record.getMessage().partition(" ")[2])["traceback"]
    assert record.exc_info is None  # which somebody else's formatter would write out


def test_what_nobody_foresaw_is_not_repeated_in_the_words_of_whoever_raised_it() -> None:
    with pytest.raises(Unforeseen) as caught:
        attempt(broken)

    assert "a secret" not in str(caught.value)


def test_an_error_of_ours_passes_as_it_is() -> None:
    with pytest.raises(CatalogUnavailable, match="did not answer"):
        attempt(unavailable)


def test_a_run_goes_on_after_a_unit_that_nobody_foresaw_to_fail() -> None:
    told: list[Unforeseen] = []
    run = Run("sweep")

    assert run.attempt(broken, told.append) == Messages()
    assert run.attempt(lambda: SENT, told.append) == SENT
    assert run.finish(SENT) == SENT
    assert len(told) == 1


def test_a_run_that_was_interrupted_sends_what_it_can_and_tells(caplog: pytest.LogCaptureFixture) -> None:
    run = Run("sweep")

    run.attempt(unavailable, lambda _: None)

    assert run.finish(SENT) == SENT
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "sweep_interrupted" in caplog.text


def test_a_run_that_has_nothing_to_send_fails_with_its_interruption() -> None:
    run = Run("sweep")

    run.attempt(unavailable, lambda _: None)

    with pytest.raises(CatalogUnavailable):
        run.finish(Messages())


def test_an_outage_while_a_unit_is_set_aside_interrupts_the_run() -> None:
    run = Run("sweep")

    def unavailable_too(_: Unforeseen) -> None:
        unavailable()

    assert run.attempt(broken, unavailable_too) == Messages()
    assert len(run.interruptions) == 1
