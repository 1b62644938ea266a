"""Faults drawn at random, services that do not answer, and faults of ACS on every kind of request."""

import random
import threading
from collections.abc import Iterator

from local.simulator.faults import Action, InjectedFault, Operation
from tests.e2e.gateway import Answer, ForwardedRequest, Outcome

CONTENT_ACTIONS: tuple[Action, ...] = (
    "tooManyRequests",
    "unavailable",
    "badRequestHtml",
    "emptyBody",
    "htmlBody",
    "truncate",
    "reset",
    "closeDelimited",
    "wrongContentRange",
    "loseResponse",
)
OTHER_ACTIONS: tuple[Action, ...] = ("tooManyRequests", "internalError", "unavailable", "loseResponse")
CONTENT_KINDS: tuple[Operation, ...] = ("content", "metadata")
OTHER_KINDS: tuple[Operation, ...] = ("start", "get", "pause", "resume", "stop", "delete")


class RandomFaults:
    """Storage requests fail by chance: refused with 503, cut before their effect, or cut after it."""

    def __init__(self, probability: float, seed: int) -> None:
        self.probability = probability
        self.chance = random.Random(seed)
        self.lock = threading.Lock()
        self.requests = 0
        self.faulted = 0
        self.requests_to_acs = 0
        self.faults_of_acs = 0

    def before(self, _call: ForwardedRequest) -> Outcome:
        """Two thirds of all faults, by which the request has no effect."""
        with self.lock:
            self.requests += 1
        return random_outcome(self, self.probability * 2 / 3, (Outcome.UNAVAILABLE, Outcome.RESET))

    def after(self, _call: ForwardedRequest, _answer: Answer) -> Outcome:
        """The last third: the request had its effect, and the answer is lost."""
        spared = 1 - self.probability * 2 / 3
        return random_outcome(self, self.probability / 3 / spared, (Outcome.RESET,))


def random_outcome(random_faults: RandomFaults, probability: float, outcomes: tuple[Outcome, ...]) -> Outcome:
    with random_faults.lock:
        if random_faults.chance.random() >= probability:
            return Outcome.PASS
        random_faults.faulted += 1
        return random_faults.chance.choice(outcomes)


class Outage:
    """Some services do not answer at all."""

    def __init__(self, *services: str) -> None:
        self.services = services
        self.refused = 0

    def before(self, call: ForwardedRequest) -> Outcome:
        if call.service not in self.services:
            return Outcome.PASS
        self.refused += 1
        return Outcome.RESET

    def after(self, _call: ForwardedRequest, _answer: Answer) -> Outcome:
        return Outcome.PASS


def bad_day(probability: float, seed: int) -> Iterator[InjectedFault]:
    """Faults of ACS that together hit so many of the requests of every kind."""
    for kinds, actions in ((CONTENT_KINDS, CONTENT_ACTIONS), (OTHER_KINDS, OTHER_ACTIONS)):
        # They are asked one after the other: each is given what makes the whole come out.
        share = 1 - (1 - probability) ** (1 / len(actions))
        for number, (kind, action) in enumerate((kind, action) for kind in kinds for action in actions):
            yield InjectedFault(
                action=action, kind=kind, times=None, probability=share, seed=seed * 1_000 + number, at=1_000
            )
