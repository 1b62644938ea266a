"""Drive failed or stuck chunks again, and read rejected events anew, because somebody says that the cause is mended.

Each kept event, recording and chunk is a unit: one that cannot be done stays as it is and does not stop the others.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import msgspec

from shared.domain.errors import BlobGone, BlobUnreadable, CatalogConflict, NotFound, Unforeseen
from shared.domain.json_fields import Json
from shared.domain.log import LogEvent, log
from shared.domain.models import Chunk, ChunkStatus, FilesStatus, Messages, Recording
from shared.domain.ports import Catalog, Clock, EventStore
from shared.domain.units import Run, as_interruption
from shared.pipeline.completion import reopen
from shared.pipeline.ingest import Ingest, merged, was_refused
from shared.settings import KEPT_MESSAGES_FOLDER

type Tell = Callable[[Unforeseen], None]


class Replay:
    """Lifts what only a replay lifts."""

    def __init__(self, catalog: Catalog, kept: EventStore, ingest: Ingest, clock: Clock, claim: timedelta) -> None:
        self.catalog = catalog
        self.kept = kept
        self.ingest = ingest
        self.clock = clock
        self.claim = claim

    def recording(self, id: str) -> Messages:
        """Send every chunk of a recording again that is not finished; failed ones become pending.

        Raises:
            NotFound: there is no such recording.
            RowUnreadable: its row cannot be read, or the rows of chunks, and there is nothing else to send.
            CatalogUnavailable, StoreUnavailable: our own outage: it was not reopened, or there is nothing to send.
        """
        recording = self.catalog.recording(id)
        if recording is None:
            raise NotFound("There is no recording with this id.")
        run = Run("replay")
        events = self.rejected_of(recording, run)
        return run.finish(merged([events, self.recording_chunks(recording, events, run, as_interruption)]))

    def since(self, moment: datetime) -> Messages:
        """Replay every failed recording that was created since, and every rejected event.

        A recording that is older but was rejected as an event comes through its event.

        Raises:
            CatalogUnavailable, StoreUnavailable: our own outage, and there is nothing to send.
        """
        run = Run("replay")
        events = self.rejected(run, told)
        ids: list[str] = []
        day = self.clock()
        while day.date() >= moment.date():
            run.attempt(partial(self.list_day, day, ids), told)
            day -= timedelta(days=1)
        lifted = [run.attempt(partial(self.lifted_if_failed, id, moment, events, run), told) for id in ids]
        return run.finish(merged([events, *lifted]))

    def list_day(self, day: datetime, ids: list[str]) -> Messages:
        """Add the recordings that were created on a day: as many as can be listed."""
        for _, id in self.catalog.recordings_by_day(day, None):
            ids.append(id)
        return Messages()

    def lifted_if_failed(self, id: str, moment: datetime, sent: Messages, run: Run) -> Messages:
        recording = self.catalog.recording(id)
        unfinished = {FilesStatus.FAILED, FilesStatus.TRANSFERRING}
        if recording is None or recording.files not in unfinished or recording.created_at < moment:
            return Messages()
        return self.recording_chunks(recording, sent, run, told)

    def recording_chunks(self, recording: Recording, sent: Messages, run: Run, tell: Tell) -> Messages:
        """Lift what is not finished, except what was just sent.

        Raises:
            CatalogUnavailable, CatalogConflict: the recording could not be reopened; what was lifted has its lines.
        """
        chunks: list[Chunk] = []
        run.attempt(partial(self.list_chunks, recording.id, chunks), tell)
        unfinished = [c for c in chunks if (c.open or liftable(c)) and c.ref not in sent.transfers]
        messages = merged([run.attempt(partial(self.lifted, chunk), tell) for chunk in unfinished])
        if messages != Messages():
            # After the chunks: a decision that was made without them cannot outlive this write.
            reopen(self.catalog, recording, self.clock(), self.clock() + self.claim)
        return messages

    def list_chunks(self, id: str, chunks: list[Chunk]) -> Messages:
        """Add the chunks of a recording: all that can be read."""
        for chunk in self.catalog.chunks(id):
            chunks.append(chunk)  # noqa: PERF402 - what came before an unreadable row must stay
        return Messages()

    def lifted(self, chunk: Chunk) -> Messages:
        """Index, row, message, as at ingest."""
        status = ChunkStatus.PENDING if chunk.status is ChunkStatus.FAILED else chunk.status
        row = msgspec.structs.replace(
            chunk,
            status=status,
            open=True,
            failure=None,
            failure_kind=None,
            due_at=self.clock() + self.claim,
            claimed_until=None,
        )
        self.catalog.note_open([row.line(self.clock() + self.claim)])
        try:
            self.catalog.save_chunk(row)
        except CatalogConflict:
            return Messages()  # a worker has it
        return Messages(deletions=(row.ref,)) if status is ChunkStatus.STORED else Messages(transfers=(row.ref,))

    def rejected_of(self, recording: Recording, run: Run) -> Messages:
        """Kept events that name a chunk of this recording which was refused."""
        chunks: list[Chunk] = []
        run.attempt(partial(self.list_chunks, recording.id, chunks), as_interruption)
        refused = [chunk.document_id for chunk in chunks if was_refused(chunk)]
        return self.rejected(run, as_interruption, naming=refused) if refused else Messages()

    def rejected(self, run: Run, tell: Tell, naming: Sequence[str] = ("",)) -> Messages:
        """Every kept event that names one of these, read again under the settings of today.

        It goes once it is understood, and the rows are there that it leads to.
        """
        names: list[str] = []
        understood: list[str] = []
        run.attempt(partial(self.list_kept, names), tell)
        messages = merged([run.attempt(partial(self.read_again, name, naming, understood), tell) for name in names])
        for name in understood:
            run.attempt(partial(self.removed, name), tell)
        return messages

    def list_kept(self, names: list[str]) -> Messages:
        for name in self.kept.names():
            if not name.startswith(KEPT_MESSAGES_FOLDER):
                names.append(name)  # noqa: PERF401 - what came before an outage must stay
        return Messages()

    def read_again(self, name: str, naming: Sequence[str], understood: list[str]) -> Messages:
        """What a kept event leads to; one that is still not understood stays kept."""
        try:
            content = self.kept.read(name)
            document: Json = json.loads(content)
        except BlobGone:
            return Messages()  # another replay was faster
        except (BlobUnreadable, ValueError, RecursionError):
            return Messages()  # nobody understands it as it is; that was told when it was kept
        named = any(id in content.decode(errors="replace") for id in naming)
        if not named or not isinstance(document, Mapping) or self.ingest.refusals(document):
            return Messages()
        messages, refusals = self.ingest.taken_in(document)
        if not refusals:
            understood.append(name)
        return messages

    def removed(self, name: str) -> Messages:
        self.kept.remove(name)
        return Messages()


def told(error: Unforeseen) -> None:
    """Whoever replays everything is answered with what could be done; the rest is in the log."""
    log(LogEvent.UNFORESEEN_FAULT, failure=str(error))


def liftable(chunk: Chunk) -> bool:
    """Whether a failed chunk can be tried again: one whose URLs were refused needs its event for that."""
    return chunk.status is ChunkStatus.FAILED and not was_refused(chunk)
