"""The client and its command against the running app: its documents, its links, its storage."""

import io
import json
import wave
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from acsrec import Problem, Recording, StartRequest, download, verify
from acsrec.command import app
from local.simulator.scripts import Script
from local.stack import Stack
from tests.e2e.steps import acs_id, record, settled

TWO = Script(chunks=2, chunk_bytes=(5_000_000, 20_000))
SMALL = Script(chunks=1, chunk_bytes=20_000)


@pytest.fixture(scope="module")
def completed(stack: Stack) -> Recording:
    return settled(stack, record(stack, TWO, tags={"client": "yes"}).id)


def run(stack: Stack, *arguments: str) -> Result:
    environment = {"ACSREC_URL": stack.host.url, "ACSREC_KEY": stack.host.keys.default}
    return CliRunner().invoke(app, arguments, env=environment)


def answered(stack: Stack, *arguments: str) -> dict[str, object]:
    result = run(stack, *arguments, "--json")
    assert result.exit_code == 0, result.output
    document: dict[str, object] = json.loads(result.stdout)
    return document


def test_downloaded_files_are_what_was_recorded_and_prove_their_folder(
    stack: Stack, completed: Recording, tmp_path: Path
) -> None:
    results = list(download(stack.recorder, completed.id, tmp_path))

    simulator = stack.simulator
    recorded = {
        result.file.name: (simulator.content if result.file.kind == "content" else simulator.metadata)(
            result.file.document_id
        )
        for result in results
    }
    assert len(recorded) == 4
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.name in recorded} == recorded
    assert verify(tmp_path).proven


def test_a_download_goes_on_from_a_part_by_a_range_of_real_storage(
    stack: Stack, completed: Recording, tmp_path: Path
) -> None:
    chunk = completed.chunks[0]
    name = chunk.content_blob.rpartition("/")[2]
    content = stack.simulator.content(chunk.document_id)
    (tmp_path / f"{name}.part").write_bytes(content[:3_000_000])
    told: list[tuple[str, int]] = []

    list(download(stack.recorder, completed.id, tmp_path, lambda file, done, _: told.append((file.name, done))))

    assert min(done for file, done in told if file == name) > 3_000_000
    assert (tmp_path / name).read_bytes() == content


def test_a_folder_copied_out_of_the_container_is_proven_by_the_app_s_own_manifest(
    stack: Stack, completed: Recording, tmp_path: Path
) -> None:
    folder = str(completed.manifest_blob).rpartition("/")[0]
    with stack.blobs as blobs:
        container = blobs.get_container_client("recordings")
        for name in container.list_blob_names(name_starts_with=f"{folder}/"):
            (tmp_path / name.rpartition("/")[2]).write_bytes(container.download_blob(name).readall())

    found = verify(tmp_path)

    assert "schemaVersion" in json.loads((tmp_path / "recording.json").read_text())
    assert (found.proven, len(found.verified), found.extra) == (True, 4, ())


def test_the_command_writes_one_file_of_all_chunks(stack: Stack, completed: Recording, tmp_path: Path) -> None:
    files = [stack.simulator.content(chunk.document_id) for chunk in completed.chunks]
    target = tmp_path / "call.wav"

    told = answered(stack, "compose", completed.id, "-o", str(target))

    assert (told["parts"], told["bytes"]) == (2, target.stat().st_size)
    assert sound_of(target.read_bytes()) == b"".join(map(sound_of, files))


def sound_of(file: bytes) -> bytes:
    with wave.open(io.BytesIO(file)) as one:
        return bytes(one.readframes(one.getnframes()))


def test_the_command_records_a_call_from_start_to_a_proven_folder(stack: Stack, tmp_path: Path) -> None:
    call = stack.simulator.place_call(script=SMALL)
    media = ("--content", "audio", "--channels", "unmixed", "--format", "wav")
    start = ("start", "--server-call-id", call.server_call_id, *media, "--tag", f"call={call.call_id}")
    id = str(answered(stack, *start, "--idempotency-key", call.call_id)["id"])
    assert answered(stack, *start, "--idempotency-key", call.call_id)["id"] == id
    stack.recorder.wait(id, "active", seconds=10)

    statuses = [answered(stack, act, id)["status"] for act in ("pause", "resume", "stop")]
    settled(stack, id)
    done = run(stack, "download", id, "--to", str(tmp_path))

    assert statuses == ["paused", "active", "stopped"]
    assert (done.exit_code, run(stack, "verify", str(tmp_path)).exit_code) == (0, 0)
    listed = answered(stack, "list", "--tag", f"call={call.call_id}")
    assert isinstance(listed["recordings"], list)
    assert [one["id"] for one in listed["recordings"]] == [id]
    shown = answered(stack, "show", id)
    assert shown == stack.recorder.document(id).json()
    assert id in run(stack, "tail", "--looks", "1").stdout


def test_the_command_lists_what_is_at_risk_and_replays(stack: Stack, completed: Recording) -> None:
    assert answered(stack, "at-risk")["unreadable"] == []
    assert answered(stack, "replay", completed.id) == {"transfers": 0, "deletions": 0, "continuation": None}
    assert answered(stack, "replay", "--since", f"{completed.created_at:%Y-%m-%d}")["continuation"] is None


def test_no_output_has_the_key_or_a_link(stack: Stack, completed: Recording, tmp_path: Path) -> None:
    commands = (("list",), ("show", completed.id), ("download", completed.id, "--to", str(tmp_path)), ("show", "x"))
    outputs = [run(stack, *command, *form).output for command in commands for form in ((), ("--json",))]

    assert [output for output in outputs if stack.host.keys.default in output or "sig=" in output] == []


def test_a_wrong_key_is_a_problem_that_says_so(stack: Stack) -> None:
    result = CliRunner().invoke(app, ["list"], env={"ACSREC_URL": stack.host.url, "ACSREC_KEY": "wrong"})

    assert result.exit_code == 3
    assert "wants a function key" in result.stderr


def test_a_problem_of_acs_has_its_code_and_its_recording(stack: Stack) -> None:
    call = stack.simulator.place_call()
    request = StartRequest(server_call_id=call.server_call_id, recording_content_type="audio")
    running = stack.recorder.start(request)

    with pytest.raises(Problem) as caught:
        stack.recorder.start(request)

    assert (caught.value.status, caught.value.acs_code, caught.value.id) == (409, "8553", running.id)
    stack.recorder.stop(running.id)


def test_a_field_that_is_wrong_is_named(stack: Stack) -> None:
    with pytest.raises(Problem) as caught:
        stack.recorder.start({"serverCallId": "x", "recordingContentType": "smell"})

    assert [fault.name for fault in caught.value.faults] == ["recordingContentType"]


def test_lists_by_call_by_id_and_over_pages_agree(stack: Stack, completed: Recording) -> None:
    by_id = list(stack.recorder.recordings(recording_id=acs_id(completed)))
    by_call = list(stack.recorder.recordings(server_call_id=str(completed.server_call_id)))
    over_pages = [one.id for one in stack.recorder.recordings(status="completed", limit=1)]

    assert [one.id for one in by_id] == [one.id for one in by_call] == [completed.id]
    assert over_pages.count(completed.id) == 1


def test_a_day_is_consistent_part_by_part(stack: Stack, completed: Recording) -> None:
    reports = list(stack.recorder.consistency(completed.created_at.date()))

    assert [one for report in reports for one in report.differences if one.id == completed.id] == []
    assert sum(report.recordings for report in reports) >= 1


def test_health_and_dependencies_are_answered(stack: Stack) -> None:
    assert stack.recorder.health().status == "healthy"
    assert all(stack.recorder.dependencies().checks.values())
