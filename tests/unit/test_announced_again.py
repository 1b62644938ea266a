"""A chunk that is announced again at another place: what the later event adds is tried in turn, until it is proven."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from shared.domain.models import Chunk, Messages
from shared.domain.statuses import ChunkStatus, FailureKind, RecordingStatus
from shared.pipeline.ingest_plan import OTHER_LOCATIONS_MAX
from tests.builders import CONTAINER, announced_chunk, document_id, file_ready_event, keep_at_acs, media, metadata
from tests.fakes import BEGINNING, Cloud, Effect, FakeHost, Fault
from tests.unit.steps import announce, failed, transfer, warnings

MINUTE = timedelta(minutes=1)
DAY = timedelta(hours=24)
ID = document_id()


def at(host: str, content: str = "video", **fields: object) -> dict[str, object]:
    """A chunk as an event lists it that says that all of it lies at this host."""
    object_url = f"https://{host}.asm.skype.com/v1/objects/{ID}"
    places = {"contentLocation": f"{object_url}/content/{content}"}
    places |= {"metadataLocation": f"{object_url}/content/acsmetadata", "deleteLocation": object_url}
    return announced_chunk(0, **(places | fields))


def announce_again(cloud: Cloud, *chunks: dict[str, object]) -> Messages:
    return cloud.services.ingest.ingest(file_ready_event(list(chunks))).messages


@pytest.fixture
def elsewhere() -> Cloud:
    """A chunk is announced at one host and lies at another; nobody has looked yet."""
    cloud = Cloud()
    keep_at_acs(cloud, 1)
    cloud.source.documents[ID].hosts = frozenset({"eu.asm.skype.com"})
    announce(cloud)
    return cloud


def settled(cloud: Cloud, messages: Messages | None = None) -> Chunk:
    """The chunk once everything has come to rest."""
    host = FakeHost(cloud)
    host.send(messages or Messages(transfers=(cloud.chunk().ref,)))
    host.settle()
    return cloud.chunk()


def test_what_lies_at_another_host_is_copied_from_there_and_deleted_there(elsewhere: Cloud) -> None:
    failed(elsewhere)

    chunk = settled(elsewhere, announce_again(elsewhere, at("eu")))

    assert chunk.status is ChunkStatus.DELETED
    assert elsewhere.source.documents == {}
    assert elsewhere.store.blobs[chunk.content_blob] == media(size=1000)
    assert elsewhere.recording().status is RecordingStatus.COMPLETED


def test_another_host_is_tried_at_once(elsewhere: Cloud) -> None:
    failed(elsewhere)

    assert announce_again(elsewhere, at("eu")) == Messages(transfers=(elsewhere.chunk().ref,))


def test_the_same_place_again_changes_nothing(elsewhere: Cloud) -> None:
    failed(elsewhere)
    announce_again(elsewhere, at("eu"))
    failed_there = elsewhere.chunk()

    for chunk in (announced_chunk(0), at("eu"), at("eu", deleteLocation=None, metadataLocation=None)):
        assert announce_again(elsewhere, chunk) == Messages()

    assert elsewhere.chunk() == failed_there


@pytest.mark.parametrize("field", ["contentLocation", "metadataLocation", "deleteLocation"])
def test_one_url_that_is_another_is_enough(elsewhere: Cloud, field: str) -> None:
    announce_again(elsewhere, announced_chunk(0, **{field: at("eu")[field]}))

    assert len(elsewhere.chunk().other_locations) == 1


def test_a_chunk_that_was_given_up_is_tried_at_the_new_place(elsewhere: Cloud) -> None:
    elsewhere.source.documents[ID].expires_at = BEGINNING + 3 * DAY
    elsewhere.world.advance(DAY)
    assert failed(elsewhere).status is ChunkStatus.FAILED

    chunk = settled(elsewhere, announce_again(elsewhere, at("eu")))

    assert (chunk.status, chunk.failure, chunk.failure_kind) == (ChunkStatus.DELETED, None, None)
    assert elsewhere.recording().status is RecordingStatus.COMPLETED


def test_a_chunk_that_was_given_up_is_warned_of_once_more(elsewhere: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    elsewhere.world.advance(DAY - MINUTE)
    elsewhere.services.sweep.sweep()
    elsewhere.world.advance(MINUTE)
    failed(elsewhere)
    announce_again(elsewhere, at("us"))
    assert elsewhere.chunk().warned == 0

    elsewhere.services.sweep.sweep()

    assert len(warnings(caplog, "chunk_at_risk")) == 2


def test_a_chunk_that_is_tried_still_is_not_warned_of_again_for_another_place(
    elsewhere: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere.world.advance(DAY - MINUTE)
    elsewhere.services.sweep.sweep()
    announce_again(elsewhere, at("us"))

    elsewhere.services.sweep.sweep()

    assert len(warnings(caplog, "chunk_at_risk")) == 1


def test_a_later_event_makes_the_latest_end_no_earlier(elsewhere: Cloud) -> None:
    later = file_ready_event([at("eu")], event_time=BEGINNING + timedelta(hours=5))
    elsewhere.services.ingest.ingest(later)
    announce_again(elsewhere, at("us"))

    assert elsewhere.chunk().gone_by == BEGINNING + timedelta(hours=5) + DAY


def test_a_404_at_the_new_place_may_pass_for_as_long_as_at_the_first(elsewhere: Cloud) -> None:
    elsewhere.world.advance(DAY)
    failed(elsewhere)
    announce_again(elsewhere, at("us"))
    elsewhere.world.advance(DAY - MINUTE)
    assert failed(elsewhere).status is ChunkStatus.PENDING
    elsewhere.world.advance(MINUTE)

    assert failed(elsewhere).failure_kind is FailureKind.EXPIRED


def test_what_one_place_cannot_answer_is_not_gone_because_another_has_not_got_it(elsewhere: Cloud) -> None:
    announce_again(elsewhere, at("us"))
    elsewhere.world.advance(DAY)
    elsewhere.world.plan = lambda effect: (
        Fault.ERROR_BEFORE if effect.name == "source.open" and effect.count % 2 else None
    )

    assert failed(elsewhere).status is ChunkStatus.PENDING


def test_the_claim_is_renewed_from_place_to_place_however_silent_each_is() -> None:
    cloud = Cloud(CLAIM_SECONDS="300")
    keep_at_acs(cloud, 1)
    cloud.source.documents[ID].hosts = frozenset({"host3.asm.skype.com"})
    announce(cloud)
    for number in range(OTHER_LOCATIONS_MAX):
        announce_again(cloud, at(f"host{number}"))
    lapsed: list[int] = []

    def plan(effect: Effect) -> None:
        if effect.name == "source.open":
            cloud.world.advance(timedelta(minutes=2))
            lapsed.extend([effect.count] if (cloud.chunk().claimed_until or BEGINNING) <= cloud.world.now else [])

    cloud.world.plan = plan
    transfer(cloud)

    assert (cloud.chunk().status, lapsed) == (ChunkStatus.STORED, [])


def test_a_place_that_gives_what_cannot_be_right_stops_no_other(elsewhere: Cloud) -> None:
    elsewhere.source.documents[ID].hosts = frozenset()
    announce_again(elsewhere, at("eu"))
    elsewhere.world.plan = lambda effect: Fault.HTML if effect.name == "source.open" and effect.count % 2 else None

    transfer(elsewhere)

    assert elsewhere.chunk().status is ChunkStatus.STORED


def test_metadata_that_a_later_event_adds_are_copied(cloud: Cloud) -> None:
    keep_at_acs(cloud, 1)
    announce(cloud, metadataLocation=None, deleteLocation=None)
    assert settled(cloud).metadata_blob is None
    assert (cloud.chunk().status, cloud.recording().status) == (ChunkStatus.STORED, RecordingStatus.COMPLETED)

    chunk = settled(cloud, announce_again(cloud, announced_chunk(0)))

    assert chunk.status is ChunkStatus.DELETED
    assert cloud.store.blobs[str(chunk.metadata_blob)] == metadata(0)
    assert cloud.recording().status is RecordingStatus.COMPLETED
    assert cloud.recording().manifests == 2


def test_a_delete_location_that_a_later_event_adds_is_used(cloud: Cloud) -> None:
    keep_at_acs(cloud, 1)
    announce(cloud, deleteLocation=None)
    announce_again(cloud, {"documentId": ID, "index": 0, "deleteLocation": announced_chunk(0)["deleteLocation"]})

    assert settled(cloud).status is ChunkStatus.DELETED


def test_a_delete_location_that_a_later_event_puts_right_is_used(cloud: Cloud) -> None:
    keep_at_acs(cloud, 1)
    announce(cloud, deleteLocation="https://storage.asm.skype.com/v1/objects/another")
    assert not cloud.chunk().deletable

    announce_again(cloud, announced_chunk(0))

    assert settled(cloud).status is ChunkStatus.DELETED


def test_metadata_that_contradict_the_call_keep_the_original_whatever_a_later_event_adds(cloud: Cloud) -> None:
    cloud.source.add(ID, media(), metadata(0, callId="somebody else's"))
    announce(cloud)
    cloud.world.plan = lambda effect: Fault.MISSING if effect.name == "source.open" and effect.count == 2 else None
    failed(cloud)

    chunk = settled(cloud, announce_again(cloud, at("eu")))

    assert (chunk.status, chunk.deletable) == (ChunkStatus.STORED, False)
    assert ID in cloud.source.documents


def test_the_end_of_a_chunk_that_was_still_recorded_comes_with_another_place(elsewhere: Cloud) -> None:
    early = replace(elsewhere.chunk(), end_reason="chunkIsBeingRecorded", content_blob="early.unfinished.wav")
    elsewhere.catalog.save_chunk(early)

    announce_again(elsewhere, at("eu", endReason="SessionEnded"))

    chunk = elsewhere.chunk()
    assert (chunk.end_reason, len(chunk.other_locations)) == ("SessionEnded", 1)
    assert chunk.content_location != early.content_location == chunk.other_locations[0].content


def test_once_the_metadata_are_proven_a_later_event_makes_nothing_deletable(cloud: Cloud) -> None:
    keep_at_acs(cloud, 1)
    announce(cloud, deleteLocation=None)
    cloud.world.plan = lambda effect: Fault.MISSING if effect.name == "source.open" and effect.count == 2 else None
    failed(cloud)

    assert announce_again(cloud, announced_chunk(0)) == Messages()
    assert cloud.chunk().delete_location is None


def test_a_chunk_that_is_proven_stays_as_it_is(cloud: Cloud) -> None:
    keep_at_acs(cloud, 1)
    announce(cloud)
    transfer(cloud)
    stored = cloud.chunk()

    assert announce_again(cloud, at("eu")) == Messages()
    assert cloud.chunk() == stored


def test_one_event_may_list_a_chunk_at_two_places(cloud: Cloud) -> None:
    keep_at_acs(cloud, 1)
    cloud.source.documents[ID].hosts = frozenset({"eu.asm.skype.com"})

    chunk = settled(cloud, announce_again(cloud, announced_chunk(0), at("eu")))

    assert chunk.status is ChunkStatus.STORED  # of an unknown recording; nothing of it is ours to delete
    assert cloud.store.blobs[chunk.content_blob] == media(size=1000)


def test_a_place_where_we_do_not_go_is_told_and_changes_nothing(
    elsewhere: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    before = elsewhere.chunk()

    announce_again(elsewhere, at("eu", contentLocation=f"https://evil.example/v1/objects/{ID}/content/video"))

    assert elsewhere.chunk() == before
    assert len(warnings(caplog, "event_rejected")) == 1
    assert len(elsewhere.rejected.events) == 1


def test_a_place_too_many_is_told_and_not_tried(elsewhere: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(OTHER_LOCATIONS_MAX):
        announce_again(elsewhere, at(f"host{number}"))
    before = elsewhere.chunk()

    announce_again(elsewhere, at("eu"))

    assert elsewhere.chunk() == before
    assert len(before.other_locations) == OTHER_LOCATIONS_MAX == 4
    (line,) = warnings(caplog, "event_rejected")
    assert "5 places" in line


def test_blocks_of_another_content_of_the_document_are_proven_by_a_second_read() -> None:
    cloud = Cloud(TRANSFER_BLOCK_BYTES="300")
    keep_at_acs(cloud, 1)
    announce(cloud)
    cloud.world.plan = lambda effect: Fault.ERROR_BEFORE if effect.name == "store.stage" and effect.count > 1 else None
    failed(cloud)
    cloud.world.plan = lambda _: None
    audio = media(size=1000, seed=3)
    cloud.source.documents[ID].contents = {"audio": audio, "acsmetadata": metadata(0)}
    announce_again(cloud, at("storage", "audio"))

    chunk = failed(cloud)

    assert (chunk.status, chunk.failure_kind) == (ChunkStatus.FAILED, FailureKind.CONFLICT)
    assert ID in cloud.source.documents


def test_an_event_whose_last_write_was_lost_reopens_the_recording_when_it_comes_again(elsewhere: Cloud) -> None:
    elsewhere.source.documents[ID].expires_at = BEGINNING + 3 * DAY
    elsewhere.world.advance(DAY)
    failed(elsewhere)
    elsewhere.world.fail("catalog.save_recording", Fault.CRASH_BEFORE)
    host = FakeHost(elsewhere)

    host.publish(file_ready_event([at("eu")]))
    host.settle()

    assert elsewhere.chunk().status is ChunkStatus.DELETED
    assert elsewhere.recording().status is RecordingStatus.COMPLETED


def test_a_file_that_acs_kept_after_all_is_copied_although_it_was_announced_in_own_storage() -> None:
    cloud = Cloud(BYOS_CONTAINERS=CONTAINER)
    keep_at_acs(cloud, 1)
    announce(cloud, contentLocation=f"{CONTAINER}/a.wav", metadataLocation=f"{CONTAINER}/a.json")
    failed(cloud)

    chunk = settled(cloud, announce_again(cloud, announced_chunk(0)))

    assert chunk.status is ChunkStatus.DELETED
    assert cloud.store.blobs[chunk.content_blob] == media(size=1000)
