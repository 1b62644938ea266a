"""Answers as they should not be, and recordings as they seldom are: what is said of them is true, or not known."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched
from tests.browser.console_page import FIRST, MEDIA, SECOND, ScriptedApp, chunk, listed, recording, stamp

RISK = "[aria-label='At risk']"
LINKS_MAX = 3  # to a file that cannot be had: it is asked for anew once or twice
SOON_MILLISECONDS = 10_000  # 1.7 s where it was measured
HTML = "<!doctype html><title>Sign in</title>"
RIGHT_TO_LEFT = "\u202e"
PARTICIPANT = "8:acs:0123456789-abcdefghijkl"


# Times


def test_a_deadline_is_told_by_the_app_s_clock(page: Page, app: ScriptedApp) -> None:
    app.off = timedelta(hours=12)
    app.says(r"GET /recordings\?atRisk.*", 200, listed(recording(expiresAt=stamp(15))))
    app.open()

    expect(page.locator(RISK)).to_contain_text(re.compile("in (2 h 59|3 h 0) min"))


def test_what_may_be_destroyed_by_now_is_not_told_to_have_time(page: Page, app: ScriptedApp) -> None:
    late = {"expiresAt": stamp(-3), "status": "transferring"}
    pending = chunk(status="pending", sha256=None, bytes=None, expiresAt=stamp(-3))
    app.has(recording(FIRST, pending, **late))
    app.says(r"GET /recordings\?atRisk.*", 200, listed(recording(**late)))
    app.open(f"&id={FIRST}")

    for place in (RISK, ".rows .deadline", ".detail .deadline", "tbody"):
        expect(page.locator(place)).to_contain_text("ACS may have destroyed")
        expect(page.locator(place)).not_to_contain_text("destroys")


def test_a_page_that_slept_does_not_say_that_nothing_is_at_risk(page: Page, app: ScriptedApp) -> None:
    page.clock.install()
    app.open()
    expect(page.locator(RISK)).to_contain_text("Nothing is at risk")
    app.hold("GET .*")
    page.clock.fast_forward(600_000)

    expect(page.locator(RISK)).to_contain_text("is not known")


def test_a_wrong_clock_of_the_computer_has_no_link_asked_for_again_and_again(
    page: Page, app: ScriptedApp, watched: Watched
) -> None:
    watched.expect(MEDIA)
    app.off = timedelta(hours=-12)
    app.says("GET /recordings/.*/content.*", 200, {"url": f"{MEDIA}/x", "expiresAt": stamp(-11.5)})
    app.has(recording(FIRST, chunk(), status="completed", recordingFormatType="wav"))
    app.open(f"&id={FIRST}")
    app.wait_asked("GET /recordings/.*/content.*")
    page.wait_for_timeout(1000)

    assert sum("/content" in one for one in app.asked) <= LINKS_MAX


# What is at risk


def test_an_empty_page_of_risks_is_not_their_end(page: Page, app: ScriptedApp) -> None:
    app.says(r"GET /recordings\?atRisk=true", 200, listed(continuation="a"))
    app.says(r"GET /recordings\?atRisk=true&continuation=a", 200, listed(recording(expiresAt=stamp(3))))
    app.open()

    expect(page.locator(RISK)).to_contain_text("1 recording is at risk")


@pytest.mark.parametrize("body", [{}, [], HTML, "null", {"recordings": None, "unreadable": []}])
def test_an_answer_that_is_none_says_nothing_of_risks(page: Page, app: ScriptedApp, body: object) -> None:
    app.says(r"GET /recordings\?atRisk=true", 200, body)
    app.open()

    expect(page.locator(RISK)).to_contain_text("is not known")


# Requests that go astray


@pytest.mark.parametrize("status", [200, 502])
def test_a_page_in_place_of_an_answer_leaves_open_whether_it_was_stopped(
    page: Page, app: ScriptedApp, watched: Watched, status: int
) -> None:
    watched.expect("502")
    app.has(recording())
    app.says("POST .*", status, HTML)
    app.open(f"&id={FIRST}")
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()

    expect(page.locator(".said")).to_contain_text("Whether it did what was asked is not known.")


def test_a_key_that_no_header_can_carry_is_refused(page: Page, app: ScriptedApp) -> None:
    app.open()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Function key").fill("a\u200bkey")
    page.keyboard.press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("does not accept this key")


@pytest.mark.parametrize("id", ["..", ".", "%2e%2e", "../health", "a/b", "%00"])
def test_an_id_in_the_address_leads_to_no_other_route(page: Page, app: ScriptedApp, id: str) -> None:
    app.open(f"&id={id}")

    expect(page.get_by_role("alert")).to_contain_text("No recording has such an id.")
    assert [one for one in app.asked if not one.startswith("GET /recordings?")] == []


# Recordings


def test_a_recording_that_only_an_event_told_of_is_shown(page: Page, app: ScriptedApp) -> None:
    app.has(recording(FIRST, origin="event", status="stopped", recordingId=None))
    app.open(f"&id={FIRST}")

    expect(page.locator(".facts")).to_contain_text("another app")


def test_what_a_newer_app_says_is_shown_in_its_words(page: Page, app: ScriptedApp, watched: Watched) -> None:
    watched.expect(MEDIA)
    app.has(recording(FIRST, chunk(status="moved"), status="frozen", novel={"a": 1}))
    app.says("GET /recordings/.*/events", 200, {"events": [{"key": "a", "type": "X", "time": stamp(), "by": "b"}]})
    app.open(f"&id={FIRST}")

    expect(page.locator("#detail-heading .status")).to_contain_text("frozen")
    expect(page.get_by_role("region", name="Files of the recording")).to_contain_text("moved")


def test_no_copy_is_claimed_of_a_file_in_a_container_of_the_operator_s_own(
    page: Page, app: ScriptedApp, watched: Watched
) -> None:
    own = chunk(status="stored", contentBlob="https://a.blob.core.windows.net/own/0.wav", metadataSha256="1" * 64)
    watched.expect("409")
    app.says("GET /recordings/.*/content.*", 409, {"detail": "The chunk's files lie in your own container."})
    app.has(recording(FIRST, own, status="completed", recordingFormatType="wav"))
    app.open(f"&id={FIRST}")
    files = page.get_by_role("region", name="Files of the recording")

    expect(files).to_contain_text("in your container")
    expect(files.get_by_role("button")).to_have_count(0)
    for name in ("Make one file", "Save checksums", "Verify files"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)


def test_a_tag_turns_no_text_round_but_its_own(page: Page, app: ScriptedApp) -> None:
    app.has(recording(FIRST, tags={"case": f"{RIGHT_TO_LEFT}1174", "other": "value"}))
    app.open(f"&id={FIRST}")
    expect(page.locator(".detail .tags")).to_contain_text("value")

    for place in (".rows .which", ".detail .tags"):
        isolated = page.locator(place).locator("bdi", has_text=RIGHT_TO_LEFT)
        expect(isolated.first).to_be_visible()


@pytest.mark.parametrize("name", [" ", "\u200b\u202e", "\u2800"])
def test_a_name_that_cannot_be_seen_is_none(page: Page, app: ScriptedApp, watched: Watched, name: str) -> None:
    watched.expect(MEDIA)
    heard = chunk(participants=[{"id": PARTICIPANT, "channel": 0}])
    app.has(recording(FIRST, heard, tags={f"name.{PARTICIPANT}": name}))
    app.open(f"&id={FIRST}")

    expect(page.locator(".facts .participant summary")).to_have_text("…abcdefghijkl")


@pytest.mark.parametrize("width", [320, 1360])
def test_long_words_widen_nothing(page: Page, app: ScriptedApp, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    long = "W" * 3000
    app.has(
        recording(
            FIRST, tags={long: long, "a": long}, failure=long, waitsFor=long, sameAs=SECOND, sessionEndReason=long
        )
    )
    app.open(f"&id={FIRST}")
    expect(page.locator(".detail .tags")).to_contain_text(long)

    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_double_click_on_stop_stops_nothing(page: Page, app: ScriptedApp) -> None:
    app.has(recording())
    for width in (320, 390, 800, 1360):
        page.set_viewport_size({"width": width, "height": 700})
        app.open(f"&id={FIRST}")
        page.get_by_role("button", name="Stop").dblclick()
        page.keyboard.press("Escape")

    assert [one for one in app.asked if one.startswith("POST")] == []


def test_a_recording_of_many_files_is_shown_soon(page: Page, app: ScriptedApp, watched: Watched) -> None:
    watched.expect(MEDIA)
    app.has(recording(FIRST, *map(chunk, range(2000)), status="completed", recordingFormatType="wav"))
    app.says(
        "GET /recordings/.*/events",
        200,
        {"events": [{"key": str(n), "type": "X", "time": stamp(), "by": "b", "attempts": 1} for n in range(1000)]},
    )
    app.open(f"&id={FIRST}")

    expect(page.locator("tbody tr")).to_have_count(3000, timeout=SOON_MILLISECONDS)


# What was made of it


def test_a_file_of_fewer_parts_than_there_are_now_is_not_offered(
    page: Page, app: ScriptedApp, watched: Watched
) -> None:
    watched.expect(MEDIA)
    done = {"status": "completed", "recordingFormatType": "wav"}
    app.has(recording(FIRST, chunk(), **done))
    app.says("POST .*", 200, {"url": f"{MEDIA}/x", "expiresAt": stamp(1), "bytes": 1, "parts": 1})
    app.open(f"&id={FIRST}")
    page.get_by_role("button", name="Make one file").click()
    expect(page.get_by_text("Download one file")).to_be_visible()
    app.has(recording(FIRST, chunk(), chunk(1), **done))
    page.get_by_role("button", name="Refresh").click()

    expect(page.get_by_text("Download one file")).to_have_count(0)


def test_a_link_that_has_ended_is_not_offered(page: Page, app: ScriptedApp, watched: Watched) -> None:
    watched.expect(MEDIA)
    app.has(recording(FIRST, chunk(), status="completed", recordingFormatType="wav"))
    app.says("POST .*", 200, {"url": f"{MEDIA}/x", "expiresAt": stamp(-1), "bytes": 1, "parts": 1})
    app.open(f"&id={FIRST}")
    page.get_by_role("button", name="Make one file").click()
    app.wait_asked("POST .*")
    page.wait_for_timeout(100)

    expect(page.get_by_text("Download one file")).to_have_count(0)


# By keyboard


def test_the_focus_stays_on_what_was_pressed(page: Page, app: ScriptedApp) -> None:
    app.has(recording())
    app.says(f"POST /recordings/{FIRST}/pause", 200, recording(FIRST, status="paused"))
    app.open(f"&id={FIRST}")
    page.get_by_role("button", name="Pause").focus()
    app.has(recording(status="paused"))
    page.keyboard.press("Enter")

    expect(page.locator(".said")).to_be_visible()
    expect(page.get_by_role("button", name="Resume")).to_be_focused()


def test_the_focus_on_stop_never_comes_to_lie_on_pause(page: Page, app: ScriptedApp) -> None:
    app.has(recording(status="starting"))
    app.open(f"&id={FIRST}")
    page.get_by_role("button", name="Stop").focus()
    app.has(recording())
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()

    expect(page.get_by_role("button", name="Stop")).to_be_focused()


# A browser as it seldom is

NOTHING_STORED = """Object.defineProperty(window, "sessionStorage", {
  get() { throw new DOMException("blocked", "SecurityError"); },
});"""


def test_where_a_page_may_store_nothing_the_key_lasts_as_long_as_the_page(page: Page, app: ScriptedApp) -> None:
    page.add_init_script(NOTHING_STORED)
    app.has(recording(FIRST, tags={"case": "4711"}))
    app.open()
    expect(page.locator(".rows")).to_contain_text("4711")
    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_label("Function key")).to_be_visible()
