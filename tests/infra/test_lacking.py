"""What is skipped for want of a tool is counted, and fails where the tool must be there."""

import pytest

from .lacking import TOOLS, skip_without, summary


def skipped(nodeid: str, reason: str) -> pytest.TestReport:
    return pytest.TestReport(nodeid, ("", 0, ""), {}, "skipped", ("file.py", 1, f"Skipped: {reason}"), "call")


def test_tests_are_counted_by_the_tool_that_they_lack() -> None:
    reports = [
        skipped("tests/infra/test_hooks.py::one", "pwsh is not installed: so"),
        skipped("tests/infra/test_hooks.py::two", "pwsh is not installed: so"),
        skipped("tests/infra/test_bicep_cli.py::one", "bicep is not installed: so"),
        skipped("tests/infra/test_hooks.py::three", "for another reason"),
        skipped("tests/e2e/test_kill.py::one", "azurite is not installed: so"),
    ]

    assert summary(reports) == [
        "tests/infra/: 1 skipped for want of bicep",
        "tests/infra/: 2 skipped for want of pwsh",
    ]


def test_a_run_that_lacks_nothing_says_nothing() -> None:
    assert summary([]) == []


def test_without_its_tool_a_test_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOOLS, raising=False)

    with pytest.raises(pytest.skip.Exception, match="pwsh is not installed: so"):
        skip_without("pwsh", "so")


def test_where_the_tools_are_required_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOOLS, "required")

    with pytest.raises(pytest.fail.Exception, match="pwsh is not installed"):
        skip_without("pwsh", "so")
