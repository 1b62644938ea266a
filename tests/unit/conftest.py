"""The app on the fakes, and a chunk that is ready to be transferred."""

import pytest

from tests.builders import keep_at_acs
from tests.fakes import Cloud
from tests.unit.app import App
from tests.unit.steps import announce


@pytest.fixture
def ready(cloud: Cloud) -> Cloud:
    """A chunk is announced, and ACS has it."""
    keep_at_acs(cloud, 1)
    announce(cloud)
    return cloud


@pytest.fixture
def app(cloud: Cloud) -> App:
    return App(cloud)
