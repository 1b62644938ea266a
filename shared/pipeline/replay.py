"""Replay: send failed or stuck chunks again and read rejected events anew, after an operator has fixed the cause.

Each kept event, recording and chunk is a unit: one that cannot be done stays as it is and does not stop the others.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby, islice
from typing import NamedTuple

from shared.domain.durations import REPLAY_BACK
from shared.domain.errors import BlobGone, BlobUnreadable, InvalidRequest, RecorderError, Unforeseen, WrongField
from shared.domain.identifiers import DOCUMENT_ID
from shared.domain.index_entry import IndexEntry
from shared.domain.json_fields import Json
from shared.domain.log import LogEvent, log
from shared.domain.models import Chunk, ChunkRef, Messages, Recording
from shared.domain.open_work import OpenWork
from shared.domain.ports import Catalog, Clock, EventStore
from shared.domain.recording_rows import existing_recording
from shared.domain.statuses import ChunkStatus, FilesStatus
from shared.domain.units import Run, as_interruption
from shared.pipeline.completion import Completion
from shared.pipeline.ingest import Ingest
from shared.pipeline.queue_messages import RECORDING_ID, merged
from shared.pipeline.retries import resend, unproven
from shared.settings import KEPT_MESSAGES_FOLDER

EVENTS_MAX = 200  # of one call that replays many, as the next one: a caller waits 230 seconds at most
ENTRIES_MAX = 500
EVENTS_CURSOR = "events/"  # begins a continuation with the last event's name; any other is one of open work

type OnUnforeseen = Callable[[Unforeseen], None]


class Replayed(NamedTuple):
    """What a replay wants sent.

    Attributes:
        messages: to be sent in any case.
        continuation: where the next call goes on; None when this was the last.
        interruptions: what could not be done: nothing comes back to it but the same call again.
    """

    messages: Messages
    continuation: str | None
    interruptions: tuple[RecorderError, ...]


@dataclass(frozen=True)
class Replay:
    """Resets failed chunks to pending; nothing else does."""

    catalog: Catalog
    open_work: OpenWork
    rejected_events: EventStore
    ingest: Ingest
    completion: Completion
    clock: Clock
    message_patience: timedelta

    def recording(self, id: str) -> Replayed:
        """Send every chunk of a recording again that is not finished; failed ones become pending.

        Raises:
            RecordingNotFound: there is no such recording.
            RowUnreadable: its row cannot be read, or the rows of chunks, and there is nothing else to send.
            CatalogUnavailable, StoreUnavailable: our own outage: it was not reopened, or there is nothing to send.
        """
        recording = existing_recording(self.catalog, id)
        run = Run("replay")
        events = self.rejected_of(recording, run)
        return replayed(run, [events, self.recording_chunks(recording, events, run, as_interruption)], None)

    def since(self, moment: datetime, continuation: str | None = None) -> Replayed:
        """Replay rejected events, then what failed or got stuck since then, by its open-work entry: a bounded part.

        Raises:
            CatalogUnavailable, StoreUnavailable: our own outage, and there is nothing to send.
            InvalidRequest: it is longer ago than entries stay.
        """
        if continuation is None and moment < self.clock() - REPLAY_BACK:  # its parts take time, and the entries stay
            raise InvalidRequest.of([WrongField("since", f"it must be within the last {REPLAY_BACK.days} days.")])
        run = Run("replay")
        events = Messages()
        if continuation is None or continuation.startswith(EVENTS_CURSOR):
            names = self.rejected_names(run, alert, (continuation or "").removeprefix(EVENTS_CURSOR))[:EVENTS_MAX]
            events = self.rejected(names, run, alert)
            if len(names) == EVENTS_MAX:
                return replayed(run, [events], f"{EVENTS_CURSOR}{names[-1]}")
            continuation = None
        wanted = partial(self.catalog.stuck_entries, moment, parse_cursor(continuation) if continuation else None)
        entries = listed(lambda: islice(wanted(), ENTRIES_MAX), run, alert)
        reset, done = self.reset_some(entries, events, run)
        is_all = done == len(entries) < ENTRIES_MAX
        return replayed(run, [events, *reset], None if is_all else cursor_at(entries[done - 1]))

    def reset_some(self, entries: Sequence[IndexEntry], sent: Messages, run: Run) -> tuple[list[Messages], int]:
        """Reset what entries lead to, recording by recording, until that is much; also how many entries were done."""
        reset: list[Messages] = []
        done = messages = 0
        for id, its in groupby(entries, key=lambda entry: entry.id):
            documents = [entry.document_id for entry in its]
            reset.append(run.attempt(partial(self.reset_stuck, id, set(documents), sent, run), alert))
            done += len(documents)
            messages += len(reset[-1].transfers) + len(reset[-1].deletions)
            if messages >= ENTRIES_MAX:  # the entry of a failed recording leads to all of its chunks
                break
        return reset, done

    def reset_stuck(self, id: str, documents: AbstractSet[str], sent: Messages, run: Run) -> Messages:
        """Reset chunks of a recording that failed or got stuck; all that are not finished where it failed itself."""
        recording = self.catalog.recording(id)
        if recording is None or recording.files not in {FilesStatus.FAILED, FilesStatus.TRANSFERRING}:
            return Messages()
        failed = "" in documents and recording.files is FilesStatus.FAILED
        return self.recording_chunks(recording, sent, run, alert, None if failed else documents)

    def recording_chunks(
        self,
        recording: Recording,
        sent: Messages,
        run: Run,
        on_unforeseen: OnUnforeseen,
        documents: AbstractSet[str] | None = None,
    ) -> Messages:
        """Reset what is not finished, except what was just sent; of these documents only, where they are given.

        Raises:
            CatalogUnavailable, CatalogConflict: the recording could not be reopened; what was reset has its entries.
        """
        chunks = listed(partial(self.catalog.chunks, recording.id), run, on_unforeseen)
        # One whose URLs were refused cannot be tried again: it needs its event for that.
        unfinished = [c for c in chunks if c.open or (c.status is ChunkStatus.FAILED and not c.refused)]
        wanted = [c for c in unfinished if documents is None or c.document_id in documents]
        unsent = [chunk for chunk in wanted if chunk.ref not in sent.transfers]
        messages = merged(run.attempt(partial(self.reset, chunk), on_unforeseen) for chunk in unsent)
        if messages != Messages():
            # After the chunks: a decision that was made without them cannot outlive this write.
            self.completion.reopen(recording, self.clock() + self.message_patience)
        return messages

    def reset(self, chunk: Chunk) -> Messages:
        """Send a chunk again; a failed one becomes pending, and what was altered is proven anew."""
        chunk = unproven(chunk) if chunk.altered else chunk
        begun_anew = {"status": ChunkStatus.PENDING, "bytes_done": 0} if chunk.status is ChunkStatus.FAILED else {}
        columns = {"open": True, "failure": None, "failure_kind": None, "stuck_since": None, **begun_anew}
        return resend(self.open_work, chunk, self.clock() + self.message_patience, **columns)

    def rejected_of(self, recording: Recording, run: Run) -> Messages:
        """Kept events that name a chunk of this recording which was refused, or it where what they list is unknown."""
        chunks = listed(partial(self.catalog.chunks, recording.id), run, as_interruption)
        naming = [chunk.document_id for chunk in chunks if chunk.refused]
        if recording.unread_events or not chunks:
            naming += filter(None, (recording.recording_id, recording.call_id, recording.server_call_id))
        names = self.rejected_names(run, as_interruption) if naming else []
        return self.rejected(names, run, as_interruption, naming=naming)

    def rejected_names(self, run: Run, on_unforeseen: OnUnforeseen, after: str = "") -> list[str]:
        """The names of kept events behind one, in order."""
        names = listed(self.rejected_events.names, run, on_unforeseen)
        return sorted(name for name in names if name > after and not name.startswith(KEPT_MESSAGES_FOLDER))

    def rejected(
        self, names: list[str], run: Run, on_unforeseen: OnUnforeseen, naming: Sequence[str] = ("",)
    ) -> Messages:
        """Kept events of these names that name one of those ids, read again under the settings of today.

        It goes once it is understood, and the rows are there that it leads to.
        """
        understood: list[str] = []
        parts = [run.attempt(partial(self.read_again, name, naming, understood), on_unforeseen) for name in names]
        for name in understood:
            run.attempt(partial(self.remove, name), on_unforeseen)
        return merged(parts)

    def read_again(self, name: str, naming: Sequence[str], understood: list[str]) -> Messages:
        """What a kept event leads to; one that is still not understood stays kept."""
        try:
            content = self.rejected_events.read(name)
            document: Json = json.loads(content)
        except BlobGone:
            return Messages()  # another replay was faster
        except (BlobUnreadable, ValueError, RecursionError):
            return Messages()  # it can never be understood, and was alerted when it was kept
        named = any(id in content.decode(errors="replace") for id in naming)
        if not named or not isinstance(document, Mapping):
            return Messages()
        ingested = self.ingest.ingest_whole(document)
        if ingested.is_understood:
            understood.append(name)
        return ingested.messages

    def remove(self, name: str) -> Messages:
        self.rejected_events.remove(name)
        return Messages()


def cursor_at(entry: IndexEntry) -> str:
    """The place of an entry, as text."""
    return f"{entry.id}:{entry.document_id}"


def parse_cursor(cursor: str) -> ChunkRef:
    """Raises: InvalidRequest when no replay gave this cursor."""
    id, colon, document_id = cursor.partition(":")
    if not colon or not RECORDING_ID.fullmatch(id) or not (document_id == "" or DOCUMENT_ID.fullmatch(document_id)):
        wrong = WrongField("continuation", "it must be the one that the last replay gave; begin anew.")
        raise InvalidRequest.of([wrong])
    return ChunkRef(id, document_id)


def replayed(run: Run, messages: Sequence[Messages], continuation: str | None) -> Replayed:
    """Raises: as `Run.finish`."""
    return Replayed(run.finish(merged(messages)), continuation, tuple(run.interruptions))


def listed[Item](items: Callable[[], Iterable[Item]], run: Run, on_unforeseen: OnUnforeseen) -> list[Item]:
    """As many items as can be listed: what came before an outage or an unreadable row stays."""
    found: list[Item] = []

    def list_items() -> Messages:
        for item in items():
            found.append(item)  # noqa: PERF402 - as said above
        return Messages()

    run.attempt(list_items, on_unforeseen)
    return found


def alert(error: Unforeseen) -> None:
    """Log what could not be done; the caller who replays everything is answered with what could."""
    log(LogEvent.UNFORESEEN_FAULT, failure=str(error))
