"""Tests that need a tool which few machines have: skipped without it, counted at the end, and never so in CI."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from typing import NoReturn

import pytest

LACKS = " is not installed: "
FOLDER = "tests/infra/"
# Set to `required` where all of the tools are installed on purpose: then what lacks one fails.
TOOLS = "INFRA_TOOLS"


def skip_without(tool: str, consequence: str) -> NoReturn:
    """End a test that needs a tool."""
    if os.environ.get(TOOLS) == "required":
        pytest.fail(f"{tool}{LACKS}{consequence}, and {TOOLS} says that it must be")
    pytest.skip(f"{tool}{LACKS}{consequence}")


def summary(skipped: Iterable[pytest.TestReport]) -> list[str]:
    """A line for each tool that was lacking, with how many tests it kept from running."""
    ours = (report.longrepr for report in skipped if report.nodeid.startswith(FOLDER))
    reasons = (found[2].removeprefix("Skipped: ") for found in ours if isinstance(found, tuple))
    lacking = Counter(reason.partition(LACKS)[0] for reason in reasons if LACKS in reason)
    return [f"{FOLDER}: {count} skipped for want of {tool}" for tool, count in sorted(lacking.items())]
