"""`make audit` tells what the databases found, and never takes silence for "nothing found"."""

import json
from typing import Any

import pytest

from local.audit import FOUND, NOT_JUDGED, Judgement, of_npm_audit, of_pip_audit, told

SOUND: dict[str, Any] = {"name": "requests", "version": "2.34.2", "vulns": []}
FLAWED = {"name": "idna", "version": "3.6", "vulns": [{"id": "PYSEC-2024-60", "fix_versions": ["3.7"], "aliases": []}]}
UNKNOWN = {"name": "anycrc", "skip_reason": "Dependency not found on PyPI and could not be audited: anycrc (2.1.0)"}
NO_ANSWER = json.dumps({"message": "405 Method Not Allowed", "statusCode": 405, "error": {"summary": "", "detail": ""}})


def pip_audit(*packages: dict[str, Any]) -> Judgement:
    return of_pip_audit(json.dumps({"dependencies": packages, "fixes": []}))


def npm_audit(**severities: str) -> Judgement:
    packages = {name: {"name": name, "severity": severity, "via": []} for name, severity in severities.items()}
    return of_npm_audit(json.dumps({"auditReportVersion": 2, "vulnerabilities": packages}), delivered={"lit-html"})


def test_a_known_vulnerability_is_told_with_the_version_that_mends_it() -> None:
    assert pip_audit(SOUND, FLAWED) == Judgement(("idna 3.6: PYSEC-2024-60, mended in 3.7",))


def test_packages_without_any_are_judged_too() -> None:
    assert pip_audit(SOUND) == Judgement()
    assert npm_audit() == Judgement()


def test_a_success_in_which_every_package_was_skipped_is_no_judgement() -> None:
    assert pip_audit(UNKNOWN, UNKNOWN).open
    assert pip_audit().open


def test_a_package_that_the_database_does_not_know_is_named() -> None:
    judged = pip_audit(SOUND, FLAWED, UNKNOWN)

    assert len(judged.findings) == 1
    assert "anycrc" in str(judged.open)


@pytest.mark.parametrize("report", ["", "Traceback", "[]", "null", "{}", '{"dependencies": 5}', NO_ANSWER])
def test_an_answer_of_another_form_is_no_judgement(report: str) -> None:
    assert of_pip_audit(report).open
    assert of_npm_audit(report, ()).open


def test_of_npm_s_what_is_grave_or_delivered_is_told() -> None:
    judged = npm_audit(azurite="moderate", axios="high", sequelize="critical", **{"lit-html": "low"})

    assert judged.findings == ("axios (npm): high", "lit-html (npm): low", "sequelize (npm): critical")


@pytest.mark.parametrize(
    ("judged", "required", "code", "line"),
    [
        ([Judgement(), Judgement()], True, 0, "audit: no locked package has a known vulnerability"),
        ([Judgement(("a 1: X",)), Judgement()], False, FOUND, "audit: FOUND a 1: X"),
        ([Judgement(("a 1: X",)), Judgement(open="no answer")], True, NOT_JUDGED, "audit: FAILED, no answer"),
        ([Judgement(), Judgement(open="no answer")], False, 0, "audit: SKIPPED, no answer"),
        ([Judgement(open="no answer"), Judgement()], True, NOT_JUDGED, "audit: FAILED, no answer"),
    ],
)
def test_the_exit_code_says_what_became_of_it(judged: list[Judgement], required: bool, code: int, line: str) -> None:
    found, lines = told(judged, required=required)

    assert found == code
    assert line in lines
