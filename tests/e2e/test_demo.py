"""The demo on the running app: what it shows is so, and is what README's picture shows."""

from itertools import pairwise

import pytest

from local.demo.moments import Copying, Moment, Step, Told
from local.demo.picture import picture
from local.demo.run import CHUNK_BYTES, CHUNKS, EVENTS, Proof, Telling, demonstrate
from local.stack import ROOT, Stack


@pytest.fixture(scope="module")
def demo(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Moment], Proof]:
    shown: list[Moment] = []
    return shown, demonstrate(Telling(shown.append), stack, tmp_path_factory.mktemp("exports"))


def test_it_ends_with_every_byte_proven(demo: tuple[list[Moment], Proof]) -> None:
    shown, proof = demo
    last = [moment for moment in shown if isinstance(moment, Copying)][-1]

    assert proof.holds
    assert [(chunk.status, chunk.done) for chunk in last.chunks] == [("deleted", CHUNK_BYTES)] * CHUNKS


def test_a_bar_never_goes_back_and_is_full_before_a_chunk_is_proven(demo: tuple[list[Moment], Proof]) -> None:
    for index in range(CHUNKS):
        looks = [
            chunk
            for moment in demo[0]
            if isinstance(moment, Copying)
            for chunk in moment.chunks
            if chunk.index == index
        ]
        assert all(before.done <= after.done for before, after in pairwise(looks))
        assert all(chunk.done == chunk.total for chunk in looks if chunk.status != "pending")


def test_it_tells_what_the_app_told_others(demo: tuple[list[Moment], Proof]) -> None:
    told = [(moment.type, moment.about) for moment in demo[0] if isinstance(moment, Told)]

    assert sorted(type for type, _ in told) == sorted(f"CallRecording.{kind}" for kind in EVENTS)
    assert {about for type, about in told if type == "CallRecording.Stored"} == {"chunk 0", "chunk 1", "chunk 2"}


def test_it_ends_with_the_console_at_its_recording(demo: tuple[list[Moment], Proof], stack: Stack) -> None:
    shown, proof = demo
    last = shown[-1]
    assert isinstance(last, Step)
    address = f"{stack.host.url}/api/console/#key={stack.host.keys.default}&id={proof.id}"

    assert last.text == f"console  {address}"


def test_readme_s_picture_is_what_it_shows(demo: tuple[list[Moment], Proof]) -> None:
    started = Step(0.0, "starting Azurite, the ACS simulator and the functions host")
    drawn = picture([started, *demo[0]])

    assert drawn == (ROOT / "docs" / "demo.svg").read_text(encoding="utf-8"), (
        "docs/demo.svg shows another demo: `python -m local.demo --svg docs/demo.svg` draws it anew"
    )
