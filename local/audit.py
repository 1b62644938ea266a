"""`make audit`: ask the databases of vulnerabilities about every locked package.

pip-audit asks PyPI's about requirements-dev.txt, which has all that is deployed as well; `npm audit` asks the registry
about local/package-lock.json. A database that does not answer, or does not know a package, has not judged it: that is
told as SKIPPED, and never as "nothing found". With AUDIT=required it is a failure.

Exit codes: 0 nothing found, or skipped; 1 a known vulnerability; 2 AUDIT=required, and not all was judged.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LOCK = "requirements-dev.txt"
AUDIT = "AUDIT"
FOUND, NOT_JUDGED = 1, 2
ANSWER_SECONDS = 20  # of one question
RUN_SECONDS = 300  # of one tool; PyPI is asked about each package by itself
# npm's packages are for tests and the local run, on loopback; of those that are delivered all are told.
NPM_SEVERITIES = frozenset({"high", "critical"})


@dataclass(frozen=True)
class Judgement:
    """What a database says.

    Attributes:
        findings: a line for each known vulnerability.
        open: why something was not judged; None when everything was.
    """

    findings: tuple[str, ...] = ()
    open: str | None = None


def of_pip_audit(report: str) -> Judgement:
    """The JSON of pip-audit: a package without `vulns` was skipped, although the command ends with success."""
    try:
        packages: list[dict[str, Any]] = json.loads(report)["dependencies"]
        skipped = [each["name"] for each in packages if "vulns" not in each]
        findings = tuple(
            f"{each['name']} {each['version']}: {found['id']}, {mended(found['fix_versions'])}"
            for each in packages
            for found in each.get("vulns", ())
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        return Judgement(open="the database of Python's packages did not answer")
    if not packages or len(skipped) == len(packages):
        return Judgement(findings, "the database of Python's packages knows none of them")
    return Judgement(findings, f"not in the database of Python's packages: {', '.join(skipped)}" if skipped else None)


def mended(versions: list[str]) -> str:
    return f"mended in {' or '.join(versions)}" if versions else "mended in no version"


def of_npm_audit(report: str, delivered: Iterable[str]) -> Judgement:
    """The JSON of npm: each package's worst severity."""
    try:
        document = json.loads(report)
        packages: dict[str, dict[str, Any]] = document["vulnerabilities"]
        severities = {name: str(each["severity"]) for name, each in packages.items()}
    except (ValueError, LookupError, TypeError, AttributeError):
        return Judgement(open="the database of npm's packages did not answer")
    told = [name for name, severity in severities.items() if severity in NPM_SEVERITIES or name in delivered]
    return Judgement(tuple(f"{name} (npm): {severities[name]}" for name in sorted(told)))


def output(command: list[str]) -> str:
    """What a command prints; nothing when it cannot be run or takes too long. Its complaints are for nobody."""
    program = shutil.which(command[0])
    if program is None:
        return ""
    try:
        done = subprocess.run(
            [program, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False, timeout=RUN_SECONDS
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout


def judgements() -> list[Judgement]:
    pip_audit = [str(Path(sys.executable).with_name("pip-audit")), "--requirement", LOCK, "--require-hashes"]
    pip_audit += ["--disable-pip", "--format=json", "--progress-spinner=off", f"--timeout={ANSWER_SECONDS}"]
    npm = ["npm", "--prefix", "local", "audit", "--json", "--fetch-retries=0"]
    npm += [f"--fetch-timeout={ANSWER_SECONDS * 1000}"]
    delivered = {path.name for path in (ROOT / "console" / "vendor").iterdir() if path.is_dir()}
    return [of_pip_audit(output(pip_audit)), of_npm_audit(output(npm), delivered)]


def told(judged: Iterable[Judgement], *, required: bool) -> tuple[int, list[str]]:
    """The exit code, and what a person is told."""
    lines, code = [], 0
    for each in judged:
        lines += [f"audit: FOUND {finding}" for finding in each.findings]
        lines += [f"audit: {'FAILED' if required else 'SKIPPED'}, {each.open}"] if each.open else []
        code = max(code, FOUND if each.findings else 0, NOT_JUDGED if each.open and required else 0)
    return code, lines or ["audit: no locked package has a known vulnerability"]


def main() -> None:
    code, lines = told(judgements(), required=os.environ.get(AUDIT) == "required")
    print("\n".join(lines))
    raise SystemExit(code)


if __name__ == "__main__":
    main()
