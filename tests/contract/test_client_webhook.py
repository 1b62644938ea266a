"""What a script gets from the client's webhook: each event once, in the order of arrival, and the one it waits for."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from acsrec.webhook import BODY_BYTES_MAX, Webhook

CLIENT = Path(__file__).parents[2] / "client"
ONE, OTHER = "recording-1", "recording-2"


def an_event(id: str, word: str, number: int = 1) -> dict[str, Any]:
    return {"id": f"{id}/{word}:{number}", "type": f"CallRecording.{word}", "data": {"id": id}}


def post(url: str, *events: dict[str, Any]) -> int:
    return requests.post(url, json=list(events), timeout=5).status_code


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook(0) as listening:
        yield listening


@pytest.mark.parametrize("word", ["Completed", "Empty", "Failed"])
def test_the_outcome_of_a_recording_is_waited_for_whatever_else_comes(webhook: Webhook, word: str) -> None:
    outcome = an_event(ONE, word)
    others = [an_event(ONE, "Stored"), an_event(OTHER, "Completed"), {"id": "x", "type": outcome["type"]}]
    threading.Timer(0.05, post, (webhook.url, *others, outcome)).start()

    assert webhook.outcome(ONE, seconds=5) == outcome


def test_an_event_that_came_before_somebody_waits_is_not_missed(webhook: Webhook) -> None:
    post(webhook.url, an_event(OTHER, "Completed"), an_event(ONE, "Completed"))

    assert [webhook.outcome(id, seconds=5)["data"]["id"] for id in (ONE, OTHER, ONE)] == [ONE, OTHER, ONE]


def test_waiting_ends_when_nothing_comes_and_says_what_came(webhook: Webhook) -> None:
    post(webhook.url, an_event(ONE, "Stored"))

    with pytest.raises(TimeoutError, match=r"in 0.05 s; 1 others came"):
        webhook.outcome(ONE, seconds=0.05)


def test_a_script_can_go_over_the_events_as_they_come(webhook: Webhook) -> None:
    events = iter(webhook)
    post(webhook.url, an_event(ONE, "Started"), an_event(ONE, "Started"))
    post(webhook.url, an_event(ONE, "Stopped"))

    assert [next(events)["type"] for _ in range(2)] == ["CallRecording.Started", "CallRecording.Stopped"]


def test_a_body_that_is_too_long_or_of_unknown_length_is_not_read(webhook: Webhook) -> None:
    def raw(head: str) -> bytes:
        with socket.create_connection(("127.0.0.1", int(webhook.url.rsplit(":")[-1].split("/")[0])), 5) as connection:
            connection.sendall(f"POST /events HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode())
            return connection.recv(100)

    heads = [f"Content-Length: {BODY_BYTES_MAX + 1}", "Content-Length: -1", "Transfer-Encoding: chunked"]

    assert [raw(head).split()[1] for head in heads] == [b"413"] * 3


def test_an_origin_of_two_lines_is_not_given_back(webhook: Webhook) -> None:
    with socket.create_connection(("127.0.0.1", int(webhook.url.rsplit(":")[-1].split("/")[0])), 5) as connection:
        connection.sendall(
            b"OPTIONS /events HTTP/1.1\r\nHost: x\r\nWebHook-Request-Origin: a\r\n Set-Cookie: b\r\n\r\n"
        )
        answer = connection.recv(1000)

    assert b"Set-Cookie" not in answer


def test_two_cannot_listen_on_one_port(webhook: Webhook) -> None:
    with pytest.raises(OSError, match="in use"):
        Webhook(int(re.findall(r":(\d+)/", webhook.url)[0]))


@contextmanager
def printing(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`python -m acsrec.webhook`, and where it listens."""
    command = [sys.executable, "-m", "acsrec.webhook", "--port", "0", *arguments]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CLIENT)}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, encoding="utf-8"
    )
    try:
        assert process.stderr
        yield process, process.stderr.readline().split()[-1]
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("word", "code"), [("Completed", 0), ("Empty", 0), ("Failed", 1)])
def test_the_command_prints_a_recording_s_events_and_ends_with_what_became_of_it(word: str, code: int) -> None:
    sent = [an_event(ONE, "Started"), an_event(OTHER, "Failed"), an_event(ONE, word)]
    with printing(ONE) as (process, url):
        post(url, *sent)
        printed, _ = process.communicate(timeout=10)

    assert [json.loads(line) for line in printed.splitlines()] == [sent[0], sent[2]]
    assert process.returncode == code


def test_the_command_without_a_recording_prints_a_line_for_each_event_until_it_is_told_to_end() -> None:
    with printing() as (process, url):
        post(url, an_event(ONE, "Completed"), an_event(OTHER, "Failed"))
        assert process.stdout
        printed = [json.loads(process.stdout.readline())["data"]["id"] for _ in range(2)]
        process.terminate()

        assert (printed, process.wait(10)) == ([ONE, OTHER], 0)
