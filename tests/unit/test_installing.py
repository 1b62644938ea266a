"""Whoever waits for an installation is told what is installed and that it goes on."""

import sys

import pytest

from local.installing import install


def python(script: str) -> list[str]:
    return [sys.executable, "-c", script]


def test_what_takes_long_is_told_again_while_it_runs(capfd: pytest.CaptureFixture[str]) -> None:
    code = install("3 packages", python("import time; time.sleep(0.3)"), tell_seconds=0.05)

    told = capfd.readouterr().out.splitlines()
    assert code == 0
    assert told[0] == "installing 3 packages …"
    assert told[1].startswith("  still at it after")
    assert told[-1].startswith("  done in")


def test_what_is_quick_is_told_in_two_lines(capfd: pytest.CaptureFixture[str]) -> None:
    install("3 packages", python(""))

    assert len(capfd.readouterr().out.splitlines()) == 2


def test_a_failure_has_the_command_s_own_words_and_its_exit_code(capfd: pytest.CaptureFixture[str]) -> None:
    code = install("3 packages", python("import sys; sys.exit('no such package')"))

    told = capfd.readouterr()
    assert code == 1
    assert "no such package" in told.err
    assert "FAILED" in told.out
