"""Answers that come late, twice or out of order: nothing of one recording, or of one session, is said of another."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched
from tests.browser.console_page import ADDRESS, FIRST, KEY, MEDIA, SECOND, ScriptedApp, chunk, listed, recording, stamp

RISK = "[aria-label='At risk']"


def status(page: Page, says: str) -> None:
    expect(page.locator("#detail-heading .status")).to_contain_text(says)


def choose(page: Page, id: str) -> None:
    page.evaluate("(id) => { location.hash = `#id=${id}`; }", id)


# Another recording is opened meanwhile


def test_the_answer_to_an_action_is_not_shown_as_another_recording(page: Page, app: ScriptedApp) -> None:
    app.has(recording(FIRST), recording(SECOND, status="failed", failure="The second one failed."))
    app.open(f"&id={FIRST}")
    app.hold(f"POST /recordings/{FIRST}/pause")
    page.get_by_role("button", name="Pause").click()
    app.wait_held()
    choose(page, SECOND)
    status(page, "failed")
    app.hold(f"GET /recordings/{SECOND}")
    app.fulfill(app.held[0], 200, recording(FIRST, status="paused"))
    page.wait_for_timeout(100)

    status(page, "failed")
    expect(page.locator(".facts")).to_contain_text(SECOND)


def test_what_failed_is_told_to_whoever_has_gone_on(page: Page, app: ScriptedApp, watched: Watched) -> None:
    watched.expect("502")
    app.has(recording(FIRST), recording(SECOND))
    app.open(f"&id={FIRST}")
    app.hold(f"POST /recordings/{FIRST}/pause")
    page.get_by_role("button", name="Pause").click()
    app.wait_held()
    choose(page, SECOND)
    expect(page.locator(".facts")).to_contain_text(SECOND)
    app.release(0, 502, {"detail": "ACS did not pause it."})

    expect(page.locator(".list").get_by_role("alert")).to_contain_text("which was shown before: ACS did not pause it.")
    expect(page.locator(".said")).to_have_count(0)


def test_a_question_that_is_still_open_stops_no_other_recording(page: Page, app: ScriptedApp) -> None:
    app.has(recording(FIRST), recording(SECOND))
    app.open(f"&id={FIRST}")
    page.get_by_role("button", name="Stop").click()
    choose(page, SECOND)
    expect(page.locator(".facts")).to_contain_text(SECOND)
    confirm = page.get_by_role("dialog").get_by_role("button", name="Stop")
    if confirm.count():
        confirm.click()
    page.wait_for_timeout(100)

    assert [one for one in app.asked if one.startswith("POST")] == []
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_file_of_one_recording_is_not_offered_as_another_s(page: Page, app: ScriptedApp, watched: Watched) -> None:
    watched.expect(MEDIA)
    done = {"status": "completed", "recordingFormatType": "wav"}
    app.has(recording(FIRST, chunk(), **done), recording(SECOND, chunk(), **done))
    app.open(f"&id={FIRST}")
    app.hold(f"POST /recordings/{FIRST}/exports")
    page.get_by_role("button", name="Make one file").click()
    app.wait_held()
    choose(page, SECOND)
    expect(page.locator(".facts")).to_contain_text(SECOND)
    app.release(0, 200, {"url": f"{MEDIA}/x", "expiresAt": stamp(1), "bytes": 1, "parts": 1})
    page.wait_for_timeout(100)

    expect(page.get_by_text("Download one file")).to_have_count(0)


# Answers that overtake each other


def test_an_older_answer_does_not_replace_what_acs_confirmed_since(page: Page, app: ScriptedApp) -> None:
    app.has(recording(FIRST))
    app.open(f"&id={FIRST}")
    status(page, "recording")
    app.hold(f"GET /recordings/{FIRST}")
    page.get_by_role("button", name="Refresh").click()
    app.wait_held()
    app.says(f"POST /recordings/{FIRST}/pause", 200, recording(FIRST, status="paused"))
    page.get_by_role("button", name="Pause").click()
    status(page, "paused")
    app.release(0, 200, recording(FIRST))
    page.wait_for_timeout(100)

    status(page, "paused")


def test_an_older_answer_does_not_take_a_risk_back(page: Page, app: ScriptedApp) -> None:
    app.hold(r"GET /recordings\?atRisk=true")
    app.open()
    app.wait_held()
    page.get_by_role("button", name="Refresh").click()
    app.wait_held(2)
    app.release(1, 200, listed(recording(expiresAt=stamp(3))))
    expect(page.locator(RISK)).to_contain_text("1 recording is at risk")
    app.release(0, 200, listed())
    page.wait_for_timeout(100)

    expect(page.locator(RISK)).to_contain_text("1 recording is at risk")


# The session


def test_a_refusal_of_an_old_key_does_not_end_a_new_session(page: Page, app: ScriptedApp, watched: Watched) -> None:
    watched.expect("401")
    app.has(recording(FIRST))
    app.open()
    expect(page.locator(f"a[data-id='{FIRST}']")).to_be_visible()
    app.hold(r"GET /recordings\?limit.*")
    page.get_by_role("button", name="Refresh").click()
    app.wait_held()
    page.get_by_role("button", name="Sign out").click()
    app.holding.clear()
    page.get_by_label("Function key").fill("another")
    page.keyboard.press("Enter")
    expect(page.locator(f"a[data-id='{FIRST}']")).to_be_visible()
    app.release(0, 401, "")
    page.wait_for_timeout(100)

    expect(page.locator(f"a[data-id='{FIRST}']")).to_be_visible()


def test_what_was_at_risk_for_one_session_is_not_said_in_the_next(page: Page, app: ScriptedApp) -> None:
    app.hold(r"GET /recordings\?atRisk=true")
    app.open()
    app.wait_held()
    page.get_by_role("button", name="Sign out").click()
    app.fulfill(app.held[0], 200, listed())
    page.wait_for_timeout(100)
    page.get_by_label("Function key").fill("another")
    page.keyboard.press("Enter")
    app.wait_held(2)

    expect(page.locator(RISK)).to_contain_text("is not known")


def test_a_session_that_ends_takes_its_question_along(page: Page, app: ScriptedApp, watched: Watched) -> None:
    watched.expect("401")
    app.has(recording(FIRST))
    app.open(f"&id={FIRST}")
    page.get_by_role("button", name="Stop").click()
    app.says("GET .*", 401, "")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("alert")).to_contain_text("does not accept this key")

    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_key_that_comes_with_the_address_later_signs_in(page: Page, app: ScriptedApp) -> None:
    app.has(recording(FIRST))
    page.goto(ADDRESS)
    choose(page, FIRST)
    page.evaluate("(key) => { location.hash = `#key=${key}`; }", KEY)

    expect(page.locator(f"a[data-id='{FIRST}']")).to_be_visible()


@pytest.mark.parametrize("key", ["a+b/c==", "100%", "a-_b=="])
def test_a_key_in_the_address_is_taken_as_it_is(page: Page, app: ScriptedApp, key: str) -> None:
    page.goto(f"{ADDRESS}#key={key}")
    app.wait_asked("GET .*")

    assert app.keys[0] == key


# What keeps the page up to date


def test_an_answer_that_makes_no_sense_ends_no_refreshing(page: Page, app: ScriptedApp) -> None:
    page.clock.install()
    app.open()
    expect(page.locator(RISK)).to_contain_text("Nothing is at risk")
    app.says("GET .*", 200, {})
    page.clock.run_for(61_000)
    expect(page.locator(RISK)).to_contain_text("is not known")
    app.says(r"GET /recordings\?.*", 200, listed(recording(expiresAt=stamp(3))))
    page.clock.run_for(61_000)

    expect(page.locator(RISK)).to_contain_text("1 recording is at risk")


def test_a_recording_that_could_not_be_had_at_first_gets_its_player(
    page: Page, app: ScriptedApp, watched: Watched
) -> None:
    watched.expect("503")
    watched.expect(MEDIA)
    app.says(f"GET /recordings/{FIRST}", 503, {"detail": "Table Storage did not answer."})
    app.open(f"&id={FIRST}")
    expect(page.get_by_role("alert")).to_contain_text("did not answer")
    app.has(recording(FIRST, chunk(), status="completed"))
    page.get_by_role("button", name="Refresh").click()

    expect(page.locator(".player-host")).to_be_visible()


def test_a_list_that_was_looked_further_back_in_stays_as_long(page: Page, app: ScriptedApp) -> None:
    old, new = recording(FIRST), recording(SECOND)
    app.says(r"GET /recordings\?limit=50", 200, listed(new, continuation="a"))
    app.says(r"GET /recordings\?limit=100", 200, listed(new, continuation="a"))
    app.says(r"GET /recordings\?.*continuation=a", 200, listed(old))
    app.open()
    page.get_by_role("button", name="Look further back").click()
    expect(page.locator(f"a[data-id='{FIRST}']")).to_be_visible()
    page.get_by_role("button", name="Refresh").click()
    app.wait_asked(r"GET /recordings\?atRisk=true", 2)
    page.wait_for_timeout(100)

    expect(page.locator(f"a[data-id='{FIRST}']")).to_be_visible()
    expect(page.get_by_role("button", name="Look further back")).to_have_count(0)


def test_what_somebody_is_typing_stays_while_the_list_is_shown_anew(page: Page, app: ScriptedApp) -> None:
    app.has(recording(FIRST, tags={"case": "4711"}))
    app.open()
    page.get_by_text("Tag or call").click()
    page.get_by_label("Its value").press_sequentially("47")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    app.wait_asked("GET /recordings.limit=50", 2)
    page.wait_for_timeout(200)
    page.get_by_label("Its value").press_sequentially("11")

    expect(page.get_by_label("Its value")).to_have_value("4711")
