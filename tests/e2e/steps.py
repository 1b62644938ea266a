"""What most end-to-end tests do: record a call, wait, and compare what is stored with what was recorded."""

import hashlib
import time
from datetime import UTC, datetime, timedelta

from azure.data.tables import TableServiceClient, UpdateMode

from acsrec import Chunk, Client, Recording
from local.simulator.scripts import Script
from local.stack import CONTAINER, Stack
from shared.adapters.table_rows import chunk_row
from shared.settings import CATALOG_TABLE
from tests.recording_document import is_manifest

WAV = {"recordingContentType": "audio", "recordingChannelType": "unmixed", "recordingFormatType": "wav"}
SWEEP_EVERY_SECONDS = 0.5
POLL_SECONDS = 0.05


def record(stack: Stack, script: Script, by: Client | None = None, /, **options: object) -> Recording:
    """Record a call from start to stop, by the stack's caller or another; its files and events follow by themselves."""
    recorder = by or stack.recorder
    call = stack.simulator.place_call(script=script)
    recording = recorder.start({"serverCallId": call.server_call_id, **WAV, **options})
    recorder.wait(recording.id, "active", seconds=10)
    return recorder.stop(recording.id)


def settled(stack: Stack, id: str, *statuses: str, seconds: float = 30.0) -> Recording:
    """Wait, firing the sweep as its timer would, until the recording has one of the statuses.

    Raises:
        TimeoutError: with all that is known of it.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return stack.recorder.wait(id, *(statuses or ("completed",)), seconds=SWEEP_EVERY_SECONDS)
        except TimeoutError:
            if time.monotonic() > deadline:
                raise
            stack.host.fire_timer("sweep")


def let_start_settle(stack: Stack, id: str) -> None:
    """More than a minute passes since the start: before, "not found" is no end, since ACS may not know of it yet."""
    earlier = {"PartitionKey": id, "RowKey": "recording", "startRequestedAt": datetime.now(UTC) - timedelta(minutes=2)}
    with TableServiceClient.from_connection_string(stack.azurite.connection_string) as tables:
        tables.get_table_client(CATALOG_TABLE).update_entity(earlier, mode=UpdateMode.MERGE)


def let_retention_pass(stack: Stack, chunk: Chunk, id: str) -> None:
    """More than a day passes since the app heard of a chunk: before, "not found" may mean "not yet"."""
    then = datetime.now(UTC) - timedelta(hours=25)
    earlier = {"PartitionKey": id, "RowKey": chunk_row(chunk.document_id), "heardAt": then, "goneBy": then}
    with TableServiceClient.from_connection_string(stack.azurite.connection_string) as tables:
        tables.get_table_client(CATALOG_TABLE).update_entity(earlier, mode=UpdateMode.MERGE)


def let_it_be_told(stack: Stack, subject: str, seconds: float = 10.0) -> None:
    """Wait until an event about this is with the topic: what is changed after that was so when it was told."""
    deadline = time.monotonic() + seconds
    while subject not in {told.event["subject"] for told in stack.simulator.topic_events()}:
        assert time.monotonic() < deadline, subject
        time.sleep(POLL_SECONDS)


def differences(stack: Stack, recording: Recording) -> list[str]:
    """Names of the stored blobs that are not byte for byte what the simulator recorded; a manifest that is none."""
    found: list[str] = []
    with stack.blobs as blobs:
        container = blobs.get_container_client(CONTAINER)
        for chunk in recording.chunks:
            recorded = {
                chunk.content_blob: stack.simulator.content(chunk.document_id),
                chunk.metadata_blob: stack.simulator.metadata(chunk.document_id),
            }
            for name, wanted in recorded.items():
                if not name or container.download_blob(name).readall() != wanted:
                    found.append(str(name))
            if chunk.sha256 != hashlib.sha256(recorded[chunk.content_blob]).hexdigest():
                found.append(f"sha256 of {chunk.content_blob}")
        manifest = recording.manifest_blob
        if manifest and not is_manifest(container.download_blob(manifest).readall()):
            found.append(manifest)
    return found


def violations_of(stack: Stack, recording: Recording) -> list[str]:
    """What the simulator objects to in this recording: it looks at the stored blob at every deletion and event."""
    ours = {chunk.document_id for chunk in recording.chunks}
    return [
        violation.reason
        for violation in stack.simulator.violations()
        if violation.document_id in ours or violation.recording_id == recording.recording_id
    ]


def acs_id(recording: Recording) -> str:
    """ACS's id of a recording that it has named."""
    assert recording.recording_id, recording
    return recording.recording_id


def left_at_acs(stack: Stack, recording: Recording) -> list[str]:
    """Documents of the recording that ACS still has."""
    documents = stack.simulator.recording(acs_id(recording)).documents
    return [document.document_id for document in documents if document.deleted_at is None]
