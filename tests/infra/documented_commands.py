"""The commands that the documents name, taken apart: those in fences, and those between backticks."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

GRAMMAR = json.loads(Path(__file__).with_name("command_grammar.json").read_text())
FENCE = re.compile(r"```sh\n(.*?)```", re.DOTALL)
ANY_FENCE = re.compile(r"```.*?```", re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
ENDS = frozenset({"|", "||", "&", "&&", ";", "\n"})
QUOTED = re.compile(r"'[^'\n]*'")
SUBSTITUTION = re.compile(r"\$\(((?:[^()]|\([^()]*\))*)\)")
OPTION = re.compile(r"--[a-z][a-z0-9-]*|-[a-zA-Z]")


@dataclass(frozen=True)
class Command:
    """One command as a document has it."""

    words: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(self.words)

    @property
    def options(self) -> list[str]:
        return [word.partition("=")[0] for word in self.words if OPTION.fullmatch(word.partition("=")[0])]

    @property
    def name(self) -> str | None:
        """The longest beginning that is a command of the tool's; None where there is none."""
        known = GRAMMAR[self.words[0]]["commands"]
        beginnings = (" ".join(self.words[:count]) for count in range(len(self.words), 0, -1))
        return next((beginning for beginning in beginnings if beginning in known), None)


def shell_texts(document: str) -> Iterator[str]:
    """What a shell would be given: the fences for sh, and what stands between backticks."""
    yield from FENCE.findall(document)
    for span in SPAN.findall(ANY_FENCE.sub("", document)):
        yield re.sub(r"\s+", " ", span.replace("\\|", "|"))


def commands(text: str, programs: frozenset[str]) -> Iterator[Command]:
    """Every call of one of these programs, those in substitutions first."""
    text = text.replace("\\\n", " ")
    # A substitution within quotes is a shell of its own; single quotes hide everything else.
    for inner in SUBSTITUTION.findall(QUOTED.sub("''", text)):
        yield from commands(inner, programs)
    text = SUBSTITUTION.sub("VALUE", text)
    for line in text.splitlines():
        yield from in_line(line, programs)


def in_line(line: str, programs: frozenset[str]) -> Iterator[Command]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    try:
        words = list(lexer)
    except ValueError:  # a quote that goes on in the next line: nothing of ours
        return
    call: list[str] = []
    for word in [*words, "\n"]:
        if word in ENDS:
            if call and call[0] in programs:
                yield Command(tuple(call))
            call = []
        elif call or word not in {"do", "then", "{", "("}:
            call.append(word.removeprefix("(") if not call else word)


def wrong(command: Command) -> list[str]:
    """What the tool's own grammar does not know of a command."""
    if command.name is None:
        return [f"no such command: {command}"]
    known = GRAMMAR[command.words[0]]["commands"][command.name].split()
    return [f"{command.name} has no {option}" for option in command.options if option not in known]
