"""Containers of events, the topic, and the signature of callbacks."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from shared.domain.errors import BlobGone, BlobUnreadable, CallbackRefused, EventsRefused
from shared.domain.recording_event import CloudEventView
from tests.fakes.world import World

OUR_TOPIC = "https://recordings.westeurope-1.eventgrid.azure.net/api/events"
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


class FakeTopic:
    """The port `EventTopic`.

    Attributes:
        taken: every event that it took, in order, repetitions included.
        events_max: how many it takes by one request.
        on_taken: called with each that it takes.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.taken: list[CloudEventView] = []
        self.events_max = 1000
        self.takes = timedelta(0)  # for each request
        self.refused: set[str] = set()  # words of types of which each event is too long
        self.on_taken: Callable[[CloudEventView], None] = lambda _: None

    def send(self, events: Sequence[CloudEventView]) -> None:
        if len(events) > self.events_max or any(event.type.word in self.refused for event in events):
            raise EventsRefused
        self.world.advance(self.takes)
        with self.world.effect("topic.send"):
            for event in events:
                self.on_taken(event)
            self.taken.extend(events)
