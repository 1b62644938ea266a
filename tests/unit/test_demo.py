"""What the demo shows: bars that never run ahead of the bytes, plain lines where nobody looks, a picture for README."""

import io
import random
import re
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from rich.console import Console

from local.announcing import address_of_console
from local.demo.__main__ import wait_or_end
from local.demo.moments import ChunkState, Copying, Moment, Step, Told
from local.demo.picture import picture
from local.demo.run import CHUNK_BYTES, Proof, Telling, tell_proof
from local.demo.screens import BAR_CELLS, FULL, PlainScreen, TerminalScreen, bar, is_lively, megabytes, screen_for
from local.simulator.views import TopicEventView
from local.stack import ROOT

PICTURE = (ROOT / "docs" / "demo.svg").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
MEGABYTE = 1_000_000
TERMINAL = {"TERM": "xterm-256color"}
ESCAPE = "\x1b"


class Terminal(io.StringIO):
    """A stream that somebody looks at, with what they typed."""

    def isatty(self) -> bool:
        return True


def chunk(done: int, status: str = "pending", *, index: int = 0, total: int = 16 * MEGABYTE) -> ChunkState:
    return ChunkState(index, status, done, total, "the original is gone" if status == "failed" else "")


def copying(*chunks: ChunkState, over: bool = False) -> Copying:
    return Copying(1.0, chunks, over)


def plain(moments: Sequence[Moment]) -> list[str]:
    stream = io.StringIO()
    with PlainScreen(stream) as screen:
        for moment in moments:
            screen.show(moment)
    return stream.getvalue().splitlines()


def on_terminal(*moments: Moment) -> str:
    stream = Terminal()
    console = Console(file=stream, force_terminal=True, width=80, highlight=False, color_system="standard")
    with TerminalScreen(console) as screen:
        for moment in moments:
            screen.show(moment)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("done", "cells"),
    [(0, 0), (1, 0), (16 * MEGABYTE // BAR_CELLS - 1, 0), (16 * MEGABYTE // BAR_CELLS, 1), (16 * MEGABYTE - 1, 19)],
)
def test_a_bar_has_no_cell_more_than_there_are_bytes(done: int, cells: int) -> None:
    assert bar(chunk(done)).plain.count(FULL) == cells


def test_a_bar_is_full_with_the_last_byte_and_not_longer_with_more() -> None:
    assert bar(chunk(16 * MEGABYTE)).plain.count(FULL) == BAR_CELLS
    assert bar(chunk(17 * MEGABYTE)).plain.count(FULL) == BAR_CELLS


@pytest.mark.parametrize(("count", "shown"), [(0, "0.0"), (99_999, "0.0"), (15_999_999, "15.9"), (16_000_000, "16.0")])
def test_no_byte_is_counted_before_it_is_there(count: int, shown: str) -> None:
    assert megabytes(count) == shown


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (chunk(0), "waiting"),
        (chunk(1), "copying"),
        (chunk(16 * MEGABYTE), "copied, not yet proven"),
        (chunk(16 * MEGABYTE, "stored"), "proven; original still at ACS"),
        (chunk(16 * MEGABYTE, "deleted"), "proven; original removed"),
        (chunk(5, "failed"), "failed: the original is gone"),
    ],
)
def test_nothing_is_called_proven_before_the_app_says_so(state: ChunkState, words: str) -> None:
    assert state.words == words


@pytest.mark.parametrize("status", ["pending", "stored", "deleted"])
def test_a_bar_with_its_words_fits_80_columns(status: str) -> None:
    assert len(bar(chunk(99 * MEGABYTE, status, total=99 * MEGABYTE)).plain) <= 80


def test_without_a_terminal_a_line_comes_for_each_quarter_and_each_status_and_no_other() -> None:
    steps = [copying(chunk(step * MEGABYTE)) for step in range(17)]
    last = copying(chunk(16 * MEGABYTE, "deleted"), over=True)

    assert [line.partition("s  ")[2] for line in plain([*steps, *steps[-1:], last, last])] == [
        "chunk 0: waiting, 0 of 16,000,000 bytes",
        "chunk 0: copying, 1,000,000 of 16,000,000 bytes",
        "chunk 0: copying, 4,000,000 of 16,000,000 bytes",
        "chunk 0: copying, 8,000,000 of 16,000,000 bytes",
        "chunk 0: copying, 12,000,000 of 16,000,000 bytes",
        "chunk 0: copied, not yet proven, 16,000,000 of 16,000,000 bytes",
        "chunk 0: proven; original removed, 16,000,000 of 16,000,000 bytes",
    ]


def test_without_a_terminal_steps_and_events_are_lines_with_their_time() -> None:
    shown = plain([Step(0.5, "ready", "good"), Told(12.25, "CallRecording.Stored", "chunk 1")])

    assert shown == ["  0.50 s  ready", " 12.25 s  event  CallRecording.Stored  chunk 1"]


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"CI": "true"}, {"TERM": "dumb"}])
def test_whoever_wants_no_colour_gets_plain_lines(environment: dict[str, str]) -> None:
    assert isinstance(screen_for(Terminal(), TERMINAL | environment), PlainScreen)


def test_a_pipe_gets_plain_lines_and_a_terminal_bars() -> None:
    assert not is_lively(io.StringIO(), TERMINAL)
    assert isinstance(screen_for(Terminal(), TERMINAL), TerminalScreen)


def test_a_terminal_has_bars_below_the_steps_and_its_cursor_back_in_the_end() -> None:
    shown = on_terminal(
        copying(chunk(4 * MEGABYTE)), Step(1.0, "a step"), copying(chunk(16 * MEGABYTE, "stored"), over=True)
    )

    assert FULL * 5 + f"{ESCAPE}[0m" in shown
    assert shown.index("a step") < shown.rindex("proven; original still at ACS")
    assert shown.rindex(f"{ESCAPE}[?25h") > shown.rindex(f"{ESCAPE}[?25l")


def test_a_demo_that_fails_while_chunks_are_copied_gives_the_cursor_back() -> None:
    shown = on_terminal(copying(chunk(4 * MEGABYTE)))

    assert shown.rindex(f"{ESCAPE}[?25h") > shown.rindex(f"{ESCAPE}[?25l")


def test_before_the_first_chunk_there_is_no_bar() -> None:
    assert on_terminal(copying()) == ""


def test_an_address_stands_on_one_line_so_that_a_terminal_makes_a_link_of_it() -> None:
    address = address_of_console("http://127.0.0.1:7071", "k" * 43, "7911f906-91e6-5a3d-9a51-0f4a3f5b2f6c")

    assert address in on_terminal(Step(1.0, f"console  {address}"))


def test_an_address_of_the_console_carries_whatever_a_key_is_made_of() -> None:
    address = address_of_console("http://127.0.0.1:7071", "a+b/c&d=", "1")

    assert address == "http://127.0.0.1:7071/api/console/#key=a%2Bb%2Fc%26d%3D&id=1"


def test_on_a_terminal_the_end_waits_for_enter_and_says_what_stays() -> None:
    keyboard, terminal = Terminal("\nmore"), Terminal()
    wait_or_end(keyboard, terminal)

    assert keyboard.read() == "more"
    assert terminal.getvalue() == "The console is open until Enter; that of `make local` stays.\n"


@pytest.mark.parametrize(("keyboard", "terminal"), [(io.StringIO, Terminal), (Terminal, io.StringIO)])
def test_where_nobody_can_press_enter_it_ends_at_once_and_says_how_to_stay(
    keyboard: type[io.StringIO], terminal: type[io.StringIO]
) -> None:
    typed, shown = keyboard("\n"), terminal()
    wait_or_end(typed, shown)

    assert typed.read() == "\n"
    assert shown.getvalue() == "The console ends with this run; `make local` has one that stays.\n"


def arrival(number: int, id: str, recording: str, **data: object) -> TopicEventView:
    event = {"id": id, "type": "CallRecording.Stored", "data": {"id": recording, **data}}
    return TopicEventView(number=number, at=datetime.now(UTC), event=event, handovers=())


def test_an_event_of_the_recording_is_shown_once_however_often_it_comes() -> None:
    shown: list[Moment] = []
    telling = Telling(shown.append, clock=lambda: 3.0)
    telling.told(
        [arrival(1, "a", "ours", index=1), arrival(2, "b", "another"), arrival(3, "a", "ours", index=1)], "ours"
    )
    telling.told([arrival(4, "a", "ours", index=1)], "ours")

    assert shown == [Told(0.0, "CallRecording.Stored", "chunk 1")]
    assert telling.last_event == 4


@pytest.mark.parametrize(
    ("status", "differing", "violations"), [("failed", 0, 0), ("completed", 1, 0), ("completed", 0, 1)]
)
def test_a_demo_that_proved_less_than_everything_says_so(status: str, differing: int, violations: int) -> None:
    shown: list[Moment] = []
    proof = Proof("ours", status, differing, violations)
    tell_proof(Telling(shown.append), proof, "exports")

    [said] = shown
    assert not proof.holds
    assert isinstance(said, Step)
    assert (said.outcome, said.text.partition(":")[0]) == ("bad", "FAILED")


def scripted(seed: int) -> list[Moment]:
    """A demo as one of many machines showed it: ids, ports, times, digests and the order of events are its own."""
    drawn = random.Random(seed)
    id = "-".join(f"{drawn.getrandbits(4 * digits):0{digits}x}" for digits in (8, 4, 4, 4, 12))
    port, key = drawn.randrange(1024, 65536), f"{drawn.getrandbits(240):x}"

    def step(text: str, good: bool = False) -> Step:
        return Step(drawn.random(), text, "good" if good else "plain")

    stored = [Told(drawn.random(), "CallRecording.Stored", f"chunk {index}") for index in range(3)]
    drawn.shuffle(stored)
    half = copying(*(chunk(drawn.randrange(CHUNK_BYTES), index=index, total=CHUNK_BYTES) for index in range(3)))
    last = copying(*(chunk(CHUNK_BYTES, "deleted", index=index, total=CHUNK_BYTES) for index in range(3)), over=True)
    equal = [
        step(f"000{at}.wav  equals what ACS had: 24,000,000 bytes, sha256 {drawn.getrandbits(48):012x}…", good=True)
        for at in range(3)
    ]
    return [
        step("starting Azurite, the ACS simulator and the functions host"),
        step(f"ready: http://127.0.0.1:{port}/api"),
        step("a call is placed between 2 participants; its serverCallId goes to the app"),
        step(f"POST /api/recordings           201  starting  id {id}"),
        step("ACS records; somebody speaks"),
        step("POST /api/recordings/…/pause   200  paused"),
        *(Told(drawn.random(), f"CallRecording.{kind}") for kind in ("Started", "Paused")),
        step("POST /api/recordings/…/resume  200  active"),
        Told(drawn.random(), "CallRecording.Resumed"),
        step("POST /api/recordings/…/stop    200  stopped"),
        half,
        *stored,
        Told(drawn.random(), "CallRecording.Stopped"),
        last,
        step("recording  completed", good=True),
        Told(drawn.random(), "CallRecording.Completed"),
        *equal,
        step("deletions and told ends that the simulator objects to: 0", good=True),
        step(f"done: every byte equals what was recorded; see .local/demo/; {drawn.random():.1f} s in all", good=True),
        step(f"console  http://127.0.0.1:{port}/api/console/#key={key}&id={id}"),
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_readme_s_picture_is_the_same_whichever_run_it_is_drawn_from(seed: int) -> None:
    assert picture(scripted(seed)) == PICTURE


def test_another_end_is_another_picture() -> None:
    *moments, end = scripted(1)

    assert picture([*moments, Step(1.0, "FAILED", "bad"), end]) != PICTURE


def test_the_picture_is_small_and_fetches_nothing() -> None:
    assert len(PICTURE.encode()) < 20_000
    assert not re.search(r"@font-face|@import|href=|url\((?!#)", PICTURE)


def test_readme_shows_the_picture_below_the_commands_that_it_is_of() -> None:
    assert re.search(r"make demo [^`]*```\n\n!\[[^\]]+\]\(docs/demo\.svg\)\n", README)
