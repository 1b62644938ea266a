"""The rows, in dictionaries, with Table Storage's rules: etags, all-or-nothing batches, and index lines."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import batched

import msgspec

from shared.domain import invocation, transitions
from shared.domain.errors import CatalogConflict, CatalogUnavailable, RowUnreadable
from shared.domain.identifiers import CallId, normal_recording_id
from shared.domain.index_entry import IndexEntry
from shared.domain.list_entry import ListEntry, Place, list_entry
from shared.domain.models import Chunk, ChunkRef, Recording
from shared.domain.ports import CHUNKS_PER_BATCH
from shared.domain.recording_event import RecordingEvent
from shared.domain.recording_rows import call_ids
from tests.fakes.world import Fault, World

BATCH_ROWS_MAX = 100
BATCH_BYTES_MAX = 4 * 1024 * 1024
STRING_CHARACTERS_MAX = 32_000
EVENT_BYTES_MAX = 64 * 1024

type Key = tuple[str, str]  # our id of the recording, and the chunk's document id ("" for the recording's own)
type Row = Recording | Chunk
type ListKey = tuple[str, str] | None  # a call, by the kind of its id and that in its normal form; None for all


class FakeCatalog:
    """The port `Catalog`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rows: dict[Key, Row] = {}
        self.writes: dict[Key, object] = {}  # which write a row is, as its column `writeId` tells
        self.earlier: dict[Key, Row | None] = {}
        self.acs_ids: dict[str, str] = {}
        self.lists: dict[ListKey, dict[Place, ListEntry]] = {}
        self.open: dict[Key, IndexEntry] = {}
        self.spoiled: dict[Key, str] = {}
        self.told: dict[Key, RecordingEvent] = {}  # by our id of the recording, and the event's key
        self.spoiled_events: set[Key] = set()  # whose rows nobody can read
        self.on_told: Callable[[RecordingEvent, Row], None] = lambda _event, _row: (
            None
        )  # as it is written, beside a row

    def recording(self, id: str) -> Recording | None:
        with self.world.effect("catalog.recording") as fault:
            row = self.row((id, ""), fault)
        assert not isinstance(row, Chunk)
        return row

    def recordings(self, ids: Sequence[str]) -> Mapping[str, Recording | RowUnreadable]:
        rows: dict[str, Recording | RowUnreadable] = {}
        for id in dict.fromkeys(ids):
            try:
                row = self.recording(id)
            except RowUnreadable as error:
                rows[id] = error
            else:
                rows |= {id: row} if row is not None else {}
        return rows

    def row(self, key: Key, fault: Fault | None) -> Row | None:
        """A row as it is, or as it was before its last write.

        Raises:
            RowUnreadable: it was spoiled.
        """
        if key in self.spoiled:
            raise RowUnreadable(key[0], *filter(None, key[1:]), column=self.spoiled[key])
        return self.earlier.get(key) if fault is Fault.STALE else self.rows.get(key)

    # What a hand or another version may do to a row.

    def spoil(self, id: str, document_id: str = "", column: str = "status") -> None:
        """Have a row say what the app does not understand."""
        key = (id, document_id)
        self.spoiled[key] = column
        self.rows[key] = msgspec.structs.replace(self.rows[key], etag=self.world.version())

    def mend(self, id: str, document_id: str = "") -> None:
        """Have a spoiled row say again what it said before."""
        del self.spoiled[id, document_id]

    def save_recording(
        self, recording: Recording, chunks: Sequence[Chunk] = (), at_risk: datetime | None = None
    ) -> Recording:
        row, events = transitions.of_recording(recording, chunks, at_risk)
        if not row.etag:
            self.world.written("catalog.index_recording", lambda: self.index(row))
        key = (row.id, "")

        def write() -> Recording:
            self.unchanged(key, row.etag)
            self.tell(events, row)
            return self.written(key, row)

        saved = self.recognised("catalog.save_recording", key, row, write)
        invocation.note_written(events)
        return saved

    def tell(self, events: transitions.Events, row: Row) -> None:
        for event in events:
            assert len(event.data) <= EVENT_BYTES_MAX
            self.on_told(event, row)
            self.told[event.id, event.key] = event

    def recognised[Kind: (Recording, Chunk)](self, effect: str, key: Key, row: Kind, write: Callable[[], Kind]) -> Kind:
        """The row after a conditional write, which is sent again when its answer was lost.

        A conflict is with our own write if the row is still that write; equal content says nothing.
        """
        ours: object = None
        while True:
            with self.world.effect(effect) as fault:
                try:
                    written = write()
                except CatalogConflict:
                    if ours is None or self.writes.get(key) is not ours:
                        raise
                    return as_written(row, self.rows[key].etag)
                if fault is not Fault.LOST_ONCE:
                    return written
                ours = self.writes[key]

    def index(self, recording: Recording) -> None:
        self.put_list_entry(list_entry(recording), None)
        self.put_call_entries(recording)

    def put_call_entries(self, recording: Recording) -> None:
        for call in call_ids(recording):
            self.put_list_entry(list_entry(recording), call)

    def put_list_entry(self, entry: ListEntry, call: CallId | None) -> None:
        self.lists.setdefault(list_key(call), {})[entry.place] = entry

    def index_calls(self, recording: Recording) -> None:
        self.world.written("catalog.index_calls", lambda: self.put_call_entries(recording))

    def put_listed(self, entry: ListEntry, call: CallId | None) -> None:
        self.world.written("catalog.put_listed", lambda: self.put_list_entry(entry, call))

    def remove_listed(self, entry: ListEntry, call: CallId | None) -> None:
        listed = self.lists.get(list_key(call), {})
        self.world.written("catalog.remove_listed", lambda: listed.pop(entry.place, None))

    def listed(self, behind: Place | None, at_once: int) -> Iterator[ListEntry]:
        return self.list_entries("catalog.listed", None, behind, at_once)

    def listed_of_call(self, call: CallId, behind: Place | None, at_once: int) -> Iterator[ListEntry]:
        return self.list_entries("catalog.listed_of_call", call, behind, at_once)

    def list_entries(self, effect: str, call: CallId | None, behind: Place | None, at_once: int) -> Iterator[ListEntry]:
        """Page by page, as the service has them at that moment."""
        while True:
            with self.world.effect(effect):
                entries = sorted(self.lists.get(list_key(call), {}).values(), key=lambda entry: order_of(entry.place))
                rest = [one for one in entries if behind is None or order_of(one.place) > order_of(behind)]
            yield from rest[:at_once]
            if len(rest) <= at_once:
                return
            behind = rest[at_once - 1].place

    def unchanged(self, key: Key, etag: str) -> None:
        """Raises: CatalogConflict when the row is another than the one that was read; no etag wants no row."""
        row = self.rows.get(key)
        if (row.etag if row else "") != etag:
            raise CatalogConflict

    def written[Kind: (Recording, Chunk)](self, key: Key, row: Kind) -> Kind:
        """The row as it is read again: strings are cut where a column ends, and the etag is a new one."""
        is_long = len(msgspec.json.encode(row)) > STRING_CHARACTERS_MAX
        cut = {
            name: value[:STRING_CHARACTERS_MAX]
            for name in row.__struct_fields__
            if is_long and isinstance(value := getattr(row, name), str) and len(value) > STRING_CHARACTERS_MAX
        }
        etag = self.world.version()
        self.earlier[key] = self.rows.get(key)
        self.writes[key] = object()
        self.rows[key] = as_written(msgspec.structs.replace(row, **cut), etag)
        return as_written(row, etag)

    def recording_by_acs_id(self, recording_id: str) -> str | None:
        with self.world.effect("catalog.recording_by_acs_id"):
            return self.acs_ids.get(normal_recording_id(recording_id))

    def link_acs_id(self, recording_id: str, id: str) -> str:
        bare = normal_recording_id(recording_id)
        return self.world.written("catalog.link_acs_id", lambda: self.acs_ids.setdefault(bare, id))

    def chunk(self, ref: ChunkRef) -> Chunk | None:
        with self.world.effect("catalog.chunk") as fault:
            row = self.row((ref.id, ref.document_id), fault)
        assert not isinstance(row, Recording)
        return row

    def chunks(self, id: str) -> Iterator[Chunk]:
        with self.world.effect("catalog.chunks"):
            rows = self.chunk_rows(id)
            spoiled = [row for row in rows if (id, row.document_id) in self.spoiled]
        yield from (row for row in rows if row not in spoiled)
        if spoiled:
            columns = (self.spoiled[id, row.document_id] for row in spoiled)
            raise RowUnreadable(id, *(row.document_id for row in spoiled), column=next(columns))

    def chunk_rows(self, id: str) -> list[Chunk]:
        found = (row for key, row in sorted(self.rows.items()) if key[0] == id)
        return [row for row in found if isinstance(row, Chunk)]

    def few_chunks(self, id: str, most: int) -> list[Chunk] | None:
        with self.world.effect("catalog.few_chunks"):
            rows = self.chunk_rows(id)
        if len(rows) > most:
            return None
        for row in rows:
            self.readable_row(row)
        return rows

    def readable_row(self, row: Chunk) -> None:
        """Raises: RowUnreadable: it was spoiled."""
        column = self.spoiled.get((row.id, row.document_id))
        if column is not None:
            raise RowUnreadable(row.id, row.document_id, column=column)

    def recording_and_chunks(self, id: str) -> tuple[Recording | None, Mapping[str, Chunk | None]]:
        """The chunks as they were a moment before the recording: it is no snapshot."""
        with self.world.effect("catalog.recording_and_chunks"):
            rows = self.chunk_rows(id)
            chunks = {row.document_id: None if (id, row.document_id) in self.spoiled else row for row in rows}
        return self.recording(id), chunks

    def has_open_chunk(self, id: str) -> bool:
        with self.world.effect("catalog.has_open_chunk"):
            return any(chunk.open for chunk in self.chunk_rows(id))

    def save_chunk(self, chunk: Chunk, recording: Recording | None = None) -> Chunk:
        row, events = transitions.of_chunk(chunk, recording)
        key = (row.id, row.document_id)

        def write() -> Chunk:
            if not row.etag:
                raise CatalogConflict
            self.unchanged(key, row.etag)
            self.tell(events, row)
            return self.written(key, row)

        saved = self.recognised("catalog.save_chunk", key, row, write)
        invocation.note_written(events)
        return saved

    def add_chunks(self, recording: Recording, chunks: Sequence[Chunk]) -> Recording:
        assert len(chunks) <= CHUNKS_PER_BATCH
        row, events = transitions.of_recording(recording, (), None)
        keys = [(chunk.id, chunk.document_id) for chunk in chunks]

        def write() -> Recording:
            refuse_batch(keys, [row, *chunks, *events])
            if not row.etag:
                raise CatalogConflict
            self.unchanged((row.id, ""), row.etag)
            for key in keys:
                self.unchanged(key, "")
            self.tell(events, row)
            for key, chunk in zip(keys, chunks, strict=True):
                self.written(key, chunk)
            return self.written((row.id, ""), row)

        saved = self.recognised("catalog.add_chunks", (row.id, ""), row, write)
        invocation.note_written(events)
        return saved

    def create_chunks(self, chunks: Sequence[Chunk]) -> None:
        assert len(chunks) <= CHUNKS_PER_BATCH
        keys = [(chunk.id, chunk.document_id) for chunk in chunks]

        def write() -> Chunk:
            refuse_batch(keys, chunks)
            for key in keys:
                self.unchanged(key, "")
            first, *_ = [self.written(key, chunk) for key, chunk in zip(keys, chunks, strict=True)]
            return first

        self.recognised("catalog.create_chunks", keys[0], chunks[0], write)

    def events(self, id: str, *, unsent: bool = False) -> Iterator[RecordingEvent]:
        with self.world.effect("catalog.events"):
            events = [
                event for (of, _), event in sorted(self.told.items()) if of == id and (event.unsent or not unsent)
            ]
            spoiled = {event.key for event in events if (id, event.key) in self.spoiled_events}
        yield from (event for event in events if event.key not in spoiled)
        if spoiled:
            raise RowUnreadable(id, column="event")

    def mark_events(self, events: Sequence[RecordingEvent]) -> None:
        for batch in batched(events, BATCH_ROWS_MAX, strict=False):
            self.world.written("catalog.mark_events", partial(self.mark, batch))

    def mark(self, events: Sequence[RecordingEvent]) -> None:
        if any((event.id, event.key) not in self.told for event in events):
            raise CatalogUnavailable("Table Storage answered 404 (ResourceNotFound).")
        self.told |= {
            (event.id, event.key): msgspec.structs.replace(
                self.told[event.id, event.key],
                unsent=event.unsent,
                since=event.since,
                sent_at=event.sent_at or self.told[event.id, event.key].sent_at,
                attempts=event.attempts,
                last_error=event.last_error,
                next_try_at=event.next_try_at,
            )
            for event in events
        }

    def have_due(self, id: str, due_at: datetime) -> None:
        with self.world.effect("catalog.entry"):
            entry = self.open.get((id, ""))
        if entry is None or entry.due_at > due_at:
            self.world.written("catalog.have_due", partial(self.put_due, id, due_at))

    def put_due(self, id: str, due_at: datetime) -> None:
        entry = self.open.get((id, ""), IndexEntry(id=id, due_at=due_at))
        self.open[id, ""] = msgspec.structs.replace(entry, due_at=due_at)

    def put_entries(self, work: Sequence[IndexEntry]) -> None:
        for batch in batched(work, BATCH_ROWS_MAX, strict=False):
            self.world.written("catalog.put_entries", partial(self.note, batch))

    def note(self, batch: Sequence[IndexEntry]) -> None:
        refuse_batch([(line.id, line.document_id) for line in batch], batch)
        self.open |= {(line.id, line.document_id): line for line in batch}

    def remove_entry(self, id: str, document_id: str = "") -> None:
        self.world.written("catalog.remove_entry", lambda: self.open.pop((id, document_id), None))

    def remove_entries(self, id: str, document_ids: Sequence[str]) -> None:
        self.world.written("catalog.remove_entries", lambda: [self.open.pop((id, one), None) for one in document_ids])

    def due_entries(self, now: datetime) -> Iterator[IndexEntry]:
        return self.entries_of("catalog.due_entries", lambda entry: entry.due_at <= now)

    def expiring_entries(self, until: datetime) -> Iterator[IndexEntry]:
        return self.entries_of("catalog.expiring_entries", lambda entry: is_by(entry.expires_at, until))

    def stuck_entries(self, since: datetime, after: ChunkRef | None) -> Iterator[IndexEntry]:
        stuck = self.entries_of(
            "catalog.stuck_entries", lambda entry: bool(entry.stuck_since and entry.stuck_since >= since)
        )
        behind = (after.id, after.document_id) if after else ("", "")
        return (entry for entry in stuck if after is None or (entry.id, entry.document_id) > behind)

    def open_entries(self) -> Iterator[IndexEntry]:
        return self.entries_of("catalog.open_entries", lambda _: True)

    def entries_of(self, effect: str, wanted: Callable[[IndexEntry], bool]) -> Iterator[IndexEntry]:
        with self.world.effect(effect):
            entries = [entry for _, entry in sorted(self.open.items()) if wanted(entry)]
        yield from entries


def as_written[Kind: (Recording, Chunk)](row: Kind, etag: str) -> Kind:
    if isinstance(row, Recording):
        return transitions.as_written_recording(row, etag)
    return transitions.as_written_chunk(row, etag)


def is_by(moment: datetime | None, until: datetime) -> bool:
    return moment is not None and moment <= until


def refuse_batch(keys: Sequence[Key], rows: Sequence[msgspec.Struct]) -> None:
    """Raises: CatalogUnavailable for a batch that Table Storage refuses as a whole."""
    if len(set(keys)) < len(keys) or len(rows) > BATCH_ROWS_MAX:
        raise CatalogUnavailable("Table Storage answered 400 (InvalidDuplicateRow, or too many rows).")
    if sum(len(msgspec.json.encode(row)) for row in rows) > BATCH_BYTES_MAX:
        raise CatalogUnavailable("Table Storage answered 413 (RequestBodyTooLarge).")


def order_of(place: Place) -> tuple[float, str]:
    """Later times come first."""
    moment, id = place
    return -moment.timestamp(), id


def list_key(call: CallId | None) -> ListKey:
    return (call.kind, call.normal) if call is not None else None
