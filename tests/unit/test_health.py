"""Whether what the app depends on answers."""

import logging
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from shared.control.health import Health
from shared.services import Services
from tests.fakes import Cloud, Fault

NAMES = ["tables", "recordingsStorage", "runtimeStorage", "acs"]


def test_all_is_well_when_everything_answers(cloud: Cloud) -> None:
    assert cloud.services.health.checks() == dict.fromkeys(NAMES, True)


def test_the_app_s_clock_is_the_world_s_in_utc(cloud: Cloud) -> None:
    assert abs(Services(cloud.environment).clock() - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("name", NAMES)
def test_what_does_not_answer_is_false_and_the_rest_is_not(cloud: Cloud, name: str) -> None:
    cloud.world.fail(f"probe.{name}", Fault.ERROR_BEFORE)

    assert [checked for checked, answers in cloud.services.health.checks().items() if not answers] == [name]


def test_everything_that_does_not_answer_is_false(cloud: Cloud) -> None:
    for name in ("tables", "acs"):
        cloud.world.fail(f"probe.{name}", Fault.ERROR_BEFORE)

    checks = cloud.services.health.checks()

    assert checks == {"tables": False, "recordingsStorage": True, "runtimeStorage": True, "acs": False}


def test_each_is_asked_once(cloud: Cloud) -> None:
    cloud.services.health.checks()

    assert sorted(effect.name for effect in cloud.world.effects) == sorted(f"probe.{name}" for name in NAMES)


def test_silence_is_no_answer_and_holds_nobody_longer_than_the_time() -> None:
    """S5."""
    silence = threading.Event()

    def wait() -> None:
        silence.wait()

    silent = Health({"acs": wait, "tables": lambda: None}, seconds=0.05)

    began = time.monotonic()
    checks = silent.checks()
    taken = time.monotonic() - began

    silence.set()
    assert checks == {"acs": False, "tables": True}
    assert taken < 1


def test_they_are_asked_at_the_same_time() -> None:
    together = threading.Barrier(4, timeout=5)

    def meet() -> None:
        together.wait()

    assert all(Health(dict.fromkeys(NAMES, meet), seconds=5).checks().values())


def test_why_one_does_not_answer_is_logged_by_its_kind_alone(caplog: pytest.LogCaptureFixture) -> None:
    def refuse() -> None:
        raise ConnectionError("https://contoso.queue.example/?sig=secret")

    with caplog.at_level(logging.DEBUG):
        assert Health({"runtimeStorage": refuse}).checks() == {"runtimeStorage": False}

    told = '{"dependency": "runtimeStorage", "error": "ConnectionError", "statusCode": null}'
    assert f"dependency_silent {told}" in caplog.text
    assert "secret" not in caplog.text
