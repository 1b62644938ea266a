"""`make demo`: place a simulated call, record it, watch its files arrive, export them and compare the bytes.

The call is recorded as unmixed wav, paused once, and cut by the simulator into three chunks.
"""

import hashlib
import sys
import tempfile
import time
from pathlib import Path

from acsrec import SETTLED, Chunk, Client, Recording, download, verify
from local.simulator.client import SimulatorAdmin
from local.simulator.scripts import Script
from local.stack import ROOT, Stack

EXPORT = ROOT / ".local" / "demo"
CHUNKS = 3
CHUNK_BYTES = 6_000_000  # more than one block, so that what is shown is the real path
SPEAK_SECONDS = 1.0
SETTLE_SECONDS = 60.0
ACTIVE_SECONDS = 15.0


class DemoProgress:
    """Prints each step with the time since the start."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def print_step(self, text: str) -> None:
        print(f"{time.monotonic() - self.began:6.2f} s  {text}", flush=True)


def main() -> int:
    progress = DemoProgress()
    progress.print_step("starting Azurite, the ACS simulator and the functions host")
    with tempfile.TemporaryDirectory(prefix="call-recording-") as directory, Stack(Path(directory)) as stack:
        progress.print_step(f"ready: {stack.host.url}/api, {len(stack.host.functions)} functions")
        id = record(progress, stack.recorder, stack.simulator)
        watch(progress, stack.recorder, id)
        recording = stack.recorder.get(id)
        differing = export(progress, stack, recording)
        violations = stack.simulator.violations()
    progress.print_step(f"deletions and told ends that the simulator objects to: {len(violations)}")
    if recording.status != "completed" or differing or violations:
        progress.print_step(f"FAILED: the recording is {recording.status}, {differing} files differ")
        return 1
    progress.print_step(f"done: every byte equals what was recorded; see {EXPORT.relative_to(ROOT)}/")
    return 0


def record(progress: DemoProgress, recorder: Client, simulator: SimulatorAdmin) -> str:
    call = simulator.place_call(script=Script(chunks=CHUNKS, chunk_bytes=CHUNK_BYTES))
    progress.print_step(
        f"a call is placed between {len(call.participants)} participants; its serverCallId goes to the app"
    )
    recording = recorder.start(
        {
            "serverCallId": call.server_call_id,
            "recordingContentType": "audio",
            "recordingChannelType": "unmixed",
            "recordingFormatType": "wav",
            "tags": {"demo": "yes"},
        },
        key=f"demo-{call.call_id}",
    )
    id: str = recording.id
    progress.print_step(f"POST /api/recordings            201  {recording.status:12} id {id}")
    recorder.wait(id, "active", seconds=ACTIVE_SECONDS)
    progress.print_step("ACS records; somebody speaks")
    time.sleep(SPEAK_SECONDS)
    progress.print_step(f"POST /api/recordings/…/pause      200  {recorder.pause(id).status}")
    progress.print_step(f"POST /api/recordings/…/resume     200  {recorder.resume(id).status}")
    progress.print_step(f"POST /api/recordings/…/stop       200  {recorder.stop(id).status}")
    return id


def watch(progress: DemoProgress, recorder: Client, id: str) -> None:
    """Say whatever changes until the recording is settled."""
    seen: dict[str, str] = {}
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        recording = recorder.get(id)
        now = {f"chunk {c.index}": describe(c) for c in recording.chunks} | {"recording": recording.status}
        for name, status in now.items():
            if seen.get(name) != status:
                progress.print_step(f"{name}: {status}")
        seen = now
        if recording.status in SETTLED:
            return
        time.sleep(0.05)


def describe(chunk: Chunk) -> str:
    proof = f", {chunk.bytes:,} bytes, sha256 {chunk.sha256[:12]}…" if chunk.sha256 else ""
    return f"{chunk.status}{proof}"


def export(progress: DemoProgress, stack: Stack, recording: Recording) -> int:
    """Download the files, and prove the folder; returns how many files differ from what the simulator recorded."""
    folder = EXPORT / recording.id
    differing = 0
    for result in download(stack.recorder, recording.id, folder):
        file, simulator = result.file, stack.simulator
        wanted = (simulator.content if file.kind == "content" else simulator.metadata)(file.document_id)
        same = result.is_there and (folder / file.name).read_bytes() == wanted
        differing += not same
        told = "equal" if same else f"DIFFERENT, {result.outcome} {result.detail}"
        progress.print_step(f"{told}: {file.name} {len(wanted):,} bytes {hashlib.sha256(wanted).hexdigest()[:12]}…")
    return differing + (not verify(folder).proven)


if __name__ == "__main__":
    sys.exit(main())
