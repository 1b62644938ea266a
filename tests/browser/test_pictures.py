"""README's pictures of the console show the console as it is.

`DRAW_PICTURES=1 .venv/bin/pytest tests/browser/test_pictures.py` draws them anew.
"""

import base64
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from acsrec import Recording
from local.simulator.scripts import Script
from local.stack import ROOT, Stack
from tests.browser.conftest import OpenPage, Scheme
from tests.e2e.steps import WAV, record, settled

PICTURES: dict[Scheme, Path] = {
    "light": ROOT / "docs" / "console-light.png",
    "dark": ROOT / "docs" / "console-dark.png",
}
SIZE = (1200, 820)
PEOPLE = {
    "8:acs:1b5c2f9e_00000015-anna": "Anna Svensson",
    "8:acs:1b5c2f9e_00000015-bert": "Bert Lindqvist",
    "4:+15551230001": "",
    "8:acs:1b5c2f9e_00000015-dora": "Dora Nilsson",
}
PEAKS = "() => document.querySelectorAll('.player-lane canvas').length === 4"
DIFFERING_SHARE_MAX = 0.05  # of the pixels: dates and digests differ from run to run, and fonts from machine to machine
LEVELS = 48  # of 255, by which a pixel differs
# What share of the pixels of two pictures differs; all of them where their sizes do.
COMPARE = """async ([one, other, levels]) => {
  const pixels = async (data) => {
    const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    context.drawImage(bitmap, 0, 0);
    return context.getImageData(0, 0, bitmap.width, bitmap.height);
  };
  const [left, right] = [await pixels(one), await pixels(other)];
  if (left.width !== right.width || left.height !== right.height) return 1;
  let differing = 0;
  for (let at = 0; at < left.data.length; at += 4) {
    differing += [0, 1, 2].some((part) => Math.abs(left.data[at + part] - right.data[at + part]) > levels);
  }
  return differing / (left.data.length / 4);
}"""


@pytest.fixture(scope="module")
def shown(stack: Stack) -> list[Recording]:
    """The recordings of the pictures, oldest first; the last one is opened."""
    mp3 = {"recordingChannelType": "mixed", "recordingFormatType": "mp3"}
    others = [
        record(stack, Script(chunk_bytes=400_000, seed=1), tags={"case": case}, **mp3) for case in ("4709", "4710")
    ]
    script = Script(chunks=3, chunk_bytes=2_560_044, seed=7)
    call = stack.simulator.place_call(participants=tuple(PEOPLE), script=script)
    names = {f"name.{id}": name for id, name in PEOPLE.items() if name}
    tags = {"case": "4711", "team": "claims", **names}
    opened = stack.recorder.start({"serverCallId": call.server_call_id, **WAV, "tags": tags})
    stack.recorder.wait(opened.id, "active", seconds=10)
    stack.recorder.pause(opened.id)
    time.sleep(1)  # a pause that can be seen
    stack.recorder.resume(opened.id)
    stack.recorder.stop(opened.id)
    return [settled(stack, recording.id) for recording in (*others, opened)]


def only(shown: list[Recording], route: Route) -> None:
    """Of a list, what the picture shows: the same app has recordings of other tests."""
    ids = {recording.id for recording in shown}
    page: Any = route.fetch().json()
    page["recordings"] = [row for row in page["recordings"] if row["id"] in ids]
    route.fulfill(body=json.dumps({**page, "continuation": None}), content_type="application/json")


def drawn(page: Page) -> bytes:
    """The page once everything is on it; the wave forms come last."""
    expect(page.locator("#detail-heading .status")).to_contain_text("completed")
    page.wait_for_function(PEAKS)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)  # the last peaks are drawn in the next frames
    return page.screenshot()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_picture_shows_the_console_as_it_is(
    open_page: OpenPage, console_url: str, shown: list[Recording], scheme: Scheme
) -> None:
    page = open_page(scheme=scheme, size=SIZE).page
    page.route("**/api/recordings?*", lambda route: only(shown, route))
    page.goto(f"{console_url}&id={shown[-1].id}&t=21")
    picture = drawn(page)
    if os.environ.get("DRAW_PICTURES"):
        PICTURES[scheme].write_bytes(picture)

    both = [base64.b64encode(one).decode() for one in (picture, PICTURES[scheme].read_bytes())]
    assert open_page().page.evaluate(COMPARE, [*both, LEVELS]) < DIFFERING_SHARE_MAX
