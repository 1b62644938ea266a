"""Attributes that are made when they are first asked for, by one thread at a time."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Owner(Protocol):
    """An object with such attributes."""

    lock: AbstractContextManager[object]


class LockedCachedProperty[Value]:
    """Like functools.cached_property, but computed under the owner's lock: once, however many threads ask."""

    def __init__(self, make: Callable[[Any], Value]) -> None:
        self.make = make
        self.name = make.__name__

    def __get__(self, owner: Owner, _: type) -> Value:
        with owner.lock:
            if self.name not in owner.__dict__:
                owner.__dict__[self.name] = self.make(owner)
            value: Value = owner.__dict__[self.name]
            return value
