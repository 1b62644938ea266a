"""Every catalog keeps rows as they were given, and lets exactly one of two writers through."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from shared.domain.acs_urls import Locations
from shared.domain.channels import CHANNELS_MAX, RAW_ID_CHARACTERS_MAX, ChannelAffinity
from shared.domain.errors import CatalogConflict
from shared.domain.models import Recording
from shared.domain.ports import CHUNKS_PER_BATCH, Catalog
from shared.domain.statuses import ChunkStatus, FilesStatus

from .samples import NOW, a_chunk, a_recording

UNICODE = 'naïve 通話 📞\u200d👩 \u0000\u0007\ufffe "quoted" \\ \' {tag} %2F\r\n'


def without_etag(recording: Recording) -> Recording:
    return msgspec.structs.replace(recording, etag="", row_state=None)


def test_an_unknown_recording_is_none(catalog: Catalog) -> None:
    assert catalog.recording("nobody") is None


def test_a_created_recording_is_read_as_it_was_written(catalog: Catalog) -> None:
    recording = a_recording(tags={"case": "42"}, folder="2026/11/22/x", has_run=False, manifests=2)

    saved = catalog.save_recording(recording)

    assert without_etag(saved) == recording
    assert catalog.recording(recording.id) == saved


def test_creating_a_recording_twice_is_a_conflict(catalog: Catalog) -> None:
    recording = a_recording()
    saved = catalog.save_recording(recording)

    with pytest.raises(CatalogConflict):
        catalog.save_recording(msgspec.structs.replace(recording, failure="second"))

    assert catalog.recording(recording.id) == saved


def test_every_write_of_a_recording_moves_its_etag(catalog: Catalog) -> None:
    first = catalog.save_recording(a_recording())
    second = catalog.save_recording(first)
    third = catalog.save_recording(second)

    assert len({first.etag, second.etag, third.etag}) == 3
    assert catalog.recording(first.id) == third


def test_replacing_a_recording_on_a_stale_etag_is_a_conflict(catalog: Catalog) -> None:
    first = catalog.save_recording(a_recording())
    second = catalog.save_recording(msgspec.structs.replace(first, call_id="second"))

    with pytest.raises(CatalogConflict):
        catalog.save_recording(msgspec.structs.replace(first, call_id="late"))

    assert catalog.recording(first.id) == second


def test_replacing_a_recording_that_is_not_there_is_a_conflict(catalog: Catalog) -> None:
    saved = catalog.save_recording(a_recording())

    with pytest.raises(CatalogConflict):
        catalog.save_recording(msgspec.structs.replace(saved, id="another"))


def test_a_value_that_becomes_none_is_gone(catalog: Catalog) -> None:
    saved = catalog.save_recording(a_recording(failure="bad", claimed_until=NOW))

    catalog.save_recording(msgspec.structs.replace(saved, failure=None, claimed_until=None))

    read = catalog.recording(saved.id)
    assert read is not None
    assert (read.failure, read.claimed_until) == (None, None)


def test_the_places_where_a_chunk_was_announced_again_come_back(catalog: Catalog) -> None:
    recording = catalog.save_recording(a_recording())
    url = "https://eu.asm.skype.com/v1/objects/a"
    places = (Locations(content=f"{url}/content/video", metadata=f"{url}/content/acsmetadata"), Locations(content=url))
    chunk = a_chunk(recording, other_locations=places, heard_at=NOW, gone_by=NOW)
    catalog.add_chunks(recording, [chunk])

    read = catalog.chunk(chunk.ref)

    assert read is not None
    assert (read.other_locations, read.heard_at, read.gone_by) == (places, NOW, NOW)


def test_the_channels_of_a_start_come_back_however_long_the_ids_are(catalog: Catalog) -> None:
    longest = [f"8:{number}" + '"' * (RAW_ID_CHARACTERS_MAX - 3) for number in range(CHANNELS_MAX)]
    affinity = tuple(ChannelAffinity(id, channel) for channel, id in enumerate(longest))
    recording = a_recording(
        pause_on_start=True, audio_channel_participant_ordering=tuple(longest), channel_affinity=affinity
    )

    saved = catalog.save_recording(recording)

    assert without_etag(saved) == recording
    assert catalog.recording(recording.id) == saved


@pytest.mark.parametrize(
    "moment",
    [
        NOW,
        NOW.replace(microsecond=0),
        NOW.replace(microsecond=1),
        NOW.replace(microsecond=999_999),
        datetime(2026, 3, 29, 1, 59, 59, 7, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
)
def test_a_moment_comes_back_to_the_microsecond(catalog: Catalog, moment: datetime) -> None:
    saved = catalog.save_recording(a_recording(recording_start_time=moment))

    read = catalog.recording(saved.id)

    assert read is not None
    assert read.recording_start_time == moment


def test_a_moment_of_utc_comes_back_in_utc(catalog: Catalog) -> None:
    saved = catalog.save_recording(a_recording(recording_start_time=NOW))

    read = catalog.recording(saved.id)

    assert read is not None
    assert read.recording_start_time is not None
    assert read.recording_start_time.tzinfo is UTC


def test_a_number_beyond_32_bits_comes_back(catalog: Catalog) -> None:
    recording = catalog.save_recording(a_recording(recording_duration_ms=2**53))
    catalog.add_chunks(recording, [chunk := a_chunk(recording, bytes=5_000_000_000)])

    read, read_chunk = catalog.recording(recording.id), catalog.chunk(chunk.ref)

    assert read is not None
    assert read_chunk is not None
    assert (read.recording_duration_ms, read_chunk.bytes) == (2**53, 5_000_000_000)


def test_tags_hold_any_unicode(catalog: Catalog) -> None:
    tags = {UNICODE: UNICODE, **{f"{number} 📞": "📞" * 250 for number in range(9)}}

    saved = catalog.save_recording(a_recording(tags=tags))

    read = catalog.recording(saved.id)
    assert read is not None
    assert read.tags == tags


@pytest.mark.parametrize("text", ["x" * 40_000, "📞" * 40_000, "x" + "📞" * 40_000, UNICODE * 1000])
def test_a_failure_of_any_length_is_kept_at_least_in_part(catalog: Catalog, text: str) -> None:
    saved = catalog.save_recording(a_recording(failure=text))

    read = catalog.recording(saved.id)

    assert read is not None
    assert read.failure is not None
    assert text.startswith(read.failure)
    assert len(read.failure) >= 10_000


def test_chunks_are_added_together_with_the_recording(catalog: Catalog) -> None:
    recording = catalog.save_recording(a_recording())
    chunks = [a_chunk(recording, index=index, managed=index == 1) for index in range(3)]

    added = catalog.add_chunks(msgspec.structs.replace(recording, files=FilesStatus.TRANSFERRING), chunks)

    read = [msgspec.structs.replace(chunk, etag="", row_state=None) for chunk in catalog.chunks(recording.id)]
    assert read == sorted(chunks, key=lambda chunk: chunk.document_id)
    assert catalog.recording(recording.id) == added
    assert added.etag != recording.etag


def test_as_many_chunks_as_a_batch_holds_are_added_at_once(catalog: Catalog) -> None:
    recording = catalog.save_recording(a_recording())

    catalog.add_chunks(recording, [a_chunk(recording, index=index) for index in range(CHUNKS_PER_BATCH)])

    assert len(list(catalog.chunks(recording.id))) == CHUNKS_PER_BATCH


def test_no_chunk_at_all_still_renews_the_recording(catalog: Catalog) -> None:
    recording = catalog.save_recording(a_recording())

    added = catalog.add_chunks(recording, [])

    assert added.etag != recording.etag
    assert catalog.recording(recording.id) == added


def test_chunks_on_a_stale_recording_are_a_conflict_and_none_is_added(catalog: Catalog) -> None:
    stale = catalog.save_recording(a_recording())
    newer = catalog.save_recording(stale)

    with pytest.raises(CatalogConflict):
        catalog.add_chunks(stale, [a_chunk(stale), a_chunk(stale)])

    assert list(catalog.chunks(stale.id)) == []
    assert catalog.recording(stale.id) == newer


def test_a_chunk_that_exists_is_a_conflict_and_nothing_of_the_batch_is_written(catalog: Catalog) -> None:
    recording = catalog.save_recording(a_recording())
    existing = a_chunk(recording)
    recording = catalog.add_chunks(recording, [existing])

    with pytest.raises(CatalogConflict):
        catalog.add_chunks(msgspec.structs.replace(recording, call_id="late"), [a_chunk(recording), existing])

    assert [chunk.document_id for chunk in catalog.chunks(recording.id)] == [existing.document_id]
    assert catalog.recording(recording.id) == recording


def test_chunks_are_created_before_the_row_of_their_recording(catalog: Catalog) -> None:
    recording = a_recording()
    chunks = [a_chunk(recording, index=index) for index in range(CHUNKS_PER_BATCH)]

    catalog.create_chunks(chunks)

    assert catalog.recording(recording.id) is None
    read = [msgspec.structs.replace(chunk, etag="", row_state=None) for chunk in catalog.chunks(recording.id)]
    assert read == sorted(chunks, key=lambda chunk: chunk.document_id)


def test_where_a_chunk_exists_none_of_the_others_is_created(catalog: Catalog) -> None:
    recording = a_recording()
    catalog.create_chunks([existing := a_chunk(recording)])

    with pytest.raises(CatalogConflict):
        catalog.create_chunks([a_chunk(recording), msgspec.structs.replace(existing, index=7)])

    assert [chunk.index for chunk in catalog.chunks(recording.id)] == [existing.index]


def test_an_unknown_chunk_is_none(catalog: Catalog) -> None:
    assert catalog.chunk(a_chunk(a_recording()).ref) is None


def test_a_saved_chunk_is_read_as_it_was_written(catalog: Catalog) -> None:
    recording = catalog.save_recording(a_recording())
    catalog.add_chunks(recording, [a_chunk(recording)])
    [chunk] = catalog.chunks(recording.id)
    stored = msgspec.structs.replace(
        chunk, status=ChunkStatus.STORED, bytes=7, sha256="ab", stored_at=NOW, attempts=3, open=False
    )

    saved = catalog.save_chunk(stored)

    assert saved.etag != chunk.etag
    assert catalog.chunk(chunk.ref) == saved
    assert msgspec.structs.replace(saved, etag="", row_state=None) == msgspec.structs.replace(
        stored, etag="", row_state=None, copies=1
    )


def test_saving_a_chunk_on_a_stale_etag_is_a_conflict(catalog: Catalog) -> None:
    recording = catalog.save_recording(a_recording())
    catalog.add_chunks(recording, [a_chunk(recording)])
    [chunk] = catalog.chunks(recording.id)
    newer = catalog.save_chunk(msgspec.structs.replace(chunk, attempts=1))

    with pytest.raises(CatalogConflict):
        catalog.save_chunk(msgspec.structs.replace(chunk, attempts=7))

    assert catalog.chunk(chunk.ref) == newer


def test_of_two_writers_at_once_exactly_one_wins(catalog: Catalog) -> None:
    saved = catalog.save_recording(a_recording())

    def write(writer: str) -> str | None:
        try:
            return catalog.save_recording(msgspec.structs.replace(saved, call_id=writer)).call_id
        except CatalogConflict:
            return None

    with ThreadPoolExecutor(8) as pool:
        winners = [winner for winner in pool.map(write, "abcdefgh") if winner]

    read = catalog.recording(saved.id)
    assert read is not None
    assert winners == [read.call_id]
