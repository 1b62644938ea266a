"""What many unit tests do first: announce a chunk, and transfer it."""

import pytest

from shared.domain.models import Chunk, ChunkRef, Messages
from tests.builders import OUR_ID, RECORDING_ID, a_recording, announced_chunk, file_ready_event
from tests.fakes import Cloud


def announce(cloud: Cloud, **fields: object) -> ChunkRef:
    """One chunk of a recording of ours is announced."""
    cloud.catalog.save_recording(a_recording())
    cloud.catalog.link_acs_id(RECORDING_ID, OUR_ID)
    cloud.services.ingest.ingest(file_ready_event([announced_chunk(0, **fields)]))
    return cloud.chunk().ref


def transfer(cloud: Cloud) -> Messages:
    return cloud.services.transfer.transfer(cloud.chunk().ref)


def failed(cloud: Cloud) -> Chunk:
    """The chunk after an attempt that did not work out."""
    assert transfer(cloud) == Messages()
    return cloud.chunk()


def warnings(caplog: pytest.LogCaptureFixture, event: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.getMessage().startswith(f"{event} ")]
