"""The console that `make local` prints the address of: one sitting of somebody who works with it."""

import io
import re
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from acsrec import Client, Recording
from local.simulator.client import SimulatorAdmin
from local.simulator.scripts import Script
from tests.browser.conftest import OpenPage
from tests.e2e.test_local_run import LocalRun, free_first_port, local_run

ANNA, BERT = "8:acs:1b5c2f9e_00000015-anna", "8:acs:1b5c2f9e_00000015-bert"
SECONDS_A_FILE = 8  # of two channels


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    first_port = free_first_port()
    with local_run(tmp_path_factory.mktemp("clone") / ".local", first_port) as running:
        yield running


@pytest.fixture(scope="module")
def client(run: LocalRun) -> Iterator[Client]:
    with Client(run.variables["ACSREC_URL"], run.variables["ACSREC_KEY"]) as client:
        yield client


@pytest.fixture(scope="module")
def simulator(run: LocalRun) -> SimulatorAdmin:
    return SimulatorAdmin(run.variables["ADMIN"])


@pytest.fixture
def address(run: LocalRun) -> str:
    """The console's, as it is printed."""
    [found] = re.findall(r"^Console +(\S+)", run.text, re.MULTILINE)
    return str(found)


def recorded(client: Client, simulator: SimulatorAdmin, case: str) -> Recording:
    """A call of two that is being recorded, each on a channel."""
    script = Script(chunks=3, chunk_bytes=44 + SECONDS_A_FILE * 64_000)
    call = simulator.place_call(participants=(ANNA, BERT), script=script)
    started = client.start(
        {
            "serverCallId": call.server_call_id,
            "recordingContentType": "audio",
            "recordingChannelType": "unmixed",
            "recordingFormatType": "wav",
            "tags": {"case": case, f"name.{ANNA}": "Anna Svensson"},
        },
        key=case,
    )
    return client.wait(started.id, "active", seconds=20)


def open_case(page: Page, case: str) -> None:
    page.get_by_text("Tag or call").click()
    page.get_by_label("Tag", exact=True).fill("case")
    page.get_by_label("Its value").fill(case)
    page.keyboard.press("Enter")
    page.get_by_role("link", name=f"case: {case}").click()
    expect(page.locator("#detail-heading .status")).to_be_visible()


def test_a_recording_is_found_played_by_voice_taken_away_as_one_file_and_verified(
    open_page: OpenPage, client: Client, simulator: SimulatorAdmin, address: str
) -> None:
    recording = recorded(client, simulator, "4711")
    client.stop(recording.id)
    chunks = client.wait(recording.id, "completed", seconds=30).chunks
    page = open_page(address).page
    open_case(page, "4711")

    page.get_by_role("button", name="Solo Anna Svensson").click()
    expect(page.get_by_role("button", name="Solo Anna Svensson")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".player-clock")).to_contain_text(re.compile(r"0:0[2-9] / 0:24"))
    page.get_by_role("button", name="Pause").click()

    page.get_by_role("button", name="Make one file").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download one file").click()
    taken = Path(download.value.path()).read_bytes()
    sound = b"".join(simulator.content(chunk.document_id)[44:] for chunk in chunks)
    with wave.open(io.BytesIO(taken)) as file:
        assert (file.getnchannels(), file.readframes(file.getnframes())) == (2, sound)

    page.get_by_role("button", name="Verify files").click()
    expect(page.get_by_text("All 6 files in storage (3 of media, 3 of metadata) equal what was proven")).to_be_visible()


def test_a_live_recording_is_paused_and_stopped(
    open_page: OpenPage, client: Client, simulator: SimulatorAdmin, address: str
) -> None:
    recording = recorded(client, simulator, "4712")
    page = open_page(address).page
    open_case(page, "4712")

    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("ACS confirmed: paused.")).to_be_visible()
    assert client.get(recording.id).status == "paused"
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(page.get_by_text("ACS confirmed: it does not record any more.")).to_be_visible()
    assert client.wait(recording.id, "completed", seconds=30).ended_at is not None
    assert simulator.violations() == []
