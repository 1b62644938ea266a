"""Which log lines host.json lets through."""

from __future__ import annotations

import logging

import pytest

from local.host.logs import level_for

LEVELS = {"default": "Warning", "Function": "Information", "Function.noisy": "Error", "Host.Queues": "None"}


@pytest.mark.parametrize(
    ("category", "level"),
    [
        ("Host.Startup", logging.WARNING),
        ("Function.quiet.User", logging.INFO),
        ("Function.noisy.User", logging.ERROR),
        ("Host.Queues", logging.CRITICAL + 1),
    ],
)
def test_the_longest_matching_category_decides(category: str, level: int) -> None:
    assert level_for(category, LEVELS) == level


def test_without_settings_everything_from_information_on_appears() -> None:
    assert level_for("Function.x.User", {}) == logging.INFO
