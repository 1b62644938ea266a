"""One file of a recording: composed by storage of proven copies, under a name that follows from them."""

import io
import wave
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from shared.control.compose_export import PIECE_BYTES, Plan, in_pieces
from shared.domain.copy_pieces import Copy, Piece
from shared.domain.durations import COMPOSING_MAX
from shared.domain.errors import (
    Conflict,
    CopyGone,
    NotExportable,
    RecordingNotFound,
    StoreUnavailable,
)
from shared.domain.ports import BlobHeaders, ChunkStore
from shared.domain.statuses import ChunkStatus, ControlStatus, FilesStatus
from shared.domain.wav_header import wav_head
from tests.builders import CONTAINER, OUR_ID, a_chunk, a_recording, document_id
from tests.fakes import BEGINNING, Cloud, Effect, Fault
from tests.unit.app import App

STEREO = bytes.fromhex("0100020080bb000000ee020004001000")
MONO = bytes.fromhex("01000100803e0000007d000002001000")
SOUNDS = (b"ABCDEFGH" * 30, b"ijkl" * 7, b"MNOPQRST" * 11)


def a_file(sound: bytes, form: bytes = STEREO) -> bytes:
    return wav_head(form, len(sound)) + sound


FILES = tuple(map(a_file, SOUNDS))


def keep(
    cloud: Cloud,
    contents: Sequence[bytes] = FILES,
    ending: str = "wav",
    store: ChunkStore | None = None,
    **fields: Any,
) -> None:
    """A completed recording whose chunks are these files, copied and proven."""
    row = cloud.catalog.save_recording(
        a_recording(**{"control": ControlStatus.ACTIVE, "ended_at": BEGINNING, "files": FilesStatus.COMPLETED} | fields)
    )
    chunks = []
    for number, content in enumerate(contents):
        name = f"2026/11/22/{OUR_ID}/{number:04}-{document_id(number)}.{ending}"
        written = (store or cloud.store).put(name, content, BlobHeaders(content_type="x", metadata={}))
        chunks.append(
            a_chunk(
                number,
                content_blob=name,
                content_etag=written.etag,
                bytes=len(content),
                sha256="ab",
                status=ChunkStatus.DELETED,
            )
        )
    cloud.catalog.add_chunks(row, chunks)


def export(cloud: Cloud) -> bytes:
    """The bytes of the file that a call leads to."""
    made = cloud.services.exports.export(OUR_ID)
    (content,) = cloud.exports.blobs.values()
    assert made.bytes == len(content)
    return content


def test_the_file_is_one_head_and_the_sound_of_each_chunk_behind_it(cloud: Cloud) -> None:
    keep(cloud)

    content = export(cloud)

    assert content == a_file(b"".join(SOUNDS))
    with wave.open(io.BytesIO(content)) as file:
        assert file.readframes(file.getnframes()) == b"".join(SOUNDS)


def test_what_a_writer_put_before_and_behind_the_sound_is_left_out(cloud: Cloud) -> None:
    junk = b"JUNK" + (5000).to_bytes(4, "little") + bytes(5000)
    head = wav_head(STEREO, 8)
    odd = head[:-8] + junk + head[-8:] + b"ABCDEFGH" + b"LIST\4\0\0\0INFO"
    streamed = wav_head(STEREO, 0) + b"ijklmnop"
    keep(cloud, [odd, streamed])

    assert export(cloud) == a_file(b"ABCDEFGHijklmnop")


def test_only_heads_are_read_by_the_app(cloud: Cloud) -> None:
    sound = bytes(100_000)
    keep(cloud, [a_file(sound)])

    export(cloud)

    assert cloud.pieces.bytes_read <= 4096


def test_the_name_says_of_which_copies_it_is(cloud: Cloud) -> None:
    keep(cloud)
    export(cloud)
    (name,) = cloud.exports.blobs

    folder, _, file = name.partition("/")

    assert folder == OUR_ID
    assert len(file) == len("0" * 64 + ".wav")


def test_a_file_that_is_there_is_not_composed_again(cloud: Cloud) -> None:
    keep(cloud)
    first = cloud.services.exports.export(OUR_ID)
    cloud.world.counts.clear()

    second = cloud.services.exports.export(OUR_ID)

    assert second == first
    assert cloud.world.counts["store.stage_from"] == cloud.world.counts["store.commit"] == 0


def test_the_answer_says_how_long_it_is_and_of_how_many_parts(cloud: Cloud) -> None:
    keep(cloud)

    status, view, _ = App(cloud).http("export_recording", route={"id": OUR_ID})

    assert status == 200
    assert (view["parts"], view["bytes"]) == (3, len(a_file(b"".join(SOUNDS))))
    assert view["expiresAt"] == "2026-11-22T08:30:00.000Z"


def test_browsers_save_it_under_a_name_that_says_what_it_is(cloud: Cloud) -> None:
    keep(cloud)

    url = cloud.services.exports.export(OUR_ID).link.url

    assert "rscd=2026-11-22T075900Z-6f1c2d3e.wav&" in url


def test_a_copy_that_was_altered_after_its_proof_is_refused(cloud: Cloud) -> None:
    keep(cloud)
    cloud.store.overwrite(cloud.chunk(1).content_blob, FILES[1])

    with pytest.raises(Conflict, match="after its copy was proven"):
        export(cloud)
    assert cloud.exports.blobs == {}


def test_a_copy_that_is_altered_meanwhile_cannot_slip_in(cloud: Cloud) -> None:
    """Storage itself looks at the etag, at each read."""
    keep(cloud)
    altered = cloud.chunk(2).content_blob

    def somebody_writes(effect: Effect) -> None:
        if effect.name == "store.stage_from" and altered not in cloud.store.tampered:
            cloud.store.overwrite(altered, FILES[2])

    cloud.world.plan = somebody_writes
    with pytest.raises(Conflict, match="while the file was composed"):
        export(cloud)
    assert cloud.exports.blobs == {}


def test_a_copy_that_is_gone_is_told(cloud: Cloud) -> None:
    keep(cloud)
    cloud.store.lose(cloud.chunk(2).content_blob)

    with pytest.raises(CopyGone):
        export(cloud)


def test_an_archived_copy_is_told(cloud: Cloud) -> None:
    keep(cloud)
    cloud.store.archive(cloud.chunk().content_blob)

    with pytest.raises(Conflict, match="archived"):
        export(cloud)


def test_a_copy_that_is_archived_meanwhile_is_told_as_one_that_was_before(cloud: Cloud) -> None:
    keep(cloud)

    def somebody_archives(effect: Effect) -> None:
        if effect.name == "store.stage_from":
            cloud.store.archive(cloud.chunk(2).content_blob)

    cloud.world.plan = somebody_archives
    with pytest.raises(Conflict, match="cannot be read as it is"):
        export(cloud)
    assert cloud.exports.blobs == {}


def test_what_another_wrote_under_the_name_is_not_given_out(cloud: Cloud) -> None:
    keep(cloud)
    content = export(cloud)
    (name,) = cloud.exports.blobs
    cloud.exports.overwrite(name, content[:-4] + b"fake")

    with pytest.raises(Conflict, match="not composed by this app"):
        export(cloud)


def test_what_another_writes_under_the_name_meanwhile_is_not_given_out(cloud: Cloud) -> None:
    keep(cloud)

    def somebody_writes(effect: Effect) -> None:
        if effect.name == "store.commit":
            (name,) = cloud.exports.all
            cloud.exports.overwrite(name, b"another's")

    cloud.world.plan = somebody_writes
    with pytest.raises(Conflict, match="not composed by this app"):
        export(cloud)


def test_sound_that_the_header_does_not_tell_of_is_not_left_out_in_silence(cloud: Cloud) -> None:
    """As of a writer that was killed after it had told of a part."""
    keep(cloud, [FILES[0], wav_head(STEREO, 8) + SOUNDS[2]])

    with pytest.raises(NotExportable, match="with more sound, perhaps"):
        export(cloud)
    assert cloud.exports.blobs == {}


def test_copies_that_were_made_again_make_another_file(cloud: Cloud) -> None:
    keep(cloud)
    export(cloud)
    chunk = cloud.chunk()
    cloud.store.retag(chunk.content_blob)
    cloud.catalog.save_chunk(msgspec.structs.replace(chunk, content_etag=cloud.store.all[chunk.content_blob].etag))

    cloud.services.exports.export(OUR_ID)

    assert len(cloud.exports.blobs) == 2


@pytest.mark.parametrize(
    ("fields", "files", "ending", "error", "says"),
    [
        ({"files": FilesStatus.TRANSFERRING}, FILES, "wav", Conflict, "once it is completed"),
        ({"ended_at": None}, FILES, "wav", Conflict, "active"),
        ({"files": FilesStatus.FAILED}, FILES, "wav", Conflict, "failed"),
        ({}, (), "wav", NotExportable, "no chunk"),
        ({}, FILES, "mp4", NotExportable, "mp4"),
        ({}, FILES, "mp3", NotExportable, "EXPORT_MP3"),
        ({}, (FILES[0], a_file(b"abcd", MONO)), "wav", NotExportable, "Chunk 1 has another format"),
        ({}, (FILES[0], b"ID3"), "wav", NotExportable, "does not begin as a wav file"),
    ],
)
def test_what_cannot_be_made_is_refused_with_the_reason(
    cloud: Cloud, fields: dict[str, Any], files: Sequence[bytes], ending: str, error: type[Exception], says: str
) -> None:
    keep(cloud, files, ending, **fields)

    with pytest.raises(error, match=says):
        export(cloud)
    assert cloud.exports.blobs == {}


def test_more_than_a_wav_file_can_say_is_refused(cloud: Cloud) -> None:
    keep(cloud, [wav_head(STEREO, 3 * 2**30)] * 2)
    for chunk in cloud.chunks():
        cloud.catalog.save_chunk(msgspec.structs.replace(chunk, bytes=3 * 2**30 + 44))

    with pytest.raises(NotExportable, match="4 GiB"):
        export(cloud)
    assert cloud.exports.all == {}


def test_mp3_files_are_put_in_a_row_where_that_is_allowed() -> None:
    cloud = Cloud(EXPORT_MP3="true")
    keep(cloud, (b"\xff\xfbone", b"\xff\xfbtwo"), "mp3")

    assert export(cloud) == b"\xff\xfbone\xff\xfbtwo"


def test_a_recording_that_nobody_knows_is_not_found(cloud: Cloud) -> None:
    with pytest.raises(RecordingNotFound):
        export(cloud)


def test_files_in_a_container_of_the_callers_own_are_refused(cloud: Cloud) -> None:
    row = cloud.catalog.save_recording(a_recording(ended_at=BEGINNING, files=FilesStatus.COMPLETED))
    own = a_chunk(0, own_storage=True, content_location=f"{CONTAINER}/a.wav", status=ChunkStatus.STORED, sha256="ab")
    cloud.catalog.add_chunks(row, [own])

    with pytest.raises(NotExportable, match="your own container"):
        export(cloud)


def test_what_storage_may_not_read_itself_is_told_and_not_streamed(cloud: Cloud) -> None:
    keep(cloud)
    cloud.pieces.firewall = True

    status, problem, _ = App(cloud).http("export_recording", route={"id": OUR_ID})

    assert status == 502
    assert "did not let itself read" in problem["detail"]
    assert cloud.exports.blobs == {}


@pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE, Fault.TIME_OUT, Fault.ERROR_AFTER])
@pytest.mark.parametrize("step", ["store.stage_from", "store.stage", "store.commit"])
def test_an_interrupted_call_is_gone_on_with(cloud: Cloud, step: str, fault: Fault) -> None:
    keep(cloud)
    cloud.world.fail(step, fault)
    with pytest.raises(StoreUnavailable):
        export(cloud)

    assert export(cloud) == a_file(b"".join(SOUNDS))


def test_what_lies_staged_is_not_copied_again(cloud: Cloud) -> None:
    keep(cloud)
    cloud.world.fail("store.commit", Fault.ERROR_BEFORE)
    with pytest.raises(StoreUnavailable):
        export(cloud)
    cloud.world.counts.clear()

    export(cloud)

    assert cloud.world.counts["store.stage_from"] == 0


def test_a_call_that_takes_too_long_says_ask_again_and_the_next_one_ends_it(cloud: Cloud) -> None:
    keep(cloud)

    def slow(effect: Effect) -> None:
        if effect.name == "store.stage_from" and effect.count == 1:
            cloud.world.advance(COMPOSING_MAX)

    cloud.world.plan = slow
    exports = App(cloud)
    answers = [exports.http("export_recording", route={"id": OUR_ID}) for _ in range(2)]

    assert [status for status, _, _ in answers] == [504, 200]
    assert "ask again" in answers[0][1]["detail"]


def test_another_call_that_was_there_before_is_no_failure(cloud: Cloud) -> None:
    keep(cloud)
    cloud.world.fail("store.commit", Fault.LOST_ONCE)

    assert export(cloud) == a_file(b"".join(SOUNDS))


def test_pieces_are_what_one_request_copies_and_none_is_empty() -> None:
    copy = Copy("a", "b", 3 * PIECE_BYTES)

    made = in_pieces([Piece(copy, 44, 2 * PIECE_BYTES + 1), Piece(copy, 44, 0)])

    assert [(piece.offset, piece.length) for piece in made] == [
        (44, PIECE_BYTES),
        (44 + PIECE_BYTES, PIECE_BYTES),
        (44 + 2 * PIECE_BYTES, 1),
    ]


def test_ids_of_blocks_are_equally_long_and_say_what_is_in_them() -> None:
    pieces = in_pieces([Piece(Copy("a", "b", 2**33), 0, 2**33), Piece(Copy("c", "d", 9), 5, 4)])

    ids = list(Plan(b"", pieces).blocks)

    assert len(set(ids)) == len(pieces)
    assert {len(id) for id in ids} == {28}
