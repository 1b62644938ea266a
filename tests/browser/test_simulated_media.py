"""A real browser plays what the simulator records: a console that shows nothing is not the simulator's doing."""

from typing import get_args

import pytest
from playwright.sync_api import Page, Route

from local.simulator.bodies import whole
from local.simulator.media import Part, make_media
from local.simulator.wav import WavHeader
from tests.browser.conftest import OpenPage

ADDRESS = "http://media.test/"
TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "mp4": "video/mp4"}
PLAY_ALL = """(urls) => Promise.all(urls.map(async (url) => {
  const video = document.createElement("video");
  video.src = url;
  await video.play();
  const began = video.currentTime;
  await new Promise((resolve) => setTimeout(resolve, 300));
  return { seconds: video.duration, advanced: video.currentTime > began, width: video.videoWidth };
}))"""


def test_every_format_plays_as_long_as_it_says(open_page: OpenPage) -> None:
    files = {
        "one.wav": whole(make_media("wav", 44 + 2 * 16_000 * 4, 1, seed=1)),
        "one.mp3": whole(make_media("mp3", 216 * 100, 1, seed=1)),
        "one.mp4": whole(make_media("mp4", 625_000, 1, seed=1)),
    }

    played = play(open_page().page, files)

    assert [one["seconds"] for one in played] == pytest.approx([4.0, 3.6, 4.0])
    assert [one["advanced"] for one in played] == [True] * 3
    assert [one["width"] for one in played] == [0, 0, 256]


def test_a_wav_file_of_any_writer_plays(open_page: OpenPage) -> None:
    headers: tuple[WavHeader, ...] = get_args(WavHeader.__value__)
    files = {f"{header}.wav": whole(make_media("wav", 5 * 32_000, 5, 1, Part(wav_header=header))) for header in headers}

    played = play(open_page().page, files)

    assert [one["seconds"] for one in played] == pytest.approx([1.0] * len(headers), abs=0.05)
    assert all(one["advanced"] for one in played)


def play(page: Page, files: dict[str, bytes]) -> list[dict[str, float]]:
    """Play all files at once: how long each is, whether it went on, and how wide its picture is."""

    def answer(route: Route) -> None:
        name = route.request.url.removeprefix(ADDRESS)
        if name in files:
            route.fulfill(body=files[name], content_type=TYPES[name.rpartition(".")[2]])
        else:
            route.fulfill(body="", content_type="text/html")

    page.route(f"{ADDRESS}**", answer)
    page.goto(ADDRESS)
    played: list[dict[str, float]] = page.evaluate(PLAY_ALL, [ADDRESS + name for name in files])
    return played
