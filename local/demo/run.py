"""The demo itself: a call recorded from start to completed, its files exported and compared byte by byte.

The call is recorded as unmixed wav, paused once, and cut by the simulator into three chunks.
"""

import hashlib
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from acsrec import SETTLED, download, verify
from local.announcing import console_address, shown
from local.demo.chunks import ChunkWatch
from local.demo.moments import Copying, Outcome, Show, Step, Told
from local.simulator.client import SimulatorAdmin
from local.simulator.scripts import Script
from local.simulator.views import CallView, TopicEventView
from local.stack import CONTAINER, ROOT, Stack

EXPORT = ROOT / ".local" / "demo"
CHUNKS = 3
CHUNK_BYTES = 24_000_000  # with blocks of half a MiB, enough that one sees each bar grow
APP_SETTINGS = {"TRANSFER_BLOCK_BYTES": str(512 * 1024)}
NAMES = ("Ada", "Grace")
SPEAK_SECONDS = 0.5
SETTLE_SECONDS = 60.0
ACTIVE_SECONDS = 15.0
TOLD_SECONDS = 10.0  # how long the last events may take
POLL_SECONDS = 0.03
EVENTS = ("Started", "Paused", "Resumed", "Stopped", *["Stored"] * CHUNKS, "Completed")  # of a demo that goes well


class Telling:
    """Puts the time since the start onto whatever is shown."""

    def __init__(self, show: Show, clock: Callable[[], float] = time.monotonic) -> None:
        self.show = show
        self.clock = clock
        self.began = clock()
        self.events: dict[str, Told] = {}
        self.last_event = 0

    @property
    def seconds(self) -> float:
        return self.clock() - self.began

    def step(self, text: str, outcome: Outcome = "plain") -> None:
        self.show(Step(self.seconds, text, outcome))

    def told(self, arrivals: list[TopicEventView], id: str) -> None:
        """Show what came of this recording, each event once however often it came."""
        for arrival in arrivals:
            self.last_event = arrival.number
            event, data = arrival.event, arrival.event["data"]
            if data["id"] == id and event["id"] not in self.events:
                about = f"chunk {data['index']}" if "index" in data else ""
                self.events[event["id"]] = Told(self.seconds, event["type"], about)
                self.show(self.events[event["id"]])


@dataclass(frozen=True)
class Proof:
    """What a demo ends with.

    Attributes:
        id: of the recording.
        status: of the recording, as the app says.
        differing: how many files differ from what ACS had.
        violations: how many deletions and told ends the simulator objects to.
    """

    id: str
    status: str
    differing: int
    violations: int

    @property
    def holds(self) -> bool:
        return self.status == "completed" and not self.differing and not self.violations


def run(show: Show, directory: Path, look: Callable[[], None]) -> int:
    """Everything, from its start to its end; the exit code.

    Args:
        show: gets each moment.
        directory: for what the parts write.
        look: called in the end, while the console is still there.
    """
    telling = Telling(show)
    telling.step("starting Azurite, the ACS simulator and the functions host")
    with Stack(directory, app_settings=APP_SETTINGS) as stack:
        shutil.rmtree(EXPORT, ignore_errors=True)  # of the demo before: each is as large as this one
        proof = demonstrate(telling, stack, EXPORT)
        look()
    return 0 if proof.holds else 1


def demonstrate(telling: Telling, stack: Stack, exports: Path) -> Proof:
    """The demo on what runs already.

    Args:
        telling: shows what happens.
        stack: the app, ACS and storage.
        exports: where the folder with the files goes.
    """
    telling.step(f"ready: {stack.host.url}/api")
    id = record(telling, stack)
    watch(telling, stack, id)
    proof = prove(telling, stack, id, exports / id)
    tell_proof(telling, proof, shown(exports))
    telling.step(f"console  {console_address(stack, id)}")
    return proof


def record(telling: Telling, stack: Stack) -> str:
    recorder, simulator = stack.recorder, stack.simulator
    call = simulator.place_call(script=Script(chunks=CHUNKS, chunk_bytes=CHUNK_BYTES))
    telling.step(f"a call is placed between {len(call.participants)} participants; its serverCallId goes to the app")
    recording = recorder.start(start_body(call), key=f"demo-{call.call_id}")
    id: str = recording.id
    telling.step(f"POST /api/recordings           201  {recording.status:9} id {id}")
    recorder.wait(id, "active", seconds=ACTIVE_SECONDS)
    tell_events(telling, simulator, id)
    telling.step("ACS records; somebody speaks")
    time.sleep(SPEAK_SECONDS)
    for name, control in (("pause", recorder.pause), ("resume", recorder.resume), ("stop", recorder.stop)):
        telling.step(f"POST /api/recordings/…/{name:6}  200  {control(id).status}")
        tell_events(telling, simulator, id)
    return id


def start_body(call: CallView) -> dict[str, object]:
    names = {f"name.{participant}": name for participant, name in zip(call.participants, NAMES, strict=False)}
    return {
        "serverCallId": call.server_call_id,
        "recordingContentType": "audio",
        "recordingChannelType": "unmixed",
        "recordingFormatType": "wav",
        "tags": {"demo": "yes", **names},
    }


def tell_events(telling: Telling, simulator: SimulatorAdmin, id: str) -> None:
    telling.told(simulator.topic_events(after=telling.last_event), id)


def watch(telling: Telling, stack: Stack, id: str) -> None:
    """Show whatever changes until the recording is settled, and other apps were told so."""
    deadline = time.monotonic() + SETTLE_SECONDS
    with stack.blobs as blobs:
        chunks = ChunkWatch(stack.simulator, blobs.get_container_client(CONTAINER))
        while (recording := stack.recorder.get(id)).status not in SETTLED and time.monotonic() < deadline:
            telling.show(Copying(telling.seconds, chunks.look(recording)))
            tell_events(telling, stack.simulator, id)
            time.sleep(POLL_SECONDS)
        telling.show(Copying(telling.seconds, chunks.look(recording), over=True))
    telling.step(f"recording  {recording.status}", "good" if recording.status == "completed" else "bad")
    deadline = time.monotonic() + TOLD_SECONDS
    while recording.status == "completed" and len(telling.events) < len(EVENTS) and time.monotonic() < deadline:
        tell_events(telling, stack.simulator, id)
        time.sleep(POLL_SECONDS)


def prove(telling: Telling, stack: Stack, id: str, folder: Path) -> Proof:
    """Download the files, compare each with what the simulator recorded, and prove the folder."""
    differing = 0
    for result in download(stack.recorder, id, folder):
        file, simulator = result.file, stack.simulator
        wanted = (simulator.content if file.kind == "content" else simulator.metadata)(file.document_id)
        same = result.is_there and (folder / file.name).read_bytes() == wanted
        differing += not same
        if not same:
            telling.step(f"DIFFERENT: {file.name}, {result.outcome} {result.detail}", "bad")
        elif file.kind == "content":
            digest = hashlib.sha256(wanted).hexdigest()
            telling.step(
                f"{file.name[:4]}.wav  equals what ACS had: {len(wanted):,} bytes, sha256 {digest[:12]}…", "good"
            )
    differing += not verify(folder).proven
    recording = stack.recorder.get(id)
    objections = [one for one in stack.simulator.violations() if one.recording_id == recording.recording_id]
    return Proof(id, recording.status, differing, len(objections))


def tell_proof(telling: Telling, proof: Proof, exports: str) -> None:
    took = f"{telling.seconds:.1f} s in all"
    if proof.holds:
        telling.step("deletions and told ends that the simulator objects to: 0", "good")
        telling.step(f"done: every byte equals what was recorded; see {exports}/; {took}", "good")
        return
    telling.step(
        f"FAILED: the recording is {proof.status}, {proof.differing} files differ, "
        f"the simulator objects to {proof.violations} deletions and told ends; {took}",
        "bad",
    )
