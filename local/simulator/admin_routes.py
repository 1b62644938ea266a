"""What every admin route is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class Ask:
    """One admin request, as a route sees it."""

    name: str
    """What stood for `*` in the path."""
    body: bytes

    def read[T](self, kind: type[T]) -> T:
        """Read the body; an empty one is an empty object.

        Raises:
            msgspec.ValidationError: it is not what the route expects.
        """
        return msgspec.json.decode(self.body or b"{}", type=kind)


@dataclass(frozen=True, slots=True)
class Route:
    """A method, a path with at most one `*`, and what answers."""

    method: str
    path: str
    answer: Callable[[Ask], Any]
