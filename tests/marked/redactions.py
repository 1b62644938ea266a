"""Every redaction of the app, each taken out once: then something marked must be found.

`python -m tests.marked.redactions` takes out one after the other, each in a process of its own, and says
whether something was found. The app is imported from its source with the one change; nothing else differs.
"""

import importlib.abc
import importlib.machinery
import json  # noqa: F401 - what every process needs is imported once, before they part
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType

import azure.functions  # noqa: F401 - as above
import msgspec  # noqa: F401 - as above

ROOT = Path(__file__).parents[2]
FOUND, MISSED = 0, 3  # exit codes of a process
FOUND_WORD = "found"
# The log itself; answers to the SDKs; the journey on which nothing fails, else what fails.
DIRECT, ANSWERS, CALM = "direct", "answers", ""


@dataclass(frozen=True)
class Redaction:
    """A place of the code that keeps something from being told.

    Attributes:
        module: where it stands.
        code: its text.
        without: what stands there once it is taken out.
        shown_by: what shows it: the log alone, the SDKs' errors, or a journey on which an effect fails in an unforeseen
            way.
    """

    module: str
    code: str
    without: str
    shown_by: str = DIRECT


def of_values(code: str, without: str) -> Redaction:
    return Redaction("shared.domain.log_values", code, without)


def of_silence(adapter: str, said: str) -> Redaction:
    return Redaction(f"shared.adapters.{adapter}", said + ": {type(error).__name__}.", said + ": {error}.", ANSWERS)


WHOLE = '"""What may stand in a log line'  # the beginning of a module
ANYTHING = "lambda value: value"  # the kind of whatever there is
REDACTIONS: Mapping[str, Redaction] = {
    # Each kind of fields
    "our ids": of_values('"incident"), matching(UUID))', f'"incident"), {ANYTHING})'),
    "documentId": of_values('"documentId": matching(DOCUMENT)', f'"documentId": {ANYTHING}'),
    "recordingId": of_values('"recordingId": acs_id', f'"recordingId": {ANYTHING}'),
    "recordingId of two GUIDs": of_values(
        'return value if ACS_ID_PARTS.fullmatch(decoded.decode("latin-1")) else WITHHELD', "return value"
    ),
    "counts": of_values('"statusCode"), count)', f'"statusCode"), {ANYTHING})'),
    "counts of a run": of_values('"hoursLeft"), count)', f'"hoursLeft"), {ANYTHING})'),
    "counts of the gauge": of_values('"atRisk"), count)', f'"atRisk"), {ANYTHING})'),
    "queue": of_values('"queue": matching(QUEUE)', f'"queue": {ANYTHING}'),
    "words": of_values('"dependency"), word)', f'"dependency"), {ANYTHING})'),
    "name of what is kept": of_values('"kept": matching(KEPT)', f'"kept": {ANYTHING}'),
    "name of a dead letter": of_values('"name": letter', f'"name": {ANYTHING}'),
    "digest": of_values('"sha256": matching(DIGEST)', f'"sha256": {ANYTHING}'),
    "kind of error": of_values('"error": matching(ERROR_NAME)', f'"error": {ANYTHING}'),
    "failure": of_values('"failure": sentence', f'"failure": {ANYTHING}'),
    "reason": of_values('"reason": partial(sentence, characters_max=REASON_CHARACTERS_MAX)', f'"reason": {ANYTHING}'),
    "traceback": of_values('"traceback": told_traceback', f'"traceback": {ANYTHING}'),
    "library": of_values("LogRecord):\n        return WITHHELD", "LogRecord):\n        return str(value)"),
    "a field nobody declared": of_values("WITHHELD if kind is None else", "value if kind is None else"),
    # Sentences
    "other words": of_values("each if is_told(each, before) else WITHHELD", "each"),
    "long numbers": of_values(r"-?\d{1,6}(", r"-?\d{1,16}("),
    "numbers in a row": of_values("NUMBERS_IN_A_ROW.sub(WITHHELD, whole)", "whole"),
    "UUIDs that are none of ours": of_values("        DOCUMENT.pattern,\n", "        UUID.pattern,\n"),
    "hosts that nobody calls so": of_values(r'rf"\.{HOST.pattern}"', r'rf"\.?{HOST.pattern}"'),
    # Tracebacks, libraries, and what a function raises
    "others' messages in a traceback": Redaction(
        "shared.domain.log_values", "if is_ours else WITHHELD", "if is_ours else str(error)", "catalog.chunk"
    ),
    "others' words in a message of ours": Redaction(
        "shared.domain.log_values", "{sentence(str(error)) if is_ours", "{str(error) if is_ours", "catalog.chunk"
    ),
    "an exception handed to the platform's formatter": Redaction(
        "shared.domain.log",
        'LOGGER.log(level, "%s %s", event, json.dumps(allowed, ensure_ascii=True))',
        'LOGGER.log(level, "%s %s", event, json.dumps(allowed), exc_info=fields.get("traceback"))',
        "catalog.chunk",
    ),
    "lines of libraries": Redaction("shared.domain.log", "logger.propagate = False", "pass"),
    "what a library says": of_values('f"{name} {place(value.pathname)}:{value.lineno}"', "value.getMessage()"),
    "words of what a function raises": Redaction("shared.domain.units", "error.args = (sentence(str(error)),)", "pass"),
    "cause of what a function raises": Redaction("shared.domain.units", "raise error from None", "raise"),
    "cause of what nobody foresaw": Redaction(
        "shared.domain.units", "raise unforeseen(error) from None", "raise unforeseen(error)", "rejected.keep"
    ),
    "message of what nobody foresaw": Redaction(
        "shared.domain.units", '(f"{type(error).__name__}, which', '(f"{error}, which', "catalog.chunk"
    ),
    # What the SDKs' errors say
    "answer of storage": Redaction(
        "shared.adapters.storage_errors",
        "({code_of(error) or getattr(error, 'reason', None)})",
        "({error})",
        ANSWERS,
    ),
    "silence of Blob Storage": of_silence("blob_storage", "Blob Storage did not answer for {name}"),
    "silence of Table Storage": of_silence("table_errors", "Table Storage did not answer"),
    "silence of ACS": of_silence("acs_answers", "ACS did not answer"),
    "answer that is none of ACS's": Redaction(
        "shared.adapters.acs_answers", "if size else 'an empty body'}", "if size else ''} {answer.text()}", ANSWERS
    ),
    # Replies and rows
    "message of an unknown fault": Redaction(
        "shared.api.http_replies", 'f"An unknown fault,', 'f"An unknown fault, {error},', "catalog.recording"
    ),
    "function key of who asked": Redaction(
        "functions.http_requests",
        'hashlib.sha256(key.encode(errors="replace")).hexdigest()[:KEY_DIGEST_DIGITS]',
        "key",
        CALM,
    ),
    "principal that anybody may claim": Redaction(
        "functions.http_requests", "if services.authenticates_callers and principal", "if principal", CALM
    ),
    "idempotency key": Redaction(
        "shared.domain.identifiers",
        'str(uuid5(RECORDER_NAMESPACE, f"key:{idempotency_key}"))',
        'f"key:{idempotency_key}"',
        CALM,
    ),
    "names of participants in events": Redaction(
        "shared.domain.event_data",
        "recording.tags.items() if not name.startswith(PARTICIPANT_TAG)",
        "recording.tags.items()",
        CALM,
    ),
    "body of a start": Redaction(
        "shared.domain.start_request",
        'hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()',
        'msgspec.json.encode(self, order="deterministic").decode()',
        CALM,
    ),
}


# What must not be found with nothing taken out: the same module, as it is.
CONTROLS: Mapping[str, Redaction] = {
    f"nothing, shown by {shown_by or 'a calm journey'}": Redaction("shared.domain.log_values", WHOLE, WHOLE, shown_by)
    for shown_by in sorted({redaction.shown_by for redaction in REDACTIONS.values()})
}


class Changed(importlib.machinery.SourceFileLoader):
    """Loads a module from its source, without a redaction."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__(redaction.module, str(path_of(redaction)))
        self.redaction = redaction

    def get_code(self, fullname: str) -> CodeType:
        del fullname
        return compile(changed(self.redaction), self.path, "exec")


class Without(importlib.abc.MetaPathFinder):
    """Has one module imported without a redaction; all others as they are."""

    def __init__(self, redaction: Redaction) -> None:
        self.redaction = redaction

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if fullname != self.redaction.module:
            return None
        return ModuleSpec(fullname, Changed(self.redaction), origin=str(path_of(self.redaction)))


def path_of(redaction: Redaction) -> Path:
    return ROOT / f"{redaction.module.replace('.', '/')}.py"


def changed(redaction: Redaction) -> str:
    """The module without the redaction."""
    source = path_of(redaction).read_text()
    assert source.count(redaction.code) == 1, f"{redaction.code} stands {source.count(redaction.code)} times"
    return source.replace(redaction.code, redaction.without)


def is_found(redaction: Redaction) -> bool:
    """Whether something marked is found; the app must not have been imported before."""
    sys.meta_path.insert(0, Without(redaction))
    from tests.marked.journey import Journey, direct_lines
    from tests.marked.markers import ALLOWED, found_in

    if redaction.shown_by == ANSWERS:
        from tests.marked.answers import told_of_answers

        told, _ = told_of_answers()
        return any((name, place) not in ALLOWED for place, texts in told.items() for name in found_in(" ".join(texts)))
    if redaction.shown_by == DIRECT:
        lines, raised = direct_lines(logging.DEBUG)
        return any(map(found_in, lines + raised))
    journey = Journey(redaction.shown_by, foreign=True, alone=True)
    journey.run(logging.DEBUG)
    return bool(journey.leaks)


def noticed(names: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """For each redaction whether something marked is found without it; as many processes at once as processors.

    Raises:
        RuntimeError: one ended otherwise, say since the change makes no code.
    """
    waiting = list(names)
    running: dict[int, str] = {}
    while waiting or running:
        while waiting and len(running) < (os.process_cpu_count() or 1):
            name = waiting.pop(0)
            child = os.fork()
            if not child:
                answer_of(name)
            running[child] = name
        child, status = os.wait()
        code = os.waitstatus_to_exitcode(status)
        if code not in {FOUND, MISSED}:
            raise RuntimeError(f"{running[child]}: it ended with {code}.")
        yield running.pop(child), code == FOUND


def answer_of(name: str) -> None:
    """Take one out in this process, and end it."""
    code = 1
    try:
        code = FOUND if is_found({**REDACTIONS, **CONTROLS}[name]) else MISSED
    finally:
        os._exit(code)


def outcomes(names: Sequence[str]) -> dict[str, bool]:
    """For each redaction whether something marked is found without it, told by a process that has not the app yet."""
    command = [sys.executable, "-m", "tests.marked.redactions", *names]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    told = [line.partition(": ") for line in done.stdout.splitlines()]
    assert len(told) == len(names), done.stderr
    return {name: found == FOUND_WORD for found, _, name in told}


def main(given: Sequence[str]) -> int:
    wrong = 0
    for name, is_noticed in noticed(given or [*CONTROLS, *REDACTIONS]):
        wrong += is_noticed != (name in REDACTIONS)
        print(f"{FOUND_WORD if is_noticed else 'nothing'}: {name}", flush=True)  # noqa: T201 - a command
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
