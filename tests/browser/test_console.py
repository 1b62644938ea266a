"""The console in a real browser: what a person finds, sees and does."""

import hashlib
import json
import re
from collections.abc import Iterator

import pytest
from azure.storage.blob import BlobServiceClient
from playwright.sync_api import Locator, Page, expect

from acsrec import Recording
from local.simulator.scripts import EventOptions, Script
from local.stack import CONTAINER, Stack
from tests.browser.conftest import WIDE, OpenPage, Scheme, Watched, faults_of_access
from tests.e2e.steps import WAV, record, settled

SMALL = Script(chunks=2, chunk_bytes=400_000)
HOSTILE = "<img src=x onerror=\"document.title='ran'\">"
REFUSED_HOST = "storage.example.com"
CUT = """[...document.querySelectorAll('button, td, tbody th, dd, p, a, label')]
  .filter((one) => one.offsetParent && one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => one.outerHTML.slice(0, 100))"""
# Wherever a page can leave something.
KEPT = """(async () => [{...sessionStorage}, {...localStorage}, document.cookie, (await indexedDB.databases()).length,
  window.caches ? (await caches.keys()).length : 0])()"""
KEY_NAME = "call-recording-key"
NEAR_ITS_END_SECONDS = 76_000.0  # of the 24 hours; 2 h 53 min are left


@pytest.fixture(scope="module")
def saved(stack: Stack) -> Recording:
    """A completed recording."""
    recording = record(stack, SMALL, tags={"case": "4711", "note": HOSTILE})
    return settled(stack, recording.id)


@pytest.fixture
def running(stack: Stack) -> Iterator[Recording]:
    """A recording that runs."""
    call = stack.simulator.place_call(script=SMALL)
    recording = stack.recorder.start({"serverCallId": call.server_call_id, **WAV, "tags": {"case": "live"}})
    yield stack.recorder.wait(recording.id, "active", seconds=10)
    stack.recorder.stop(recording.id)


@pytest.fixture(scope="module")
def at_risk(stack: Stack) -> Recording:
    """A recording whose file lies where the settings allow nothing to be fetched from, and dies in three hours."""
    events = EventOptions(content_host=REFUSED_HOST)
    recording = record(stack, Script(age_seconds=NEAR_ITS_END_SECONDS, events=events))
    return settled(stack, recording.id, "failed")


def opened(
    open_page: OpenPage, url: str, recording: Recording, scheme: Scheme = "light", size: tuple[int, int] = WIDE
) -> Watched:
    """The console with a recording, shown whole."""
    watched = open_page(f"{url}&id={recording.id}", scheme=scheme, size=size)
    expect(watched.page.locator("#detail-heading .status")).to_be_visible()
    return watched


def row(page: Page, recording: Recording) -> Locator:
    """Where the list shows a recording."""
    return page.locator(f"a[data-id='{recording.id}']")


# Signing in


def test_a_key_in_the_address_signs_in_and_is_erased(open_page: OpenPage, console_url: str, saved: Recording) -> None:
    page = open_page(console_url).page

    expect(row(page, saved)).to_be_visible()
    assert page.url.endswith("/api/console/")
    assert page.evaluate("[history.length, Object.keys(localStorage).length, document.cookie]") == [2, 0, ""]


def test_the_tab_keeps_the_key_and_nothing_of_a_recording(
    open_page: OpenPage, console_url: str, saved: Recording, stack: Stack
) -> None:
    page = opened(open_page, console_url, saved).page

    kept = page.evaluate(KEPT)
    assert kept == [{KEY_NAME: stack.host.keys.default}, {}, "", 0, 0]


def test_a_key_that_is_wrong_is_told_and_forgotten(open_page: OpenPage, stack: Stack) -> None:
    watched = open_page(f"{stack.host.url}/api/console")
    watched.expect("401")
    page = watched.page
    page.get_by_label("Function key").fill("wrong")
    page.keyboard.press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("does not accept this key")
    assert page.evaluate("sessionStorage.length") == 0


def test_signing_out_leaves_nothing_behind(open_page: OpenPage, console_url: str, saved: Recording) -> None:
    page = opened(open_page, console_url, saved).page
    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_label("Function key")).to_be_focused()
    expect(page.get_by_role("status").first).to_contain_text(
        "Signed out. Links that were made before work until they end"
    )
    assert page.evaluate("[sessionStorage.length, location.hash]") == [0, ""]
    assert "4711" not in page.content()


# What is at risk


def test_what_is_at_risk_is_said_before_all_else(open_page: OpenPage, console_url: str, at_risk: Recording) -> None:
    page = open_page(console_url).page
    banner = page.get_by_role("region", name="At risk")

    expect(banner).to_contain_text(re.compile(r"the first unsaved original in 2 h \d+ min"))
    banner.get_by_role("button", name="Show").click()
    expect(page.locator(".only-at-risk")).to_be_visible()
    expect(row(page, at_risk)).to_contain_text("ACS destroys it in 2 h")


def test_while_the_app_does_not_answer_nobody_is_told_that_nothing_is_at_risk(
    open_page: OpenPage, console_url: str
) -> None:
    watched = open_page()
    watched.expect("atRisk")
    watched.page.route("**/api/recordings?atRisk=true", lambda route: route.abort())
    watched.page.goto(console_url)

    expect(watched.page.get_by_role("region", name="At risk")).to_contain_text("is not known")


# Finding


def test_a_recording_is_found_by_its_tag(open_page: OpenPage, stack: Stack, console_url: str, saved: Recording) -> None:
    other = record(stack, Script(), tags={"case": "4712"})
    settled(stack, other.id)
    page = open_page(console_url).page
    expect(row(page, other)).to_be_visible()
    page.get_by_text("Tag or call").click()
    page.get_by_label("Tag", exact=True).fill("case")
    page.get_by_label("Its value").fill("4711")
    page.keyboard.press("Enter")

    expect(row(page, other)).to_have_count(0)
    expect(row(page, saved)).to_contain_text("case: 4711")
    page.get_by_label("Its value").fill("none")
    page.keyboard.press("Tab")
    expect(page.locator(".list")).to_contain_text("No recording fits these filters.")


def test_a_day_is_one_of_the_browser_s_zone(open_page: OpenPage, console_url: str, saved: Recording) -> None:
    page = open_page(console_url).page
    day = page.evaluate("(at) => new Date(at).toLocaleDateString('sv')", saved.created_at.isoformat())
    page.get_by_label("From day").fill(day)
    page.get_by_label("To day").fill(day)

    expect(row(page, saved)).to_be_visible()
    page.get_by_label("From day").fill("2020-01-01")
    page.get_by_label("To day").fill("2020-01-01")
    expect(page.locator(".list")).to_contain_text("No recording fits these filters.")


def test_what_a_tag_says_is_text_and_runs_nothing(open_page: OpenPage, console_url: str, saved: Recording) -> None:
    page = opened(open_page, console_url, saved).page

    expect(page.locator(".tags")).to_contain_text(HOSTILE)
    assert page.title() == "Call recordings"
    assert page.locator("img").count() == 0


# Controlling


def test_a_live_recording_is_paused_resumed_and_stopped(
    open_page: OpenPage, stack: Stack, console_url: str, running: Recording
) -> None:
    page = opened(open_page, console_url, running).page
    status = page.locator("#detail-heading .status")
    expect(status).to_contain_text("recording")

    page.get_by_role("button", name="Pause").click()
    expect(status).to_contain_text("paused")
    expect(page.locator(".said")).to_have_text("ACS confirmed: paused.")
    expect(row(page, running)).to_contain_text("paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".said")).to_contain_text("it records again")
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert stack.recorder.get(running.id).status == "active"
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(page.locator(".said")).to_have_text("ACS confirmed: it does not record any more.")
    assert stack.recorder.get(running.id).ended_at is not None


def test_what_was_rejected_is_replayed_once_the_setting_is_mended(
    open_page: OpenPage, stack: Stack, console_url: str
) -> None:
    environment = dict(stack.host.environment)
    stack.host.environment = environment | {"RECORDING_HOST_SUFFIXES": ".example.com"}
    stack.host.restart()
    try:
        recording = settled(stack, record(stack, SMALL).id, "failed")
    finally:
        stack.host.environment = environment
        stack.host.restart()
    page = opened(open_page, console_url, recording).page
    expect(page.locator("tbody").first).to_contain_text("RECORDING_HOST_SUFFIXES")

    page.get_by_role("button", name="Try to save again").click()
    expect(page.locator(".said")).to_contain_text("Sent again: 2 to be copied")
    settled(stack, recording.id)
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#detail-heading .status")).to_contain_text("completed")
    expect(page.get_by_role("button", name="Try to save again")).to_have_count(0)


def test_trying_again_what_cannot_be_is_no_success(open_page: OpenPage, console_url: str, at_risk: Recording) -> None:
    page = opened(open_page, console_url, at_risk).page
    expect(page.locator(".deadline").last).to_contain_text("Nothing is lost yet. Its file is at ACS only.")
    page.get_by_role("button", name="Try to save again").click()

    expect(page.locator(".said.problem")).to_contain_text("Nothing was sent")
    expect(page.get_by_role("button", name="Try to save again")).to_be_focused()


def test_nothing_is_told_again_before_somebody_was_asked(
    open_page: OpenPage, console_url: str, saved: Recording
) -> None:
    page = opened(open_page, console_url, saved).page
    page.get_by_role("button", name="Send all events again").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.locator(".said")).to_have_count(0)
    page.get_by_role("button", name="Send all events again").click()
    page.get_by_role("dialog").get_by_role("button", name="Send again").click()

    expect(page.locator(".said")).to_have_text(re.compile(r"[4-6] events are sent again\."))


def test_a_value_without_its_tag_is_told_to_find_nothing(
    open_page: OpenPage, console_url: str, saved: Recording
) -> None:
    page = open_page(console_url).page
    expect(row(page, saved)).to_be_visible()
    page.get_by_text("Tag or call").click()
    page.get_by_label("Its value").fill("4711")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Name the tag, too")).to_be_visible()
    expect(page.locator("#known-tags option[value=case]")).to_have_count(1)


# Taking away, and proving


def test_what_is_downloaded_has_the_names_and_checksums_of_the_list(
    open_page: OpenPage, console_url: str, saved: Recording
) -> None:
    page = opened(open_page, console_url, saved).page
    with page.expect_download() as listed:
        page.get_by_role("button", name="Save checksums").click()
    found = {}
    for kind in ("media", "metadata"):
        for number in range(1, len(saved.chunks) + 1):
            with page.expect_download() as file:
                page.get_by_role("button", name=f"Download {kind} of file {number}").click()
            found[file.value.suggested_filename] = hashlib.sha256(file.value.path().read_bytes()).hexdigest()

    lines = listed.value.path().read_text().splitlines()
    assert re.fullmatch(rf"20\d\d-\d\d-\d\dT\d{{6}}Z-{saved.id[:8]}\.sha256", listed.value.suggested_filename)
    assert {name: digest for digest, _, name in (line.partition("  ") for line in lines)} == found
    assert len(found) == 2 * len(saved.chunks)


def test_the_record_is_saved_as_the_app_tells_it(
    open_page: OpenPage, stack: Stack, console_url: str, saved: Recording
) -> None:
    page = opened(open_page, console_url, saved).page
    with page.expect_download() as file:
        page.get_by_role("button", name="Save record").click()

    assert json.loads(file.value.path().read_bytes()) == stack.recorder.document(saved.id).json()


def test_files_are_verified_against_what_was_proven(open_page: OpenPage, console_url: str, saved: Recording) -> None:
    page = opened(open_page, console_url, saved).page
    page.get_by_role("button", name="Verify files").click()

    expect(page.locator(".said")).to_contain_text(
        re.compile(r"All 4 files in storage \(2 of media, 2 of metadata\) equal what was proven: 80\d\.\d kB read")
    )


def test_a_file_that_was_altered_is_told(open_page: OpenPage, stack: Stack, console_url: str) -> None:
    recording = settled(stack, record(stack, Script()).id)
    [chunk] = recording.chunks
    with BlobServiceClient.from_connection_string(stack.azurite.connection_string) as blobs:
        blobs.get_blob_client(CONTAINER, chunk.content_blob).upload_blob(b"other", overwrite=True)
    watched = opened(open_page, console_url, recording)
    watched.expect("409")
    watched.page.get_by_role("button", name="Verify files").click()

    expect(watched.page.locator(".said")).to_contain_text("1 of 2 files in storage equal what was proven")
    expect(watched.page.locator(".said")).to_contain_text("was written or changed after its copy was proven")


# For everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barrier_is_known_to_axe(
    open_page: OpenPage, console_url: str, saved: Recording, at_risk: Recording, scheme: Scheme
) -> None:
    page = opened(open_page, console_url, saved, scheme=scheme).page

    assert faults_of_access(page) == []
    row(page, at_risk).click()
    expect(page.locator("#detail-heading .status")).to_contain_text("failed")
    assert faults_of_access(page) == []
    page.get_by_role("button", name="Sign out").click()
    assert faults_of_access(page) == []


@pytest.mark.parametrize("width", [320, 390])
def test_a_narrow_screen_loses_nothing(
    open_page: OpenPage, console_url: str, saved: Recording, at_risk: Recording, width: int
) -> None:
    for recording in (saved, at_risk):
        page = opened(open_page, console_url, recording, size=(width, 700)).page

        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate(CUT) == []


def test_everything_is_done_by_keyboard(open_page: OpenPage, console_url: str, saved: Recording) -> None:
    page = open_page(console_url).page
    expect(row(page, saved)).to_be_visible()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.id") == saved.id:
            break
    page.keyboard.press("Enter")

    expect(page.locator("#detail-heading")).to_be_focused()
    page.keyboard.press("Escape")
    expect(row(page, saved)).to_be_focused()


def test_the_focus_stays_on_its_row_while_the_list_is_asked_for_anew(
    open_page: OpenPage, stack: Stack, console_url: str, saved: Recording
) -> None:
    page = open_page(console_url).page
    row(page, saved).focus()
    newer = record(stack, SMALL)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(row(page, newer)).to_be_visible()
    expect(row(page, saved)).to_be_focused()


def test_what_changes_by_itself_is_said_aloud(
    open_page: OpenPage, stack: Stack, console_url: str, running: Recording
) -> None:
    page = opened(open_page, console_url, running).page
    stack.recorder.stop(running.id)
    settled(stack, running.id)
    page.get_by_role("button", name="Refresh").click()

    expect(page.locator("#announcer")).to_contain_text("is completed now.")
