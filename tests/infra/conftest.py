"""At the end of a run: how many tests of this folder were skipped for want of which tool."""

import pytest

from .lacking import summary


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in summary(terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line(line, yellow=True)
