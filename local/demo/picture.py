"""A demo as a picture of its terminal: `docs/demo.svg`, the same whichever machine and run it was drawn from."""

import re
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from itertools import count

from rich.console import Console
from rich.text import Text

from local.demo.moments import Copying, Moment, Step, Told
from local.demo.screens import bars, line

COLUMNS = 84
PROMPT = "$ make demo"
NAME = "demo"  # of the picture's classes
FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
TRAILING_BLANKS = re.compile(r"[ \t]+$", re.MULTILINE)

# What is different in each run, and what stands for it. No time is shown: any would be of one machine.
EVERYWHERE = (
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:7071"),
    (re.compile(r"key=[^&\s]+"), "key=…"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "7911f906-…"),
    (re.compile(r"; \d+\.\d s in all"), ""),
    (re.compile(r"see \S+/"), "see .local/demo/"),
)
DIGEST = re.compile(r"sha256 [0-9a-f]{12}…")
DIGESTS = ("5c1f0e9a7b24…", "a83d46e10f9c…", "e07b92d5384a…")

# Events come in whatever order.
ORDER = ("Started", "Paused", "Resumed", "Stopped", "Stored", "Completed")


def picture(moments: Sequence[Moment]) -> str:
    """The terminal at the end of a demo.

    Args:
        moments: all that was shown.
    """
    console = Console(
        record=True,
        file=StringIO(),
        width=COLUMNS,
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
    )
    console.print(Text(PROMPT, "bold"))
    for drawn in arranged(moments):
        console.print(bars(drawn) if isinstance(drawn, Copying) else line(drawn, clock=False), soft_wrap=False)
    svg = console.export_svg(title="", unique_id=NAME)
    return TRAILING_BLANKS.sub("", FONT_FACE.sub("", svg).replace("Fira Code, monospace", "monospace"))


def arranged(moments: Sequence[Moment]) -> list[Moment]:
    """What was shown before the chunks came, the events, the last look at the chunks, and what came after."""
    last = max((at for at, moment in enumerate(moments) if isinstance(moment, Copying)), default=len(moments) - 1)
    digests = count()
    steps = [
        (at, replace(moment, text=normalised(moment.text, digests)))
        for at, moment in enumerate(moments)
        if isinstance(moment, Step)
    ]
    events = sorted((moment for moment in moments if isinstance(moment, Told)), key=event_order)
    before = [step for at, step in steps if at <= last]
    after = [step for at, step in steps if at > last]
    return [*before, *events, *(one for one in moments[last : last + 1] if isinstance(one, Copying)), *after]


def event_order(event: Told) -> tuple[int, str]:
    kind = event.type.rpartition(".")[2]
    return (ORDER.index(kind) if kind in ORDER else len(ORDER)), event.about


def normalised(text: str, digests: "count[int]") -> str:
    for pattern, instead in EVERYWHERE:
        text = pattern.sub(instead, text)
    return DIGEST.sub(lambda _: f"sha256 {DIGESTS[next(digests) % len(DIGESTS)]}", text)
