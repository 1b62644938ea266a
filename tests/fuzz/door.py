"""A door of the app: what comes in there, from whom, and what of it is tested."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from tests.fuzz.bounds import Finding

CORPORA = Path(__file__).parent / "corpora"


class Dropped(Finding):
    """Something was neither taken in nor kept."""


@dataclass(frozen=True)
class Door[Under: Callable[..., Any]]:
    """A door.

    Attributes:
        name: of the door, and of the folder of its corpus.
        seeds: inputs that are understood, to begin with.
        walk_in: enters with an input; what is no input of this door at all is passed over.
        under_test: what of the app is entered. Another one may be given in its place, with a fault in it.
        is_framed: whether the first line of an input says where in the door the rest goes, and stays as it is.
    """

    name: str
    seeds: Sequence[bytes]
    walk_in: Callable[[bytes, Under], None]
    under_test: Under
    is_framed: bool = False

    def __call__(self, data: bytes) -> None:
        self.walk_in(data, self.under_test)

    def around(self, fault: Callable[[Under], Under]) -> Self:
        """The same door with a fault planted in what is tested."""
        return replace(self, under_test=fault(self.under_test))

    @property
    def corpus(self) -> list[bytes]:
        """What led furthest into the code so far, beside the seeds."""
        return [path.read_bytes() for path in sorted((CORPORA / self.name).glob("*"))]


def require(condition: bool, otherwise: str) -> None:
    """Raises: Dropped."""
    if not condition:
        raise Dropped(otherwise)


def framed(data: bytes, names: Sequence[str]) -> tuple[str, bytes]:
    """The name in the first line of an input, or the one that its length stands for, and the rest."""
    line, _, rest = data.partition(b"\n")
    name = line.decode(errors="replace")
    return (name, rest) if name in names else (names[len(line) % len(names)], rest)
