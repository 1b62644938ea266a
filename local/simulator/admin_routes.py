"""What every admin route is made of."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

LATEST = "latest"


class NoBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a route without a body takes: nothing, or an empty object."""


@dataclass(frozen=True, slots=True)
class Ask[T]:
    """One admin request, as a route sees it."""

    name: str
    """What stood for `{name}` in the path."""
    body: T


@dataclass(frozen=True, slots=True)
class Route[T]:
    """One admin route.

    Attributes:
        method: of HTTP.
        path: below `/admin`, with at most one `{name}`.
        does: what it does or answers, for people.
        reads: what a body is read as; an absent body is an empty object.
        answer: what is called.
        example: a body that works.
        partial: the structure that a body may be a part of, where that is not what it is read as.
    """

    method: str
    path: str
    does: str
    reads: type[T]
    answer: Callable[[Ask[T]], Any]
    example: Mapping[str, Any] | None = None
    partial: type | None = None

    @property
    def body(self) -> type:
        """The structure that says what a body may hold."""
        return self.partial or self.reads

    def name_in(self, path: str) -> str | None:
        """What stands for `{name}` in a path below `/admin`, empty if there is none; None if it is another path."""
        found = re.fullmatch(re.sub(r"\{\w+\}", "([^/]+)", self.path), path)
        return None if found is None else "".join(found.groups())

    def answered(self, name: str, body: bytes) -> Any:
        """The route's answer to one request.

        Raises:
            msgspec.MsgspecError: the body is not what the route expects.
        """
        return self.answer(Ask(name, msgspec.json.decode(body or b"{}", type=self.reads)))


def named[T](name: str, everything: Sequence[T], get: Callable[[str], T]) -> T:
    """What a path names; `latest` is what came last.

    Raises:
        LookupError: there is none.
    """
    if name != LATEST:
        return get(name)
    if not everything:
        raise LookupError("There is none yet")
    return everything[-1]
