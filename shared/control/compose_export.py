"""One file of all chunks of a recording, composed by Blob Storage of their proven copies.

No byte of sound passes the app, save the heads of wav files. There is no state but the blob itself: its name follows
from the copies, and what lies staged under it is what an earlier call has done. It is for convenience; the chunks and
the manifest are the proof.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import msgspec

from shared.control.download_links import DownloadLinks, Link
from shared.domain.blob_names import CONTENT_TYPES, export_blob, export_saved_as
from shared.domain.copy_pieces import Copy, CopyPieces, Piece
from shared.domain.crc64 import crc64, header_bytes
from shared.domain.durations import COMPOSING_MAX, LINK_LIFETIME
from shared.domain.errors import BlobExists, BlobUnreadable, BlocksGone, Conflict, CopyAltered, NotExportable, OutOfTime
from shared.domain.models import Chunk, Recording
from shared.domain.ports import BlobHeaders, Block, Catalog, ChunkStore, Clock
from shared.domain.recording_rows import chunks_in_order, existing_recording
from shared.domain.statuses import RecordingStatus
from shared.domain.wav_header import WavHeader, WavRefused, read_header, require_all_sound, wav_head

# Bytes that one request has copied. The service takes up to 4000 MiB; a smaller piece is copied within the silence
# that a request may have, is done beside others, and is all that is lost where a call ends.
PIECE_BYTES = 32 * 1024 * 1024
WRITERS = 8  # requests at the same time: they wait for the service, and cost the app nothing
CHUNK_BY_CHUNK = "Nothing was written; download its chunks one by one."
BLOCK_ID = re.compile(r"\d{5}-\d{13}-(?P<length>\d{8})", re.ASCII)


class Export(msgspec.Struct, frozen=True):
    """One file of a recording: a link to it, its length in bytes, and of how many chunks it is."""

    link: Link
    bytes: int
    parts: int


class Plan(msgspec.Struct, frozen=True):
    """What an export is made of: bytes of the app's own before the pieces of copies."""

    head: bytes
    pieces: tuple[Piece, ...]

    @property
    def blocks(self) -> dict[str, Piece]:
        """The pieces by the ids of their blocks, which say what is in them: the same in each call, and equally long."""
        return {block_id(number, piece.offset, piece.length): piece for number, piece in enumerate(self.pieces, 1)}


@dataclass(frozen=True)
class Exports:
    """Composes exports.

    Attributes:
        links: look at copies, as for a link to one.
        store: of the exports.
        copies: Blob Storage's own reads of copies.
        with_mp3: whether mp3 files are put in a row.
    """

    catalog: Catalog
    links: DownloadLinks
    store: ChunkStore
    copies: CopyPieces
    clock: Clock
    with_mp3: bool

    def export(self, id: str) -> Export:
        """A link to the one file of a recording, which is composed where it is not there yet.

        Raises:
            RecordingNotFound: nobody knows the recording.
            Conflict: it is not complete, or a copy is not what was proven, or is archived; or somebody else has written
                under the file's name.
            CopyGone: a proven copy is not there any more.
            NotExportable: no single file can be made of it.
            OutOfTime: it takes longer than a caller waits; the next call goes on from what lies staged.
            StoreUnavailable: Blob Storage did not answer or refused; what lies staged counts.
        """
        until = self.clock() + COMPOSING_MAX
        recording = existing_recording(self.catalog, id)
        chunks = chunks_in_order(self.catalog, id)
        extension = self.extension_of(recording, chunks)
        copies = self.side_by_side(self.proven, chunks)
        name = export_blob(id, [copy.etag for copy in copies], extension)
        there = self.store.stat(name)
        if there.etag is None:
            try:
                plan = self.wav_plan(copies) if extension == "wav" else rows_plan(copies)
                self.compose(name, plan, {block.id for block in there.staged}, CONTENT_TYPES[extension], until)
            except (CopyAltered, BlobUnreadable) as error:
                raise Conflict(f"{error} That was while the file was composed, which was given up.") from error
            there = self.store.stat(name)
        require_composed(name, there.blocks, there.length)
        return Export(self.link(recording, name, extension), there.length, len(copies))

    def extension_of(self, recording: Recording, chunks: Sequence[Chunk]) -> str:
        """The ending of the file that can be made of these. Raises: Conflict, NotExportable."""
        if recording.status is RecordingStatus.EMPTY:
            raise NotExportable("The recording ended without ever having run: it has no sound.")
        if recording.status is not RecordingStatus.COMPLETED:
            raise Conflict(f"The recording is {recording.status}: one file is made of it once it is completed.")
        if not chunks:
            raise NotExportable("The recording has no chunk.")
        if any(chunk.own_storage for chunk in chunks):
            raise NotExportable("The recording's files lie in your own container, where ACS put them; read them there.")
        extensions = {chunk.content_blob.rpartition(".")[2] for chunk in chunks}
        if len(extensions) > 1:
            raise NotExportable(f"The recording's chunks have several formats. {CHUNK_BY_CHUNK}")
        (extension,) = extensions
        if extension == "mp3" and not self.with_mp3:
            raise NotExportable(f"One file of mp3 chunks is made only where EXPORT_MP3 is true. {CHUNK_BY_CHUNK}")
        if extension not in {"wav", "mp3"}:
            raise NotExportable(
                f"Files of the format {extension} cannot be put behind each other without encoding them anew."
                f" {CHUNK_BY_CHUNK}"
            )
        return extension

    def proven(self, chunk: Chunk) -> Copy:
        """The copy of a chunk, which was looked at just now. Raises: as a link does."""
        if chunk.sha256 is None or chunk.content_etag is None or chunk.bytes is None:
            raise Conflict(f"Chunk {chunk.index} is {chunk.status}: there is no verified copy of it.")
        self.links.require(chunk.content_blob, chunk.content_etag, chunk.sha256)
        return Copy(chunk.content_blob, chunk.content_etag, chunk.bytes)

    def wav_plan(self, copies: Sequence[Copy]) -> Plan:
        """One head, and the sound of each file behind it. Raises: NotExportable."""
        headers = self.side_by_side(self.header_of, copies)
        for number, header in enumerate(headers):
            if header.form != headers[0].form:
                raise NotExportable(f"Chunk {number} has another format than the first one. {CHUNK_BY_CHUNK}")
        head = wav_head(headers[0].form, sum(header.data_bytes for header in headers))
        sounds = zip(copies, headers, strict=True)
        return Plan(head, in_pieces(Piece(copy, header.data_offset, header.data_bytes) for copy, header in sounds))

    def header_of(self, copy: Copy) -> WavHeader:
        def read(offset: int, length: int) -> bytes:
            return self.copies.read(Piece(copy, offset, length))

        try:
            header = read_header(read, copy.length)
            require_all_sound(read, header, copy.length)
        except WavRefused as error:
            raise NotExportable(
                f"The file {copy.name} cannot be put behind others: {error}. {CHUNK_BY_CHUNK}"
            ) from error
        return header

    def compose(self, name: str, plan: Plan, staged: set[str], content_type: str, until: datetime) -> None:
        """Have the file be there. Raises: OutOfTime, CopyAltered, StoreUnavailable."""
        blocks = plan.blocks
        order = list(blocks)
        if plan.head:
            order.insert(0, block_id(0, 0, len(plan.head)))
            self.store.stage(name, order[0], memoryview(plan.head), header_bytes(crc64(plan.head)))
        missing = [partial(self.stage, name, id, piece, until) for id, piece in blocks.items() if id not in staged]
        self.stage_all(missing, until)
        try:
            self.store.commit(name, order, BlobHeaders(content_type=content_type, metadata={}))
        except (BlobExists, BlocksGone):  # another call, or the first try of this very commit, was there before
            if self.store.head(name) is None:
                raise

    def stage(self, name: str, id: str, piece: Piece, until: datetime) -> None:
        if self.clock() >= until:
            raise out_of_time()
        self.copies.stage(name, id, piece)

    def stage_all(self, steps: Sequence[Callable[[], None]], until: datetime) -> None:
        """Carry out every step, several at once; those that are under way when the time is over end by themselves."""
        pool = ThreadPoolExecutor(WRITERS, "export")
        try:
            futures = [pool.submit(step) for step in steps]
            seconds = max((until - self.clock()).total_seconds(), 0)
            done, pending = wait(futures, timeout=seconds, return_when=FIRST_EXCEPTION)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        for future in done:
            future.result()
        if pending:
            raise out_of_time()

    def side_by_side[Item, Answer](self, ask: Callable[[Item], Answer], items: Iterable[Item]) -> list[Answer]:
        with ThreadPoolExecutor(WRITERS, "export") as pool:
            return list(pool.map(ask, items))

    def link(self, recording: Recording, name: str, extension: str) -> Link:
        until = (self.clock() + LINK_LIFETIME).replace(microsecond=0)  # signatures know no fractions
        began = recording.recording_start_time or recording.created_at
        return Link(self.store.link(name, until, export_saved_as(recording.id, began, extension)), until)


def out_of_time() -> OutOfTime:
    return OutOfTime(
        f"After {COMPOSING_MAX.seconds} seconds the file is not whole yet. What was copied counts: ask again, and it"
        " goes on from there."
    )


def rows_plan(copies: Sequence[Copy]) -> Plan:
    """The files as they are, one behind the other."""
    return Plan(b"", in_pieces(Piece(copy, 0, copy.length) for copy in copies))


def in_pieces(wholes: Iterable[Piece]) -> tuple[Piece, ...]:
    """The same bytes in pieces that one request copies each; none of them is empty."""
    return tuple(
        Piece(whole.copy, offset, min(PIECE_BYTES, whole.offset + whole.length - offset))
        for whole in wholes
        for offset in range(whole.offset, whole.offset + whole.length, PIECE_BYTES)
    )


def block_id(number: int, offset: int, length: int) -> str:
    return f"{number:05}-{offset:013}-{length:08}"


def require_composed(name: str, blocks: Sequence[Block], length: int) -> None:
    """Refuse what another program wrote under the name: only what is composed here has blocks that say what they are.

    Raises: Conflict.
    """
    lengths = [int(found["length"]) for block in blocks if (found := BLOCK_ID.fullmatch(block.id))]
    if not blocks or lengths != [block.length for block in blocks] or sum(lengths) != length:
        raise Conflict(
            f"The export {name} was not composed by this app: something else was written under its name, and nothing"
            " vouches for it. Nothing of the recording is touched. Delete that blob, then ask again."
        )
