"""No secret is in the repository, nor was in any commit: what looks like one is known, each with its reason."""

import base64
import random
import string
from collections.abc import Callable
from pathlib import Path

import pytest

from .known_secrets import KNOWN
from .locked import ROOT
from .secret_scan import Finding, added_lines, findings, git, history_lines, tree_lines, unknown

WHAT_TO_DO = "rotate it if it opens anything; otherwise give it a reason in tests/supply/known_secrets.py"


@pytest.fixture(scope="session")
def in_tree() -> list[Finding]:
    return findings(tree_lines(ROOT))


@pytest.fixture(scope="session")
def history() -> dict[str, str]:
    if git(ROOT, "rev-parse", "--is-shallow-repository").strip() == "true":
        pytest.skip("the clone has no history to be searched: `git fetch --unshallow`")
    return history_lines(ROOT)


@pytest.fixture(scope="session")
def in_history(history: dict[str, str]) -> list[Finding]:
    return findings(history)


def test_no_file_has_an_unknown_secret(in_tree: list[Finding]) -> None:
    assert [str(each) for each in unknown(in_tree, KNOWN)] == [], WHAT_TO_DO


@pytest.mark.prove
def test_no_commit_added_an_unknown_secret(
    history: dict[str, str], in_history: list[Finding], figure: Callable[..., None]
) -> None:
    found = unknown(in_history, KNOWN)

    assert [str(each) for each in found] == [], WHAT_TO_DO
    figure(
        "supply.secrets",
        "{lines} lines of {commits} commits searched for secrets: {known} findings known, {unknown} unknown",
        lines=len(history),
        commits=int(git(ROOT, "rev-list", "--count", "HEAD")),
        known=len(in_history),
        unknown=len(found),
    )


@pytest.mark.prove
def test_nothing_is_known_that_is_not_there(in_tree: list[Finding], in_history: list[Finding]) -> None:
    found = [*in_tree, *in_history]

    assert [rule.reason for rule in KNOWN if not any(rule.covers(each) for each in found)] == []


@pytest.mark.prove
def test_every_line_of_the_tree_that_is_committed_is_one_of_the_history(history: dict[str, str]) -> None:
    """So the reading of git's log leaves nothing out, merges' own lines included."""
    committed = git(ROOT, "grep", "-hI", "", "HEAD", "--", "*.py", "*.md", "*.yml").split("\n")

    # A blank or a plus at its beginning may be git's, and is left out.
    assert {line.lstrip("+ ").rstrip() for line in committed} - history.keys() == set()


# What shows that the scan can fail: planted secrets, none of which opens anything.

SEEDED = random.Random(19)


def drawn(count: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(SEEDED.choices(alphabet, k=count))


def key(count: int) -> str:
    return base64.b64encode(SEEDED.randbytes(count)).decode()


PLANTED = {
    "a storage account's key": f"AccountName=calls;AccountKey={key(64)};EndpointSuffix=core.windows.net",
    "an access key of ACS": f"endpoint=https://calls.communication.azure.com/;accesskey={key(64)}",
    "an access key of ACS, of 84 characters": f"accesskey={drawn(52)}JQQJ99{drawn(22)}AZCS",
    "a bare key of 64 bytes": f"key: {key(64)}",
    "a SAS": f"https://calls.blob.core.windows.net/c?sv=2026-02-06&sig={drawn(43)}%3D&se=2027",
    "a secret of an app registration": f"client: {drawn(3)}8Q~{drawn(34)}",
    "a function key": f"x-functions-key: {drawn(44)}AzFu{drawn(6)}==",
    "a private key": f"-----BEGIN RSA {'PRIVATE'} KEY-----",
    "a JSON web token": ".".join(
        base64.urlsafe_b64encode(part).decode().rstrip("=")
        for part in (b'{"alg":"RS256","typ":"JWT"}', b'{"sub":"planted","iat":1}', SEEDED.randbytes(64))
    ),
    "a token of GitHub's": f"ghp_{drawn(36)}",
    "a token of npm's": f"//registry.npmjs.org/:_authToken=npm_{drawn(36)}",
    "an access key of AWS": f"AKIA{drawn(16, string.ascii_uppercase + string.digits)}",
    "a password in a URL": f"https://somebody:{drawn(12)}@host.invalid/",
    "a password beside its name": f'password = "{drawn(14)}"',
    "a quoted word of great entropy": f'"{key(33)}"',
}


def test_each_planted_secret_is_found_in_the_tree_and_when_it_is_taken_out_in_the_history(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    for name, line in PLANTED.items():
        (tmp_path / f"{name}.txt").write_text(f"first\n  {line}\n")
    wanted = {f"{name}.txt" for name in PLANTED}
    assert {each.file for each in unknown(findings(tree_lines(tmp_path)), KNOWN)} == wanted

    commit(tmp_path, "added")
    for name in PLANTED:
        (tmp_path / f"{name}.txt").write_text("first\n")
    commit(tmp_path, "taken out")

    assert unknown(findings(tree_lines(tmp_path)), KNOWN) == []
    assert {each.file for each in unknown(findings(history_lines(tmp_path)), KNOWN)} == wanted


def commit(root: Path, message: str) -> None:
    git(root, "add", "--all")
    who = ["-c", "user.name=test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgsign=false"]
    git(root, *who, "commit", "--quiet", f"--message={message}")


def test_a_secret_in_a_message_and_one_that_a_merge_brought_are_found(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    (tmp_path / "a.txt").write_text("a\n")
    commit(tmp_path, f"a\n\n{PLANTED['an access key of ACS']}")
    git(tmp_path, "checkout", "--quiet", "-b", "other")
    (tmp_path / "b.txt").write_text("b\n")
    commit(tmp_path, "b")
    git(tmp_path, "checkout", "--quiet", "main")
    (tmp_path / "a.txt").write_text("a of main\n")
    commit(tmp_path, "a of main")
    git(tmp_path, "-c", "user.name=test", "-c", "user.email=test@example.invalid", "merge", "--no-commit", "other")
    (tmp_path / "a.txt").write_text(PLANTED["a storage account's key"])
    commit(tmp_path, "merged")

    found = unknown(findings(history_lines(tmp_path)), KNOWN)

    assert {each.file for each in found} == {"a.txt", "the message of a commit"}


def test_a_known_secret_is_known_in_its_own_place_only() -> None:
    line = 'SECRET = "Hunter:2"'

    assert unknown(findings({line: "tests/e2e/test_settings.py"}), KNOWN) == []
    assert unknown(findings({line: "shared/settings.py"}), KNOWN)


def test_a_finding_is_told_without_the_secret() -> None:
    (found, *_) = findings({PLANTED["a bare key of 64 bytes"]: "a.txt"})

    assert found.value not in str(found)
    assert found.digest in str(found)


def test_the_log_is_read_by_its_files() -> None:
    log = ["commit 1", "    words", "+++ b/a.txt", "@@ -0,0 +1 @@", "+one", "-two", "+++ b/b.txt", "++three", " +four"]

    assert list(added_lines(log)) == [
        ("words", "the message of a commit"),
        ("one", "a.txt"),
        ("three", "b.txt"),
        ("four", "b.txt"),
    ]
