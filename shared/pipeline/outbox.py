"""The outbox: events for other apps, sent to a topic once they stand beside the row of what they tell.

    transition ─► row and event in one transaction ─► sent before the invocation ends, as long as its patience lasts
    not sent ─► the recording's entry in the open-work index is due ─► the sweep sends it, for a day; then an alert

A topic that is silent costs an invocation one request, of 3 seconds at most, and never its work. What is sent twice has
one id.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import msgspec

from shared.domain import invocation
from shared.domain.durations import EVENT_GIVEN_UP, EVENT_RETRY_FIRST, EVENT_RETRY_MAX, SENDING_MAX, TOPIC_PATIENCE
from shared.domain.errors import Conflict, EventsRefused, NotFound, RecorderError, RowUnreadable, TopicUnavailable
from shared.domain.log import LogEvent, log
from shared.domain.open_work import OpenWork
from shared.domain.ports import Catalog, Clock, EventTopic
from shared.domain.recording_event import RecordingEvent, cloud_event
from shared.domain.recording_rows import existing_recording
from shared.domain.units import attempt

# Chosen: Event Grid takes 1 MB, and the SDK writes a character of two bytes as six. Envelopes are not counted.
BATCH_BYTES_MAX = 256 * 1024
BATCH_EVENTS_MAX = 100  # chosen: so many rows are marked by one transaction
EVENTS_PER_RUN_MAX = 1000  # chosen: of one sweep
DOUBLINGS_MAX = 10  # beyond it the wait is at its longest

NO_TOPIC = "There is no topic to send events to: EVENTS_TOPIC_ENDPOINT is not set."


@dataclass
class SendingRun:
    """What one sweep may still send.

    Attributes:
        until: when it sends no more; the next one goes on.
        left: how many events it may still send.
        is_over: whether the topic does not take them just now, so that no other try is made.
    """

    until: datetime
    left: int = EVENTS_PER_RUN_MAX
    is_over: bool = False


@dataclass(frozen=True)
class Sent:
    """What became of events: those that were tried, as their rows are to say it, and those that were not."""

    tried: list[RecordingEvent] = field(default_factory=list)
    untried: list[RecordingEvent] = field(default_factory=list)

    @property
    def waiting(self) -> list[RecordingEvent]:
        return [event for event in self.tried if event.unsent] + self.untried


@dataclass(frozen=True)
class Outbox:
    """Sends the events that stand in rows.

    Attributes:
        topic: where to; None where there is none, and nothing is ever to be sent.
        source: the app, as events name it.
    """

    catalog: Catalog
    open_work: OpenWork
    topic: EventTopic | None
    source: str
    clock: Clock

    def send_written(self) -> None:
        """Send what this invocation wrote. What cannot be sent, or not be written down, is left to the sweep."""
        events = invocation.take_written()
        if events:
            with suppress(RecorderError):
                attempt(partial(self.send_and_mark, events))

    def send_and_mark(self, events: Sequence[RecordingEvent]) -> None:
        """Send as long as this invocation has waited for the topic for less than its patience: others wait for it."""
        sent = Sent()
        for batch in batches(events):
            if invocation.may_wait(TOPIC_PATIENCE):
                self.send_batch(batch, sent)
            else:
                sent.untried.extend(batch)
        for id, waiting in by_recording(sent.waiting).items():
            self.plan_next(id, waiting)
        self.mark(sent.tried)

    def send(self, events: Sequence[RecordingEvent], run: SendingRun) -> Sent:
        """Send events in batches, until the topic does not answer, or the run is over."""
        sent = Sent()
        for batch in batches(events):
            self.send_in(batch, sent, run)
        return sent

    def send_in(self, batch: Sequence[RecordingEvent], sent: Sent, run: SendingRun) -> None:
        """Send a batch while the run lasts; one that is refused for what it holds is sent one by one."""
        if run.is_over or self.clock() >= run.until:
            sent.untried.extend(batch)
        elif not self.send_batch(batch, sent):
            run.is_over = True
        elif len(batch) > 1 and batch[0] in sent.untried:
            for event in batch:
                sent.untried.remove(event)
            for event in batch:
                self.send_in([event], sent, run)

    def send_batch(self, batch: Sequence[RecordingEvent], sent: Sent) -> bool:
        """Whether the topic answers. Several that it refuses for what they hold are as if they were not tried."""
        assert self.topic is not None
        began = self.clock()
        try:
            self.topic.send([cloud_event(event, self.source) for event in batch])
        except EventsRefused as error:
            if len(batch) > 1:
                sent.untried.extend(batch)
            else:
                sent.tried.extend(self.failed(event, error) for event in batch)
            return True
        except TopicUnavailable as error:
            sent.tried.extend(self.failed(event, error) for event in batch)
            invocation.note_waited(TOPIC_PATIENCE)
            return False
        now = self.clock()
        invocation.note_waited(now - began)
        sent.tried.extend(
            msgspec.structs.replace(event, unsent=False, sent_at=now, attempts=event.attempts + 1, last_error="")
            for event in batch
        )
        return True

    def failed(self, event: RecordingEvent, error: TopicUnavailable) -> RecordingEvent:
        now = self.clock()
        wait = min(EVENT_RETRY_FIRST * (1 << min(event.attempts, DOUBLINGS_MAX)), EVENT_RETRY_MAX)
        return msgspec.structs.replace(
            event,
            attempts=event.attempts + 1,
            since=event.since or now,
            last_error=str(error),
            next_try_at=now + wait,
        )

    def mark(self, events: Sequence[RecordingEvent]) -> None:
        for marked in by_recording(events).values():
            self.catalog.mark_events(marked)

    def plan_next(self, id: str, waiting: Sequence[RecordingEvent]) -> None:
        """Have the sweep come back when the first of a recording's events is to be tried again."""
        soonest = self.clock() + EVENT_RETRY_FIRST
        self.open_work.have_due(id, max(soonest, min(event.next_try_at for event in waiting)))

    def is_waiting(self, id: str) -> bool:
        """Whether events of a recording are still to be sent; then its entry in the open-work index must stay.

        What this invocation wrote is sent first. A row that nobody can read is not waited for: nobody can send it.
        """
        if self.topic is None:
            return False
        self.send_written()
        with suppress(RowUnreadable):
            return next(self.catalog.events(id, unsent=True), None) is not None
        return False

    def begin_run(self) -> SendingRun:
        return SendingRun(until=self.clock() + SENDING_MAX)

    def send_due(self, id: str, run: SendingRun) -> None:
        """Send the events of a recording whose time has come, as far as one sweep sends any; give up the oldest.

        Raises:
            CatalogUnavailable: our own outage.
        """
        if self.topic is None:
            return
        waiting = self.unsent(id)
        now = self.clock()
        over = [event for event in waiting if event.since is not None and now - event.since >= EVENT_GIVEN_UP]
        if over:
            self.give_up(id, over)
        rest = [event for event in waiting if event.since is None or now - event.since < EVENT_GIVEN_UP]
        due = [event for event in rest if event.next_try_at <= now]
        left = [event for event in rest if event.next_try_at > now]
        sent = self.send(due[: run.left], run)
        run.left -= len(sent.tried)
        left += sent.waiting + due[len(sent.tried) + len(sent.untried) :]
        self.mark(sent.tried)
        if left:
            self.plan_next(id, left)

    def unsent(self, id: str) -> list[RecordingEvent]:
        """The events of a recording that are still to be sent, as they happened; what cannot be read is alerted."""
        found: list[RecordingEvent] = []
        try:
            for event in self.catalog.events(id, unsent=True):
                found.append(event)  # noqa: PERF402 - what came before an unreadable row must stay
        except RowUnreadable as error:
            log(LogEvent.UNFORESEEN_FAULT, id=id, failure=f"An event of it cannot be sent. {error}")
        return sorted(found, key=in_order)

    def give_up(self, id: str, events: Sequence[RecordingEvent]) -> None:
        """Alert, then try no more: a person must look, and may have them told again."""
        reason = next((event.last_error for event in reversed(events) if event.last_error), None)
        log(LogEvent.EVENT_UNSENT, id=id, events=len(events), failure=reason)
        self.mark([msgspec.structs.replace(event, unsent=False) for event in events])

    def events(self, id: str) -> list[RecordingEvent]:
        """The events of a recording, as they happened. Raises: RecordingNotFound; RowUnreadable."""
        existing_recording(self.catalog, id)
        return sorted(self.catalog.events(id), key=in_order)

    def send_again(self, id: str, key: str | None) -> int:
        """Have events of a recording sent again, all or one; returns how many.

        Raises:
            RecordingNotFound; NotFound: it has no event of that key.
            Conflict: there is no topic.
        """
        events = [event for event in self.events(id) if key in {None, event.key}]
        if key is not None and not events:
            raise NotFound(f"The recording has no event with the key {key}.")
        if self.topic is None:
            raise Conflict(NO_TOPIC)
        now = self.clock()
        again = [
            msgspec.structs.replace(event, unsent=True, since=now, next_try_at=now + EVENT_RETRY_FIRST)
            for event in events
        ]
        if again:
            # First, so that whatever dies now leaves them to the sweep; and behind, for the entry may just be closed.
            self.open_work.have_due(id, now + EVENT_RETRY_FIRST)
            self.catalog.mark_events(again)
            self.open_work.have_due(id, now + EVENT_RETRY_FIRST)
            invocation.note_written(again)
        return len(again)


def in_order(event: RecordingEvent) -> tuple[datetime, str]:
    """As they happened; what happened at once by what it is called, as consumers are told to order."""
    return event.time, event.key


def by_recording(events: Sequence[RecordingEvent]) -> dict[str, list[RecordingEvent]]:
    found: defaultdict[str, list[RecordingEvent]] = defaultdict(list)
    for event in events:
        found[event.id].append(event)
    return found


def batches(events: Sequence[RecordingEvent]) -> Iterator[list[RecordingEvent]]:
    """The events in as few requests as the topic takes them by."""
    batch: list[RecordingEvent] = []
    length = 0
    for event in events:
        if batch and (len(batch) == BATCH_EVENTS_MAX or length + len(event.data) > BATCH_BYTES_MAX):
            yield batch
            batch, length = [], 0
        batch.append(event)
        length += len(event.data)
    if batch:
        yield batch
