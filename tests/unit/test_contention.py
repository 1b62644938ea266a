"""A recording of two thousand chunks and 160 workers: no write of one worker keeps another's out."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.domain.models import ChunkRef
from shared.domain.recording_event import EventType
from shared.domain.statuses import ChunkStatus, RecordingStatus
from tests.builders import RECORDING_ID, a_recording, file_ready_event, keep_at_acs
from tests.fakes import BEGINNING, OUR_TOPIC, Cloud, Effect, FakeCatalog
from tests.fakes.catalog import Key

CHUNKS = 2000
WORKERS = 160
OFTEN = 7  # effects; at each such one the workers change


class CountingCatalog(FakeCatalog):
    """Counts the writes that another one kept out."""

    conflicts: Counter[str]

    def unchanged(self, key: Key, etag: str) -> None:
        row = self.rows.get(key)
        if (row.etag if row else "") != etag:
            self.conflicts["chunk" if key[1] else "recording"] += 1
        super().unchanged(key, etag)


@pytest.mark.timeout(120)
def test_two_thousand_chunks_and_a_hundred_and_sixty_workers_lose_no_write_of_a_chunk() -> None:
    cloud = Cloud(EVENTS_TOPIC_ENDPOINT=OUR_TOPIC)
    catalog = CountingCatalog(cloud.world)
    catalog.conflicts = Counter()
    cloud.catalog = catalog
    cloud.services = cloud.new_process()
    row = catalog.save_recording(a_recording(recording_id=RECORDING_ID, ended_at=BEGINNING))
    catalog.link_acs_id(RECORDING_ID, row.id)
    keep_at_acs(cloud, CHUNKS, size=100)
    refs = cloud.services.ingest.ingest(file_ready_event(CHUNKS)).messages.transfers
    cloud.world.effects.clear()

    def others_go_on(effect: Effect) -> None:
        if effect.number % OFTEN == 0:
            time.sleep(0.0002)

    cloud.world.plan = others_go_on

    def work(ref: ChunkRef) -> None:
        with cloud.services.invocation("chunk_transfer"):
            cloud.services.transfer.transfer(ref)
        with cloud.services.invocation("chunk_deletion"):
            cloud.services.deletion.delete(ref)

    with ThreadPoolExecutor(WORKERS) as workers:
        list(workers.map(work, refs))

    assert {chunk.status for chunk in cloud.chunks()} == {ChunkStatus.DELETED}
    assert cloud.recording().status is RecordingStatus.COMPLETED
    assert catalog.conflicts["chunk"] == 0
    assert catalog.conflicts["recording"] < WORKERS  # those that end last all try to complete it
    stored = [event for event in cloud.topic.taken if event.type is EventType.STORED]
    assert len(stored) == CHUNKS
