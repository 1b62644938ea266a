"""What the lock files say, and what the metadata of the installed packages say that they must."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.package import LOCKED, locked_lines

ROOT = Path(__file__).parents[2]
NAMES = ("requirements", "requirements-dev")

# What differs among the interpreters that a lock for every platform is for.
LINUX = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
PLATFORMS = {
    "Linux": LINUX,
    "macOS": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    "Windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
    "PyPy": LINUX | {"platform_python_implementation": "PyPy", "implementation_name": "pypy"},
}
PYTHON = {
    "python_version": "3.13",
    "python_full_version": "3.13.0",
    "implementation_version": "3.13.0",
    "platform_python_implementation": "CPython",
    "implementation_name": "cpython",
}


@dataclass(frozen=True)
class Pin:
    """One package of a lock.

    Attributes:
        name: canonical.
        marker: where it is installed; None for everywhere.
        digests: of its files, SHA-256 in hexadecimal digits.
    """

    name: str
    version: str
    marker: str | None
    digests: frozenset[str]

    def is_for(self, platform: str) -> bool:
        return self.marker is None or holds(Marker(self.marker), platform)


def pins(lock: str) -> dict[str, Pin]:
    """The packages of a lock, by name."""
    found: dict[str, Pin] = {}
    for line in locked_lines(lock):
        matched = LOCKED.fullmatch(line)
        assert matched, f"no locked pin: {line[:100]}"
        name, _, version = matched["pin"].partition("==")
        digests = frozenset(each.rpartition(":")[2] for each in matched["hashes"].split())
        assert name not in found, f"{name} is locked twice"
        found[name] = Pin(canonicalize_name(name), version, matched["marker"], digests)
    return found


def holds(marker: Marker, platform: str, extra: str = "") -> bool:
    environment = {**default_environment(), **PYTHON, **PLATFORMS[platform], "extra": extra}
    return marker.evaluate({name: str(value) for name, value in environment.items()})


def direct(path: Path) -> Iterator[Requirement]:
    """What a .in file names, and the .in files that it includes."""
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.partition(" #")[0].strip()
        if words.startswith("-r "):
            yield from direct(path.parent / words.removeprefix("-r "))
        elif words and not words.startswith(("#", "-c ")):
            yield Requirement(words)


def needed(roots: Iterable[Requirement], platform: str) -> dict[str, list[Requirement]]:
    """Every package that an installation of `roots` needs, by name, and each demand that is made on it.

    What is not installed here, being for other platforms only, is taken to need nothing.
    """
    demands: dict[str, list[Requirement]] = {}
    asked: set[tuple[str, str]] = set()
    waiting = list(roots)
    while waiting:
        demand = waiting.pop()
        if demand.marker and not holds(demand.marker, platform):
            continue
        name = canonicalize_name(demand.name)
        demands.setdefault(name, []).append(demand)
        for extra in ("", *demand.extras):
            if (name, extra) not in asked:
                asked.add((name, extra))
                waiting += requires(name, platform, extra)
    return demands


def requires(name: str, platform: str, extra: str) -> Iterator[Requirement]:
    """What an installed package needs, with the marker's extra decided."""
    try:
        lines = distribution(name).requires or []
    except PackageNotFoundError:
        return
    for line in lines:
        demand = Requirement(line)
        if demand.marker is None or holds(demand.marker, platform, extra):
            demand.marker = None
            yield demand


def unfit(demands: Mapping[str, list[Requirement]], locked: Mapping[str, Pin]) -> list[str]:
    """The demands that a locked version does not meet."""
    return [
        f"{name} {locked[name].version} is not {demand.specifier}"
        for name, each in sorted(demands.items())
        for demand in each
        if name in locked and not demand.specifier.contains(locked[name].version, prereleases=True)
    ]
