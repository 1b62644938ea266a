"""Drive failed or stuck chunks again, and read rejected events anew, because somebody says that the cause is mended."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from shared.errors import CatalogConflict, NotFound
from shared.lenient import Json
from shared.models import Chunk, ChunkStatus, FilesStatus, Messages, Recording
from shared.pipeline.completion import reopen
from shared.pipeline.ingest import Ingest, merged, was_refused
from shared.ports import Catalog, Clock, KeptEvents


class Replay:
    """Lifts what only a replay lifts."""

    def __init__(self, catalog: Catalog, kept: KeptEvents, ingest: Ingest, clock: Clock, claim: timedelta) -> None:
        self.catalog = catalog
        self.kept = kept
        self.ingest = ingest
        self.clock = clock
        self.claim = claim

    def recording(self, id: str) -> Messages:
        """Send every chunk of a recording again that is not finished; failed ones become pending.

        Raises:
            NotFound: there is no such recording.
        """
        recording = self.catalog.recording(id)
        if recording is None:
            raise NotFound("There is no recording with this id.")
        events = merged(self.rejected_of(recording))
        return merged([events, self.recording_chunks(recording, events)])

    def since(self, moment: datetime) -> Messages:
        """Replay every failed recording that was created since, and every rejected event.

        A recording that is older but was rejected as an event comes through its event.
        """
        events = merged(self.rejected())
        failed = list(self.failed_since(moment))
        return merged([events, *(self.recording_chunks(recording, events) for recording in failed)])

    def recording_chunks(self, recording: Recording, sent: Messages) -> Messages:
        """Lift what is not finished, except what was just sent."""
        unfinished = (chunk for chunk in self.catalog.chunks(recording.id) if chunk.open or liftable(chunk))
        chunks = [chunk for chunk in unfinished if chunk.ref not in sent.transfers]
        messages = merged(self.lifted(chunk) for chunk in chunks)
        if messages != Messages():
            # After the chunks: a decision that was made without them cannot outlive this write.
            reopen(self.catalog, recording, self.clock(), self.clock() + self.claim)
        return messages

    def failed_since(self, moment: datetime) -> Iterator[Recording]:
        day = self.clock()
        while day.date() >= moment.date():
            for _, id in self.catalog.recordings_by_day(day, None):
                recording = self.catalog.recording(id)
                unfinished = {FilesStatus.FAILED, FilesStatus.TRANSFERRING}
                if recording is not None and recording.files in unfinished and recording.created_at >= moment:
                    yield recording
            day -= timedelta(days=1)

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

    def rejected(self) -> Iterator[Messages]:
        """Every kept event, read again under the settings of today; it goes once it is understood."""
        for name in self.kept.listed():
            messages = self.reread(name)
            if messages is not None:
                yield messages

    def rejected_of(self, recording: Recording) -> list[Messages]:
        """Kept events that name a chunk of this recording which was refused."""
        refused = [chunk.document_id for chunk in self.catalog.chunks(recording.id) if was_refused(chunk)]
        if not refused:
            return []
        named = (name for name in self.kept.listed() if any(id in self.text_of(name) for id in refused))
        return [messages for name in named if (messages := self.reread(name)) is not None]

    def text_of(self, name: str) -> str:
        return self.kept.read(name).decode(errors="replace")

    def reread(self, name: str) -> Messages | None:
        """What a kept event leads to; None when it is still not understood, and stays kept."""
        document: Json = json.loads(self.kept.read(name))
        if self.ingest.refusals(document):
            return None
        messages = self.ingest.ingest(document)
        self.kept.remove(name)
        return messages


def liftable(chunk: Chunk) -> bool:
    """Whether a failed chunk can be tried again: one whose URLs were refused needs its event for that."""
    return chunk.status is ChunkStatus.FAILED and not was_refused(chunk)
