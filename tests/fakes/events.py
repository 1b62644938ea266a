"""Containers of events, and the signature of callbacks."""

from shared.domain.errors import BlobGone, BlobUnreadable, CallbackRefused
from tests.fakes.world import World

GOOD_TOKEN = "Bearer signed-by-acs"


class FakeEventContainer:
    """The port `EventStore`.

    Args:
        world: what all fakes share.
        name: `rejected` or `letters`; how its effects are named.
    """

    def __init__(self, world: World, name: str = "rejected") -> None:
        self.world = world
        self.name = name
        self.events: dict[str, bytes] = {}
        self.reasons: dict[str, str] = {}
        self.archived: set[str] = set()

    def keep(self, name: str, document: bytes, reason: str) -> None:
        def write() -> None:
            self.events.setdefault(name, document)
            self.reasons.setdefault(name, reason)

        self.world.written(f"{self.name}.keep", write)

    def names(self) -> list[str]:
        with self.world.effect(f"{self.name}.names"):
            return sorted(self.events)

    def read(self, name: str) -> bytes:
        with self.world.effect(f"{self.name}.read"):
            if name not in self.events:
                raise BlobGone(f"There is no blob {name} (any more).")
            if name in self.archived:
                raise BlobUnreadable(f"The blob {name} cannot be read as it is.")
            return self.events[name]

    def remove(self, name: str) -> None:
        self.world.written(f"{self.name}.remove", lambda: self.events.pop(name, None))


class FakeCallbackVerifier:
    """The port `CallbackVerifier`; one token is good."""

    def verify(self, authorization: str | None) -> None:
        if authorization != GOOD_TOKEN:
            raise CallbackRefused("The callback's token is not valid.")
