"""Dead letters: events that Event Grid could not deliver are ingested from the container where it leaves them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import takewhile

from shared.domain.durations import INTAKE_MAX
from shared.domain.errors import BlobGone, Unforeseen
from shared.domain.json_fields import Json
from shared.domain.log import LogEvent, log
from shared.domain.models import Messages
from shared.domain.ports import Clock, EventStore
from shared.domain.units import Run
from shared.pipeline.ingest import Ingest
from shared.pipeline.queue_messages import merged


@dataclass(frozen=True)
class DeadLetterIntake:
    """Ingests dead letters, each a unit; one is removed only once its events are durable."""

    dead_letters: EventStore
    ingest: Ingest
    clock: Clock

    def ingest_due(self, run: Run) -> Messages:
        """Ingest the first of them, as many as there is time for: after a long outage they come by the thousand.

        A run that outlasted its time would send nothing, remove none, and never come to what else is due.
        """
        until = self.clock() + INTAKE_MAX
        names: list[str] = []
        run.attempt(partial(self.list_names, names), alert)
        ingested: list[str] = []
        in_time = takewhile(lambda _: self.clock() < until, names)
        parts = [run.attempt(partial(self.ingest_one, name, ingested), alert) for name in in_time]
        for name in ingested:
            run.attempt(partial(self.remove, name), alert)
        return merged(parts)

    def list_names(self, names: list[str]) -> Messages:
        names.extend(self.dead_letters.names())
        return Messages()

    def ingest_one(self, name: str, ingested: list[str]) -> Messages:
        try:
            letter = self.dead_letters.read(name)
        except BlobGone:
            return Messages()  # another sweep ingested it
        messages = merged(self.ingest.ingest(document).messages for document in documents(letter))
        ingested.append(name)
        return messages

    def remove(self, name: str) -> Messages:
        self.dead_letters.remove(name)
        log(LogEvent.DEAD_LETTER_INGESTED, name=name)
        return Messages()


def alert(error: Unforeseen) -> None:
    log(LogEvent.UNFORESEEN_FAULT, failure=f"A dead letter could not be taken in. {error}")


def documents(content: bytes) -> list[Json]:
    """The events of a dead letter; what is no JSON is passed on as text, to be kept as it came."""
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError):
        parsed = {"unreadable": content.decode(errors="replace")}
    items = parsed if isinstance(parsed, list) else [parsed]
    return [item if isinstance(item, Mapping) else {"unreadable": item} for item in items]
