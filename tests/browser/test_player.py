"""The player, measured in a real browser: sound, borders of files, links that end, closed storage, keys, room."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import pytest
from playwright.sync_api import Page, expect

from local.simulator.bodies import whole
from local.simulator.media import make_media
from tests.browser.conftest import OpenPage, Watched, faults_of_access
from tests.browser.player_page import (
    Storage,
    chunk,
    player_page,
    recording,
    silence,
    stamp,
    tone,
    wav,
    wav_head,
)

BREAK_MILLISECONDS_MAX = 100
TRIES = 3
FILM_BYTES = 625_000
OPENING_MILLISECONDS_MAX = 2000  # from the address being opened to sound being heard
NO_CORS = "The storage account answers no other origin (CORS): wave forms and single voices are not available"

# What is heard just now on each channel, after its level: the loudest of the last 5 ms.
PEAKS = """() => host.player.analysers.map((one) => {
  const wave = new Float32Array(one.fftSize);
  one.getFloatTimeDomainData(wave);
  return Math.max(...wave.map(Math.abs));
})"""
# [milliseconds, position, loudest of all channels], taken as often as the page gets to it, up to a position.
SAMPLES = """async (until) => {
  const end = performance.now() + 10_000;
  const waves = new Float32Array(256);
  const loudest = () => Math.max(...host.player.analysers.map((one) => {
    one.getFloatTimeDomainData(waves);
    return Math.max(...waves.map(Math.abs));
  }));
  const taken = [];
  while (host.player.position() < until && performance.now() < end) {
    taken.push([performance.now(), host.player.position(), loudest()]);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return taken;
}"""


type Sample = tuple[float, float, float]


@dataclass
class Shown:
    """The page of a recording, and the storage behind it."""

    watched: Watched
    storage: Storage

    @property
    def page(self) -> Page:
        return self.watched.page

    def play(self) -> None:
        self.page.get_by_role("button", name="Play", exact=True).click()

    def position(self) -> float:
        return cast("float", self.page.evaluate("host.player.position()"))

    def seek(self, seconds: float) -> None:
        self.page.evaluate("(at) => host.player.seek(at)", seconds)

    def wait_until_past(self, seconds: float) -> None:
        self.page.wait_for_function("(at) => host.player.position() > at", arg=seconds, polling=20)

    def peaks(self) -> list[float]:
        return cast("list[float]", self.page.evaluate(PEAKS))

    def says(self, words: str) -> None:
        expect(self.page.get_by_role("status")).to_contain_text(words)


class Show:
    """Puts files into the storage, and opens the page of the recording that they are."""

    def __init__(self, url: str, storage: Storage, open_page: OpenPage) -> None:
        self.url, self.storage, self.open_page = url, storage, open_page

    def __call__(
        self,
        chunks: Sequence[dict[str, Any]],
        *files: bytes,
        size: tuple[int, int] = (1000, 700),
        **other: Any,
    ) -> Shown:
        self.storage.files |= {one["documentId"]: file for one, file in zip(chunks, files, strict=False)}
        self.storage.told = recording(chunks, **other)
        watched = self.open_page(self.url, size=size)
        watched.page.wait_for_function("() => host.player")
        return Shown(watched, self.storage)


@pytest.fixture
def show(open_page: OpenPage) -> Iterator[Show]:
    with player_page() as (url, storage):
        yield Show(url, storage, open_page)


@cache
def conversation_files(size: int) -> tuple[bytes, bytes]:
    return wav([tone(300), silence, tone(500)], size), wav([tone(500), tone(300)], size)


def conversation(size: int = 3) -> tuple[list[dict[str, Any]], bytes, bytes]:
    """Two files of three and two people, whose channels change; both sound all the time."""
    first, second = conversation_files(size)
    return (
        [chunk(0, 0, len(first), ["anna", "ben", "carla"]), chunk(1, size, len(second), ["carla", "anna"])],
        first,
        second,
    )


# What is heard


def test_over_a_border_of_files_time_goes_on_and_the_sound_with_it(show: Show) -> None:
    shown = show(*conversation(2))
    shown.play()

    taken = heard(shown, 1.4, 2.6)

    positions = [position for _, position, _ in taken]
    assert positions == sorted(positions)
    assert break_milliseconds(taken) <= BREAK_MILLISECONDS_MAX


def heard(shown: Shown, start: float, until: float) -> list[Sample]:
    """What is heard between two positions, the best of three times: a busy machine delays browsers, too."""
    best: list[Sample] = []
    for _ in range(TRIES):
        shown.seek(start)
        shown.wait_until_past(start + 0.1)
        taken = cast("list[Sample]", shown.page.evaluate(SAMPLES, until))
        best = min((one for one in (best, taken) if one), key=break_milliseconds)
        if break_milliseconds(best) <= BREAK_MILLISECONDS_MAX:
            break
    return best


def break_milliseconds(taken: Sequence[Sample]) -> float:
    """How long time stood, or nothing was heard, whichever is longer."""
    return max(stood(taken), longest_silence(taken))


def stood(taken: Sequence[Sample]) -> float:
    """How long the position stood in all, in milliseconds: what it fell behind, however often it was looked at."""
    behind = [at - 1000 * position for at, position, _ in taken]
    return max(behind) - min(behind)


def longest_silence(taken: Sequence[Sample]) -> float:
    """The longest time in which nothing was heard whenever it was listened to, in milliseconds."""
    longest, since = 0.0, None
    for at, _, loud in taken:
        since = None if loud > 0 else at if since is None else since
        longest = max(longest, 0.0 if since is None else at - since)
    return longest


def test_a_voice_by_itself_is_heard_alone_wherever_its_channel_lies(show: Show) -> None:
    show.storage.start_at = 1.4
    shown = show(*conversation(2))
    shown.page.get_by_role("button", name="Solo Anna").click()
    shown.play()
    shown.wait_until_past(1.6)
    first = shown.peaks()
    shown.wait_until_past(2.2)
    second = shown.peaks()

    assert (first[0] > 0.3, first[1:]) == (True, [0] * 5)
    assert (second[1] > 0.3, second[0], second[2:]) == (True, 0, [0] * 4)


# Links that end


def test_links_are_renewed_before_they_end_while_it_plays(show: Show) -> None:
    show.storage.link_seconds = 1
    sound = wav([tone()], 60)
    shown = show([chunk(0, 0, len(sound), ["anna"])], sound)
    shown.play()

    taken = heard(shown, 0.2, 2.2)

    assert break_milliseconds(taken) <= BREAK_MILLISECONDS_MAX
    assert len(show.storage.links) >= 2
    assert 403 not in show.storage.answers


def test_a_link_that_is_refused_early_is_replaced_and_it_plays_on_where_it_was(show: Show) -> None:
    show.storage.link_seconds, show.storage.told_seconds = 0.8, 1800
    show.storage.bytes_per_second = 4_000_000
    sound = wav([tone()], 1200)
    shown = show([chunk(0, 0, len(sound), ["anna"])], sound)
    shown.watched.expect("403")
    shown.play()
    shown.wait_until_past(0.2)
    time.sleep(0.8)

    shown.seek(1000)
    shown.wait_until_past(1000.2)

    assert shown.position() < 1010
    assert 403 in show.storage.answers
    expect(shown.page.get_by_role("button", name="Pause")).to_be_visible()


# What is closed


def test_where_cors_is_closed_it_plays_and_says_what_is_missing(show: Show) -> None:
    show.storage.cors = False
    chunks, first, second = conversation()
    shown = show(chunks, first, second)
    shown.watched.expect("CORS")
    shown.watched.expect("net::ERR_FAILED")
    shown.says(NO_CORS)
    expect(shown.page.get_by_role("button", name="Solo Anna")).to_have_count(0)

    shown.play()

    shown.wait_until_past(0.2)
    shown.says(NO_CORS)


def test_where_the_storage_is_not_reached_it_says_what_to_do(show: Show) -> None:
    show.storage.origin = "http://127.0.0.1:1"
    shown = show(*conversation())
    shown.watched.expect("net::ERR")
    shown.watched.expect("Failed to load")

    shown.says("This browser does not reach the storage account")
    shown.play()

    shown.says("acsrec download")
    expect(shown.page.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_a_file_that_the_app_gives_no_link_to_is_a_gap_and_the_rest_plays(show: Show) -> None:
    show.storage.refused["document-0"] = (410, "The copy is gone.")
    shown = show(*conversation())
    shown.watched.expect("410")
    expect(shown.page.get_by_role("list", name="Pauses and gaps")).to_contain_text("File 1: The copy is gone.")

    shown.play()

    shown.wait_until_past(3.2)
    assert shown.position() < 6


def test_files_that_are_not_saved_are_gaps_with_their_reason(show: Show) -> None:
    chunks, first, _ = conversation()
    lost = {**chunks[1], "sha256": None, "status": "failed", "failureKind": "expired", "failure": "ACS destroyed it."}
    shown = show([chunks[0], lost], first, recordingDurationMs=63_000)

    gaps = shown.page.get_by_role("list", name="Pauses and gaps")

    expect(gaps).to_contain_text("09:00:03–09:01:03 GMT+1: gap. File 2: lost. ACS destroyed it.")  # noqa: RUF001 - the dash of a span of time, as the page has it


def test_a_file_that_is_saved_later_takes_the_place_of_its_gap(show: Show) -> None:
    chunks, first, second = conversation()
    shown = show([chunks[0], {**chunks[1], "sha256": None, "status": "pending"}], first, second)
    gaps = shown.page.get_by_role("list", name="Pauses and gaps")
    expect(gaps).to_contain_text("File 2: being copied.")

    shown.page.evaluate("(recording) => host.player.update(recording)", recording(chunks))

    expect(gaps).to_have_count(0)
    expect(shown.page.get_by_text("/ 0:06")).to_be_visible()


def test_a_film_is_shown_and_needs_no_cors(show: Show) -> None:
    show.storage.cors = False
    show.storage.types["document-0"] = "video/mp4"
    film = whole(make_media("mp4", FILM_BYTES, 1, seed=1))
    shown = show([chunk(0, 0, len(film))], film, recordingFormatType="mp4", recordingChannelType="mixed")
    expect(shown.page.locator("video:visible")).to_have_count(1)

    shown.play()

    shown.wait_until_past(0.1)
    expect(shown.page.get_by_role("group", name="All voices")).to_be_visible()
    expect(shown.page.get_by_role("status")).to_contain_text("Playing")


# What people do


def test_keys_play_and_move_and_leave_fields_alone(show: Show) -> None:
    shown = show(*conversation(15))
    keyboard = shown.page.keyboard
    pause = shown.page.get_by_role("button", name="Pause")
    shown.page.get_by_label("Note").fill("a")
    keyboard.type(" kl1?")
    assert (shown.page.get_by_label("Note").input_value(), shown.position()) == ("a kl1?", 0)

    shown.page.get_by_label("Position").focus()
    keyboard.press("l")
    keyboard.press("ArrowRight")
    keyboard.press("ArrowRight")
    keyboard.press("j")
    assert shown.position() == 10
    keyboard.press("3")
    expect(shown.page.get_by_role("button", name="Solo Carla")).to_have_attribute("aria-pressed", "true")
    keyboard.press(" ")
    expect(pause).to_be_visible()
    keyboard.press("k")
    expect(pause).to_have_count(0)
    keyboard.press("?")
    expect(shown.page.get_by_role("dialog")).to_be_visible()


def test_the_position_is_told_at_once_after_a_seek_and_once_a_second_while_it_plays(show: Show) -> None:
    shown = show(*conversation())
    shown.seek(1)
    assert shown.page.evaluate("host.positions") == [1]

    shown.play()
    shown.wait_until_past(2.1)

    told = shown.page.evaluate("host.positions")
    assert len(told) in {2, 3}
    assert told == sorted(told)


def test_it_stands_where_the_address_says(show: Show) -> None:
    show.storage.start_at = 4.5
    shown = show(*conversation())

    expect(shown.page.get_by_label("Position")).to_have_attribute("aria-valuetext", "0:04 of 0:06, 09:00:04 GMT+1")


# What is seen


LABELS_INSIDE = """() => [...document.querySelectorAll('.player-ticks span, .player-flags span')].every((one) => {
  const [mine, ruler] = [one, one.closest('.player-ruler')].map((node) => node.getBoundingClientRect());
  return mine.left >= ruler.left - 1 && mine.right <= ruler.right + 1 && one.scrollWidth <= one.clientWidth + 1;
})"""


def test_nothing_runs_out_of_the_picture_at_any_width(show: Show) -> None:
    page = interrupted(show).page
    for width in (320, 390, 1360):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_timeout(100)

        assert (width, page.locator(".player-ticks span").count() > 1) == (width, True)
        assert (width, page.evaluate(LABELS_INSIDE)) == (width, True)
        assert (width, page.evaluate("document.documentElement.scrollWidth <= innerWidth")) == (width, True)


def test_axe_finds_nothing_in_light_and_dark(show: Show) -> None:
    page = interrupted(show).page
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)

        assert (scheme, faults_of_access(page)) == (scheme, [])


def interrupted(show: Show) -> Shown:
    """A recording with a pause, and a file that is not there."""
    chunks, first, second = conversation()
    chunks[0]["pauses"] = [{"from": stamp(1), "to": stamp(61)}]
    later = chunk(3, 70, len(second), ["carla", "anna"])
    shown = show([*chunks, later], first, second, second)
    expect(shown.page.get_by_role("list", name="Pauses and gaps").get_by_role("listitem")).to_have_count(2)
    return shown


def test_an_hour_of_five_channels_is_there_and_plays_within_two_seconds(show: Show) -> None:
    quarter = wav_head(5, 900) + bytes(900 * 160_000)
    people = ["anna", "ben", "carla", "dora", "emil"]
    shown = show([chunk(index, 900 * index, len(quarter), people) for index in range(4)], *[quarter] * 4)
    shown.page.get_by_text("/ 1:00:00").wait_for()
    shown.play()
    shown.wait_until_past(0.1)

    assert shown.page.evaluate("performance.now()") < OPENING_MILLISECONDS_MAX
