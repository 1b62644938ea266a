"""What a log line may hold, field by field; tracebacks, libraries, and what a function raises to the platform."""

import ast
import logging
import subprocess
import sys
import traceback

import pytest

from shared.adapters.acs_answers import words_of
from shared.domain.errors import AcsUncertain, CatalogUnavailable, ControlUnknown, Unforeseen
from shared.domain.log import LIBRARIES, LOGGER, LogEvent, log
from shared.domain.log_values import CHAIN_MAX, FRAMES_MAX, KINDS, WITHHELD, LogFields, sentence, told, told_traceback
from shared.domain.log_words import WORDS
from shared.domain.units import function
from tests.builders import OUR_ID, RECORDING_ID, document_id
from tests.log_levels import quieted
from tests.log_words import DIGITS_MAX, LISTED, document, texts
from tests.log_words import words_of as words_in
from tests.unit.test_architecture import MODULES, ROOT

PLATFORM = {"azure_functions_runtime", "azure_functions_worker"}  # their loggers tell of functions, not of what they do
SHA256 = "4b" * 32
SAMPLES: dict[str, list[object]] = {
    "id": [OUR_ID],
    "sameAs": [OUR_ID],
    "incident": [OUR_ID],
    "documentId": [
        document_id(),
        "0-eus-d12-801b3f3fc462fe8a01e6810cbff729b8",
        "0-usgv-d1-5d1c00",
        "0-wus2-d101-5d1c00",
        None,
    ],
    "recordingId": [RECORDING_ID, f"{RECORDING_ID}="],
    "status": ["active", "starting"],
    "queue": ["chunk-transfers", "chunk-deletions-poison"],
    "run": ["sweep", "replay"],
    "dependency": ["recordingsStorage", "runtimeStorage", "acs"],
    "kept": [f"{SHA256}.json"],
    "sha256": ["0123abcd"],
    "error": ["KeyError", "Busy", "AcsUncertain", "ServiceRequestError", "JSONDecodeError"],
}


def test_every_field_has_a_kind() -> None:
    assert set(KINDS) == set(LogFields.__annotations__)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in SAMPLES.items() for value in values])
def test_what_the_app_logs_is_logged_as_it_is(name: str, value: object) -> None:
    assert told(name, value) == value


def test_a_field_that_nobody_declared_is_withheld() -> None:
    assert told("phone", OUR_ID) == WITHHELD


@pytest.mark.parametrize("value", [True, "7", 10**15, float("nan"), [1]])
def test_a_count_is_a_number_and_nothing_else(value: object) -> None:
    assert told("chunks", value) == WITHHELD


def test_the_name_of_a_dead_letter_is_logged_from_its_day_on() -> None:
    name = f"ACS-TOPIC/SUBSCRIPTION/2026/11/22/8/{OUR_ID}.json"

    assert told("name", name) == f"2026/11/22/8/{OUR_ID}.json"


def test_an_id_that_only_looks_like_one_of_acs_is_withheld() -> None:
    token = "eyJhbGciOiJSUzI1NiIsImtpZCI6Ijg3NmYifQ"  # the head of a JSON Web Token

    assert told("recordingId", token) == WITHHELD


@pytest.mark.parametrize(
    "text",
    [
        f"The blob 2026/11/22/{OUR_ID}/0000-{document_id()}.wav is gone; the chunk is copied again.",
        f"The blob 2026/11/22/{OUR_ID}/recording.2.json is gone; the chunk is copied again.",
        "Blob Storage answered 409 (BlobImmutableDueToPolicy) for it.",
        "Table Storage did not answer: ServiceResponseTimeoutError.",
        "The host eu-storage.asm.skype.com of a URL of the event is not under RECORDING_HOST_SUFFIXES.",
        "ACS reported that it could not start the recording (8553).",
        "1 of the app's settings are wrong: AzureWebJobsStorage__blobServiceUri must be an https URL.",
        f"The blob 2026/11/22/{OUR_ID}/0000-{document_id()}.unfinished.wav is gone; the chunk is copied again.",
        f"The blob 2026/11/22/{OUR_ID}/0000-{document_id()}.unfinished.metadata.json holds other metadata than ACS.",
        f"The blob 2026/11/22/{OUR_ID}/12000-{document_id()}.mp4 is gone; the chunk is copied again.",
        "Blob Storage answered 400 (Md5Mismatch) for it.",
        "or the https URLs AzureWebJobsStorage__blobServiceUri, __queueServiceUri and __tableServiceUri.",
        "The host 0-eus-storage.1drv.com of a URL of the event is not under RECORDING_HOST_SUFFIXES (.1drv.com).",
        "The connection broke after 7 bytes: IncompleteRead.",
        "JSONDecodeError, which nobody foresaw; the log has its traceback.",
        "OSError, which nobody foresaw; the log has its traceback.",
        "ACS refused it without a word (401/Denied)",
        "ACS answered 503 with text/html, 1,234 bytes: no error of ACS's in it (503)",
        "ACS answered with bytes 0 to 4,194,303 of 8,388,608 instead of those asked for.",
    ],
)
def test_a_sentence_of_ours_is_logged_as_it_is(text: str) -> None:
    assert sentence(text) == text


@pytest.mark.parametrize(
    ("text", "logged"),
    [
        ("No call aHR0cHM6Ly9hcGk= with Marie Curie here.", "No call [withheld] with [withheld] here."),
        ("participant 4:+15550100 and +1 555 010 0123", "participant [withheld] and [withheld]"),
        ("The file gave 1920044 bytes instead of 7.", "The file gave 1,920,044 bytes instead of 7."),
        ("The file gave 1920044 bytes instead of 1920045.", "The file gave 1,920,044 bytes instead of 1,920,045."),
        ("had 1920044 bytes, now it has 1920045.", "had 1,920,044 bytes, now it has 1,920,045."),
        ("Bürgerfon of 30 (429/8529)", "[withheld] of 30 (429/8529)"),
        ("The host 15550100.example of", "The host [withheld] of"),
        ("participant 555\u00a0010\u00a00123", "participant [withheld]"),
        ("participant 555\t0100", "participant [withheld]"),
        ("at https://x.example/a?sig=abc now", "at [withheld] now"),
        ("15550100", "[withheld]"),
        ("555 0100", "[withheld]"),
    ],
)
def test_other_words_in_a_sentence_are_withheld(text: str, logged: str) -> None:
    assert sentence(text) == logged


def test_a_sentence_that_is_cut_ends_with_a_whole_word() -> None:
    assert sentence("the number 12345678 of it", len("the number 1234")) == "the number"


def test_the_words_are_those_of_the_code() -> None:
    assert LISTED.read_text() == document(words_in(texts())), "run `python -m tests.log_words`"


def test_no_secret_or_personal_word_is_among_them() -> None:
    assert [word for word in WORDS if sum(letter.isdigit() for letter in word) > DIGITS_MAX] == []


def test_only_the_log_knows_a_logger() -> None:
    named = {
        (name, ast.unparse(node))
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) in {"LOGGER", "logging.getLogger", "print"}
    }

    assert {name for name, _ in named} == {"shared.domain.log", "shared.adapters.event_topic"}


# Tracebacks


def fail() -> None:
    raise KeyError("sig=c2VjcmV0")


def raise_chain() -> None:
    try:
        fail()
    except KeyError as error:
        raise CatalogUnavailable("Table Storage did not answer for +15550100.") from error


def test_a_traceback_tells_types_frames_and_our_own_words() -> None:
    with pytest.raises(CatalogUnavailable) as caught:
        raise_chain()

    lines = str(told_traceback(caught.value)).splitlines()
    assert lines[0] == "shared.domain.errors.CatalogUnavailable: Table Storage did not answer for [withheld]"
    assert "builtins.KeyError: [withheld]" in lines
    assert lines[-1].startswith("  tests/unit/test_log_values.py:")
    assert lines[-1].endswith(" fail")


def test_a_traceback_stays_short() -> None:
    def deep(levels: int) -> None:
        if levels:
            deep(levels - 1)
        raise_chain()

    with pytest.raises(CatalogUnavailable) as caught:
        deep(200)

    assert len(str(told_traceback(caught.value)).splitlines()) <= CHAIN_MAX * (FRAMES_MAX + 1)


def test_only_an_exception_has_a_traceback() -> None:
    assert told("traceback", "Traceback: sig=c2VjcmV0") == WITHHELD


# What a function raises, the platform logs


def raised_by(error: Exception) -> str:
    """What the platform writes of an error that leaves a function."""
    try:
        with function():
            try:
                fail()
            except KeyError as cause:
                raise error from cause
    except Exception as left:  # noqa: BLE001 - as the platform does
        return "".join(traceback.format_exception(left))
    raise AssertionError


def test_an_error_leaves_a_function_in_our_words_and_without_its_cause() -> None:
    written = raised_by(ControlUnknown("ACS was asked.", AcsUncertain("No participant 4:+15550100", status=500)))

    assert "ControlUnknown: ACS was asked. No participant [withheld] Whether it records is not known" in written
    assert "c2VjcmV0" not in written


def test_an_unforeseen_error_leaves_a_function_as_one_of_ours() -> None:
    written = raised_by(RuntimeError("sig=c2VjcmV0"))

    assert Unforeseen.__name__ in written
    assert "c2VjcmV0" not in written


# Libraries


@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO])
def test_what_libraries_log_of_requests_is_kept_out(caplog: pytest.LogCaptureFixture, level: int) -> None:
    caplog.set_level(level)
    with quieted():
        for name in ("urllib3.connectionpool", "azure.core.pipeline.policies.http_logging_policy", "azure.identity"):
            caplog.set_level(level, name)
            logging.getLogger(name).log(level, "GET /own/a?sig=%s", "c2VjcmV0")

    assert caplog.records == []


def test_of_a_librarys_warning_the_place_is_logged_and_not_a_word(caplog: pytest.LogCaptureFixture) -> None:
    with quieted():
        logging.getLogger("urllib3.connectionpool").warning("Failed to parse headers (url=%s)", "/own/a?sig=c2VjcmV0")

    (record,) = caplog.records
    assert record.name == LOGGER.name
    assert "urllib3.connectionpool tests/unit/test_log_values.py:" in record.getMessage()
    assert "c2VjcmV0" not in record.getMessage()


def test_every_library_that_logs_is_kept_out() -> None:
    """All loggers of a process that has imported the whole app, by the first part of their names."""
    everything = ["function_app", *(name for name in MODULES if name.startswith(("shared.", "functions.")))]
    script = (
        f"import {', '.join(everything)}, logging\n"
        "print(*{name.partition('.')[0] for name in logging.root.manager.loggerDict})"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)

    assert set(done.stdout.split()) - PLATFORM <= {*LIBRARIES, LOGGER.name}


def test_a_log_line_never_fails(caplog: pytest.LogCaptureFixture) -> None:
    class Hostile(str):
        __slots__ = ()

        def __str__(self) -> str:
            raise RuntimeError

    log(LogEvent.CHUNK_FAILED, id=Hostile("x"), failure="\ud800 half a character", documentId="\x00")

    fields = '{"id": "[withheld]", "failure": "[withheld] a [withheld]", "documentId": "[withheld]"}'
    assert caplog.messages == [f"chunk_failed {fields}"]


def test_words_of_acs_are_one_line() -> None:
    assert words_of("two\nlines\r\u2028") == "two lines"
