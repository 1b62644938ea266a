"""Both tables are dropped; the manifests bring the recordings back, as docs/lost-tables.md says."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
from azure.data.tables import TableServiceClient

from acsrec import Recording, RecordingPage
from local.provision import TABLES, provision
from local.simulator.admin_requests import ForeignRecordingRequest
from local.simulator.scripts import Script
from local.stack import CONTAINER, Stack
from tests.e2e.steps import acs_id, record, settled
from tests.e2e.test_lifecycle import settled_foreign

MIXED = {"recordingChannelType": "mixed", "recordingFormatType": "mp3"}
TWO_CHUNKS = Script(chunks=2, chunk_bytes=(5_000_000, 20_000))  # the first is copied in blocks
SMALL = Script(chunks=1, chunk_bytes=20_000)


def completed_recordings(stack: Stack, case: str) -> tuple[list[Recording], Recording]:
    """Recordings that are to come back as they were, and one whose blob is to be altered."""
    tags = {"case": case}
    with ThreadPoolExecutor(4) as callers:
        ours = [
            callers.submit(lambda: settled(stack, record(stack, TWO_CHUNKS, tags=tags).id)),
            callers.submit(lambda: settled(stack, record(stack, SMALL, tags=tags, **MIXED).id)),
            callers.submit(lambda: settled(stack, record(stack, SMALL).id)),
        ]
        foreign = stack.simulator.foreign_recording(ForeignRecordingRequest(script=SMALL))
        theirs = callers.submit(lambda: settled_foreign(stack, foreign.recording_id))
    two, mixed, altered = (one.result() for one in ours)
    return [two, mixed, theirs.result()], altered


def lists(stack: Stack, case: str, recordings: list[Recording]) -> list[RecordingPage]:
    """By a tag, by ACS's id and by call."""
    by_id = [stack.recorder.page(recording_id=acs_id(one)) for one in recordings]
    by_call = [stack.recorder.page(server_call_id=str(one.server_call_id)) for one in recordings]
    return [stack.recorder.page(tags={"case": case}), *by_id, *by_call]


def contents(stack: Stack, recording: Recording) -> list[bytes]:
    """What the links to a recording's files read."""
    readers = (stack.recorder.content_link, stack.recorder.metadata_link)
    links = [link(recording.id, chunk.document_id) for chunk in recording.chunks for link in readers]
    return [httpx.get(link.url).content for link in links]


def drop_tables(stack: Stack) -> None:
    with TableServiceClient.from_connection_string(stack.azurite.connection_string) as tables:
        for name in TABLES:
            tables.delete_table(name)
    provision(stack.azurite.connection_string)


def rebuild(stack: Stack, day: str) -> dict[str, int]:
    """How many recordings of a day became what, over all calls."""
    parts = list(stack.recorder.rebuild(day))
    return {name: sum(getattr(part, name) for part in parts) for name in ("rebuilt", "present", "unreadable")}


def test_documents_lists_and_links_are_equal_after_both_tables_were_dropped(stack: Stack) -> None:
    case = uuid4().hex
    recordings, altered = completed_recordings(stack, case)
    before = lists(stack, case, recordings)
    files = [contents(stack, one) for one in recordings]
    [chunk] = altered.chunks
    with stack.blobs as blobs:
        blobs.get_blob_client(CONTAINER, chunk.content_blob).upload_blob(b"RIFF, but another", overwrite=True)
    drop_tables(stack)
    assert stack.recorder.request("GET", f"/recordings/{altered.id}").status_code == 404

    days = {str(one.manifest_blob).rpartition("/")[0].rpartition("/")[0] for one in [*recordings, altered]}
    done = [rebuild(stack, day.replace("/", "-")) for day in days]

    assert sum(one["rebuilt"] for one in done) >= len(recordings) + 1  # those of other tests come back, too
    assert [stack.recorder.get(one.id) for one in recordings] == recordings
    assert lists(stack, case, recordings) == before
    assert [contents(stack, one) for one in recordings] == files
    failed = stack.recorder.get(altered.id)
    assert (failed.status, failed.failure_kind) == ("failed", "conflict")
    assert [(one.status, one.failure_kind) for one in failed.chunks] == [("failed", "conflict")]
