"""Whether what the app depends on answers."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.errors import AcsRefused
from shared.services import Services
from tests.fakes import Cloud, Fault


def test_all_is_well_when_everything_answers(cloud: Cloud) -> None:
    assert cloud.services.health.failures() == {}


def test_the_app_s_clock_is_the_world_s_in_utc(cloud: Cloud) -> None:
    assert abs(Services(cloud.environment).clock() - datetime.now(UTC)) < timedelta(minutes=1)


def test_asking_changes_nothing(cloud: Cloud) -> None:
    cloud.services.health.failures()

    assert (cloud.catalog.rows, cloud.store.all, cloud.letters.events) == ({}, {}, {})


@pytest.mark.parametrize(
    ("effect", "named"),
    [
        ("catalog.recording", "tables"),
        ("store.names", "recordingsStorage"),
        ("letters.names", "runtimeStorage"),
        ("acs.state", "acs"),
    ],
)
def test_what_does_not_answer_is_named(cloud: Cloud, effect: str, named: str) -> None:
    cloud.world.fail(effect, Fault.ERROR_BEFORE)

    assert list(cloud.services.health.failures()) == [named]


def test_acs_s_refusal_is_named_too(cloud: Cloud) -> None:
    cloud.acs.refuse("state", AcsRefused("Denied (401)", status=401))

    assert cloud.services.health.failures() == {"acs": "Denied (401)"}


def test_everything_that_does_not_answer_is_named(cloud: Cloud) -> None:
    for effect in ("catalog.recording", "acs.state"):
        cloud.world.fail(effect, Fault.ERROR_BEFORE)

    assert set(cloud.services.health.failures()) == {"tables", "acs"}
