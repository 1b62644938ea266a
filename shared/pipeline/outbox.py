"""The outbox: events for other apps, sent to a topic once they stand beside the row of what they tell.

    transition ─► row and event in one transaction ─► sent before the invocation ends, by one request
    not sent ─► the recording's entry in the open-work index is due ─► the sweep sends it, for a day; then an alert

A topic that is silent costs an invocation 3 seconds, and never its work. What is sent twice has one id.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import msgspec

from shared.domain import invocation
from shared.domain.durations import EVENT_GIVEN_UP, EVENT_RETRY_FIRST, EVENT_RETRY_MAX, SENDING_MAX
from shared.domain.errors import Conflict, EventsTooLarge, NotFound, RecorderError, TopicUnavailable
from shared.domain.log import LogEvent, log
from shared.domain.open_work import OpenWork
from shared.domain.ports import Catalog, Clock, EventTopic
from shared.domain.recording_event import RecordingEvent, cloud_event
from shared.domain.recording_rows import existing_recording
from shared.domain.units import attempt

BATCH_BYTES_MAX = 512 * 1024  # chosen: Event Grid takes 1 MB; envelopes are not counted here
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
        sent = self.send(events)
        by_recording: defaultdict[str, list[RecordingEvent]] = defaultdict(list)
        for event in sent.waiting:
            by_recording[event.id].append(event)
        for id, waiting in by_recording.items():
            self.plan_next(id, waiting)
        self.mark(sent.tried)

    def send(self, events: Sequence[RecordingEvent]) -> Sent:
        """Send events in batches, until the topic does not take one."""
        sent = Sent()
        is_over = False
        for batch in batches(events):
            if is_over:
                sent.untried.extend(batch)
            else:
                is_over = not self.send_batch(batch, sent)
        return sent

    def send_batch(self, batch: Sequence[RecordingEvent], sent: Sent) -> bool:
        """Whether the topic answers; a batch that is too long is sent one by one."""
        assert self.topic is not None
        try:
            self.topic.send([cloud_event(event, self.source) for event in batch])
        except EventsTooLarge as error:
            if len(batch) > 1:
                return self.send_singly(batch, sent)
            sent.tried.extend(self.failed(event, error) for event in batch)
            return True
        except TopicUnavailable as error:
            sent.tried.extend(self.failed(event, error) for event in batch)
            return False
        now = self.clock()
        sent.tried.extend(
            msgspec.structs.replace(event, unsent=False, sent_at=now, attempts=event.attempts + 1, last_error="")
            for event in batch
        )
        return True

    def send_singly(self, batch: Sequence[RecordingEvent], sent: Sent) -> bool:
        answers = True
        for event in batch:
            if answers:
                answers = self.send_batch([event], sent)
            else:
                sent.untried.append(event)
        return answers

    def failed(self, event: RecordingEvent, error: TopicUnavailable) -> RecordingEvent:
        wait = min(EVENT_RETRY_FIRST * (1 << min(event.attempts, DOUBLINGS_MAX)), EVENT_RETRY_MAX)
        return msgspec.structs.replace(
            event, attempts=event.attempts + 1, last_error=str(error), next_try_at=self.clock() + wait
        )

    def mark(self, events: Sequence[RecordingEvent]) -> None:
        by_recording: defaultdict[str, list[RecordingEvent]] = defaultdict(list)
        for event in events:
            by_recording[event.id].append(event)
        for marked in by_recording.values():
            self.catalog.mark_events(marked)

    def plan_next(self, id: str, waiting: Sequence[RecordingEvent]) -> None:
        """Have the sweep come back when the first of a recording's events is to be tried again."""
        soonest = self.clock() + EVENT_RETRY_FIRST
        self.open_work.have_due(id, max(soonest, min(event.next_try_at for event in waiting)))

    def is_waiting(self, id: str) -> bool:
        """Whether events of a recording are still to be sent; then its entry in the open-work index must stay.

        What this invocation wrote is sent first.
        """
        if self.topic is None:
            return False
        self.send_written()
        return next(self.catalog.events(id, unsent=True), None) is not None

    def begin_run(self) -> SendingRun:
        return SendingRun(until=self.clock() + SENDING_MAX)

    def send_due(self, id: str, run: SendingRun) -> None:
        """Send the events of a recording whose time has come, as far as one sweep sends any; give up the oldest.

        Raises:
            CatalogUnavailable: our own outage.
            RowUnreadable: an event's row cannot be read.
        """
        if self.topic is None:
            return
        waiting = sorted(self.catalog.events(id, unsent=True), key=in_order)
        now = self.clock()
        over = [event for event in waiting if now - event.since >= EVENT_GIVEN_UP]
        if over:
            self.give_up(id, over)
        due = [event for event in waiting if event not in over and event.next_try_at <= now]
        left = [event for event in waiting if event not in over and event.next_try_at > now]
        if due and not run.is_over and run.left > 0 and now < run.until:
            sent = self.send(due[: run.left])
            run.left -= len(sent.tried)
            run.is_over = bool(sent.waiting)
            left += sent.waiting + due[len(sent.tried) + len(sent.untried) :]
            self.mark(sent.tried)
        else:
            left += due
        if left:
            self.plan_next(id, left)

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
            self.open_work.have_due(id, now + EVENT_RETRY_FIRST)  # first: whatever dies now, the sweep sends them
            self.catalog.mark_events(again)
            invocation.note_written(again)
        return len(again)


def in_order(event: RecordingEvent) -> tuple[datetime, str]:
    """As they happened; what happened at once by what it is called, as consumers are told to order."""
    return event.time, event.key


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
