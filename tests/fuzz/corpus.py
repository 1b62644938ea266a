"""Which of many inputs are kept: the shortest that reach, together, every line of the app that all of them reach."""

import sys
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from types import CodeType

from tests.fuzz.bounds import Finding, enter

NAME_DIGITS = 12
TOOL = sys.monitoring.COVERAGE_ID
APP = tuple(str(Path(__file__).parents[2] / name) for name in ("shared", "functions"))


def write(folder: Path, data: bytes) -> None:
    """Under the beginning of its digest."""
    (folder / sha256(data).hexdigest()[:NAME_DIGITS]).write_bytes(data)


def smallest(
    act: Callable[[bytes], None], seeds: Sequence[bytes], inputs: Iterable[bytes], bytes_max: int
) -> list[bytes]:
    """The shortest inputs that end as declared, each of which reaches a line that nothing before it does."""
    kept: list[bytes] = []
    reached = 0

    def line(code: CodeType, _: int) -> object:
        nonlocal reached
        reached += code.co_filename.startswith(APP)
        return sys.monitoring.DISABLE  # until the end: what was reached is nothing new

    sys.monitoring.use_tool_id(TOOL, "corpus")
    sys.monitoring.register_callback(TOOL, sys.monitoring.events.LINE, line)
    sys.monitoring.set_events(TOOL, sys.monitoring.events.LINE)
    try:
        for data in [*seeds, *sorted(set(inputs), key=len)]:
            before = reached
            try:
                enter(act, data)
            except Finding:
                continue
            if data not in seeds and reached > before and sum(map(len, kept)) + len(data) <= bytes_max:
                kept.append(data)
    finally:
        sys.monitoring.set_events(TOOL, 0)
        sys.monitoring.free_tool_id(TOOL)
        sys.monitoring.restart_events()
    return kept
