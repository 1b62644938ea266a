"""The simulator hears of every recording that an answer of the app says has ended, once."""

import httpx
import pytest

from local.told_ended import EndedRecordings

RUNS = {"id": "a", "recordingId": "one", "endedAt": None}
ENDED = {"id": "b", "recordingId": "two", "endedAt": "2026-11-22T08:00:00.000Z"}


def heard(*answers: tuple[str, object], status: int = 200) -> list[str]:
    told: list[str] = []
    hook = EndedRecordings(told.append)
    for path, document in answers:
        request = httpx.Request("POST", f"http://127.0.0.1:7071{path}")
        hook(httpx.Response(status, json=document, request=request))
    return told


def test_an_end_is_told_once_whoever_says_it() -> None:
    listed = {"recordings": [RUNS, ENDED], "continuation": None}

    assert heard(("/api/recordings", listed), ("/api/recordings/b", ENDED)) == ["two"]


def test_a_stop_that_succeeds_tells_of_an_end_whatever_else_it_says() -> None:
    assert heard(("/api/recordings/a/stop", RUNS)) == ["one"]


@pytest.mark.parametrize("document", [RUNS, ENDED | {"recordingId": None}, {"recordings": 2}, ["two"], {}])
def test_what_tells_of_no_end_is_passed_over(document: object) -> None:
    assert heard(("/api/recordings/a", document)) == []


def test_a_refusal_tells_nothing() -> None:
    assert heard(("/api/recordings/b/stop", ENDED), status=503) == []


def test_an_answer_of_another_server_is_none() -> None:
    assert heard(("/recordings/2026/file.json", ENDED)) == []
