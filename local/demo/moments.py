"""What a demo has to show, moment by moment, whatever it is shown on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

type Outcome = Literal["plain", "good", "bad"]


@dataclass(frozen=True, slots=True)
class Step:
    """Something was done.

    Attributes:
        seconds: since the demo began.
        text: what.
        outcome: whether it is something to be glad of.
    """

    seconds: float
    text: str
    outcome: Outcome = "plain"


@dataclass(frozen=True, slots=True)
class Told:
    """The app told other apps of something.

    Attributes:
        seconds: since the demo began.
        type: of the event.
        about: the part of the recording; blank for the whole.
    """

    seconds: float
    type: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class ChunkState:
    """How far a chunk is.

    Attributes:
        index: of the chunk.
        status: as the app says.
        done: its bytes that are in Blob Storage now, proven or not.
        total: its bytes at ACS.
        failure: what went wrong; blank without.
    """

    index: int
    status: str
    done: int
    total: int
    failure: str = ""

    @property
    def words(self) -> str:
        """What may be said of it; nothing is proven before the app says so."""
        match self.status:
            case "stored":
                return "proven; original still at ACS"
            case "deleted":
                return "proven; original removed"
            case "failed":
                return f"failed: {self.failure}"
        if self.done >= self.total:
            return "copied, not yet proven"
        return "copying" if self.done else "waiting"

    def part(self, parts: int) -> int:
        """How many of so many equal parts are done, rounded down: all of them only with the last byte."""
        return parts * min(self.done, self.total) // self.total if self.total else 0


@dataclass(frozen=True, slots=True)
class Copying:
    """Where all chunks are.

    Attributes:
        seconds: since the demo began.
        chunks: by index.
        over: whether this is the last look at them.
    """

    seconds: float
    chunks: tuple[ChunkState, ...]
    over: bool = False


type Moment = Step | Told | Copying
type Show = Callable[[Moment], None]
