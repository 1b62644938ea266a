"""Secrets in lines of text: what detect-secrets knows, what Azure's keys look like, and which findings are known."""

import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import BasePlugin, RegexBasedDetector
from detect_secrets.plugins.keyword import DENYLIST, KeywordDetector

NO_SECRETS = frozenset({"Public IP (ipv4)"})
# A secret is a long word, or stands beside one of these; no other line is worth the detectors' time.
NAMED = re.compile("|".join(DENYLIST), re.IGNORECASE)
LONG_OR_NAMED = re.compile(rf"(?=[\w+/=-]*\d)[\w+/=-]{{16}}|\dQ~|PRIVATE KEY|://\S*@|{NAMED.pattern}", re.IGNORECASE)
# Digests of published files, in the lock files: nobody's secret.
DIGEST = re.compile(r'--hash=sha256:[0-9a-f]{64}(?: \\)?|"integrity": "sha512-[A-Za-z0-9+/]{86}==",?')


class AzureKeyDetector(RegexBasedDetector):
    """Azure's keys by their form, whatever stands around them."""

    secret_type = "Azure key"
    denylist = (
        re.compile(r"(?:accesskey|AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{40,}={0,2})", re.IGNORECASE),
        re.compile(r"(?<![A-Za-z0-9+/])([A-Za-z0-9+/]{86}==)"),  # 64 bytes: storage, Event Grid, Service Bus, ACS
        re.compile(
            r"(?<![A-Za-z0-9])([A-Za-z0-9]{52}JQQJ9[A-Za-z0-9+/]{20,}={0,2})"
        ),  # the keys that say whose they are
        re.compile(r"[?&]sig=([A-Za-z0-9%+/]{40,}={0,2})"),  # a SAS
        re.compile(r"(?<![\w~.-])([\w~.-]{3}\dQ~[\w~.-]{31,34})(?![\w~.-])"),  # a secret of an app registration
        re.compile(r"(?<![A-Za-z0-9_-])([A-Za-z0-9_-]{44}AzFu[A-Za-z0-9+/_=-]{4,8})"),  # a key of a function app
    )


@dataclass(frozen=True)
class Finding:
    """What looks like a secret: of which kind, in which file it was seen first."""

    kind: str
    value: str
    file: str

    @property
    def digest(self) -> str:
        """By which it is known, without being written down once more."""
        return hashlib.sha256(self.value.encode()).hexdigest()[:16]

    def __str__(self) -> str:
        return f"{self.file}: {self.kind}, {self.value[:4]}… of {len(self.value)} characters, digest {self.digest}"


@dataclass(frozen=True)
class Known:
    """Findings that are no secrets of anybody's, and why; every condition must hold.

    Attributes:
        digests: of the values; empty for a family, which the others describe.
        value, file, kind: patterns for the whole of each.
    """

    reason: str
    digests: frozenset[str] = frozenset()
    value: str = r"(?s:.*)"
    file: str = r".*"
    kind: str = r".*"

    def covers(self, finding: Finding) -> bool:
        return bool(
            (not self.digests or finding.digest in self.digests)
            and re.fullmatch(self.value, finding.value)
            and re.fullmatch(self.file, finding.file)
            and re.fullmatch(self.kind, finding.kind)
        )


@cache
def detectors() -> list[BasePlugin]:
    classes: Mapping[str, type[BasePlugin]] = get_mapping_from_secret_type_to_class()
    return [AzureKeyDetector(), *(found() for kind, found in sorted(classes.items()) if kind not in NO_SECRETS)]


def findings(lines: Mapping[str, str]) -> list[Finding]:
    """What looks like a secret in lines, each with the file that it is of."""
    every = detectors()
    unnamed = [each for each in every if not isinstance(each, KeywordDetector)]
    found: dict[tuple[str, str], Finding] = {}
    for line, file in lines.items():
        if not LONG_OR_NAMED.search(line) or DIGEST.fullmatch(line):
            continue
        for detector in every if NAMED.search(line) else unnamed:
            for secret in detector.analyze_line(filename=file, line=line, line_number=0):
                value = secret.secret_value or ""
                found.setdefault((secret.type, value), Finding(secret.type, value, file))
    return list(found.values())


def unknown(found: Iterable[Finding], known: Iterable[Known]) -> list[Finding]:
    rules = list(known)
    return [each for each in found if not any(rule.covers(each) for rule in rules)]


def git(root: Path, *arguments: str) -> str:
    """What git prints; bytes that are no UTF-8 become marks."""
    program = shutil.which("git")
    assert program
    done = subprocess.run([program, *arguments], cwd=root, capture_output=True, check=True)
    return done.stdout.decode(errors="replace")


def tree_lines(root: Path) -> dict[str, str]:
    """Every line of every text file that is in the repository, or would be with the next `git add`."""
    lines: dict[str, str] = {}
    for name in git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0"):
        path = root / name
        content = path.read_bytes() if name and path.is_file() and not path.is_symlink() else b""
        if b"\0" not in content:
            for line in content.decode(errors="replace").split("\n"):
                lines.setdefault(line.strip(), name)
    return lines


def history_lines(root: Path) -> dict[str, str]:
    """Every line that a commit added, merges' own among them, and every line of the commits' messages."""
    log = git(
        root, "log", "--patch", "-c", "--unified=0", "--no-color", "--no-renames", "--no-ext-diff", "--no-textconv"
    )
    return dict(added_lines(log.split("\n")))


def added_lines(log: Iterable[str]) -> Iterator[tuple[str, str]]:
    file = "the message of a commit"
    for line in log:
        if line.startswith("commit "):
            file = "the message of a commit"
        elif line.startswith("+++ "):
            file = line.removeprefix("+++ ").removeprefix("b/").rstrip("\t")  # git ends a name with blanks so
        elif line.startswith(("+", " ")):  # of a merge's lines one column may be blank; a message is indented
            yield line.lstrip("+ ").rstrip(), file
