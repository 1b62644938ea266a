"""Where a demo is shown: bars and colours on a terminal; plain lines for a file, a pipe, a log of CI."""

import re
from collections.abc import Mapping
from typing import Protocol, Self, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from local.demo.moments import ChunkState, Copying, Moment, Step, Told

BAR_CELLS = 20  # with everything beside them, a line fits 80 columns
FULL, EMPTY = "━", "─"
PLAIN_PARTS = 4  # a plain line for each quarter of a chunk
MEGABYTE_TENTHS = 100_000  # bytes in a tenth of a megabyte
STYLES = {"plain": "", "good": "green", "bad": "bold red"}
COPYING, PROVEN, FAILED = "cyan", "green", "red"


class Screen(Protocol):
    """Shows moments as they come; a context manager that leaves the terminal as it was."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def show(self, moment: Moment) -> None: ...


def screen_for(stream: TextIO, environment: Mapping[str, str]) -> Screen:
    """Bars where somebody looks and has not asked for less."""
    if not is_lively(stream, environment):
        return PlainScreen(stream)
    # Nothing is coloured but what is meant to be.
    return TerminalScreen(Console(file=stream, highlight=False))


def is_lively(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether the stream is a terminal that moves its cursor, outside CI, and NO_COLOR is not set (no-color.org)."""
    unwanted = environment.get("NO_COLOR") or environment.get("CI") or environment.get("TERM") == "dumb"
    return stream.isatty() and not unwanted


class PlainScreen:
    """A line for whatever changed."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.seen: dict[int, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, moment: Moment) -> None:
        for line in self.lines(moment):
            print(f"{moment.seconds:6.2f} s  {line}", file=self.stream, flush=True)

    def lines(self, moment: Moment) -> list[str]:
        match moment:
            case Step():
                return [moment.text]
            case Told():
                return [told_words(moment)]
        return [
            f"chunk {chunk.index}: {chunk.words}, {chunk.done:,} of {chunk.total:,} bytes"
            for chunk in moment.chunks
            if self.has_changed(chunk)
        ]

    def has_changed(self, chunk: ChunkState) -> bool:
        now = f"{chunk.words} {chunk.part(PLAIN_PARTS)}"
        before, self.seen[chunk.index] = self.seen.get(chunk.index), now
        return before != now


class TerminalScreen:
    """Steps above, and below them bars that grow while chunks are copied."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.live: Live | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.live is not None:
            self.live.stop()
            self.live = None

    def show(self, moment: Moment) -> None:
        if not isinstance(moment, Copying):
            self.console.print(line(moment), soft_wrap=True)
            return
        if not moment.chunks:
            return
        if self.live is None:
            self.live = Live(console=self.console, auto_refresh=False)
            self.live.start()
        self.live.update(bars(moment), refresh=True)
        if moment.over:
            self.__exit__()


def line(moment: Step | Told, *, clock: bool = True) -> Text:
    """A step or an event, with the seconds since the start unless they are unwanted."""
    began = f"{moment.seconds:6.2f} s  " if clock else ""
    if isinstance(moment, Told):
        return Text.assemble((began, "dim"), (told_words(moment), "magenta"))
    # An address is one word, whatever its colour: a terminal makes a link of it.
    text = Text.assemble((began, "dim"), (moment.text, STYLES[moment.outcome]))
    text.highlight_regex(re.compile(r"https?://\S+"), "bold blue")
    return text


def told_words(event: Told) -> str:
    return f"event  {event.type}  {event.about}".rstrip()


def bars(copying: Copying) -> Group:
    """A bar for each chunk."""
    return Group(*(bar(chunk) for chunk in copying.chunks))


def bar(chunk: ChunkState) -> Text:
    """One chunk on one line: as many full cells as bytes are there."""
    cells = chunk.part(BAR_CELLS)
    colour = {"stored": PROVEN, "deleted": PROVEN, "failed": FAILED}.get(chunk.status, COPYING)
    return Text.assemble(
        (f"chunk {chunk.index}  ", "bold"),
        (FULL * cells, colour),
        (EMPTY * (BAR_CELLS - cells), "dim"),
        f"  {megabytes(min(chunk.done, chunk.total))} of {megabytes(chunk.total)} MB  ",
        (chunk.words, colour),
        no_wrap=True,
        overflow="ellipsis",
    )


def megabytes(count: int) -> str:
    """Rounded down, so that no byte is shown before it is there."""
    tenths = count // MEGABYTE_TENTHS
    return f"{tenths // 10}.{tenths % 10}"
