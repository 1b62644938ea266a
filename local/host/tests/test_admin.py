"""The admin API: status, and running functions that no request triggers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .samples import Web


def test_ping_is_open_and_status_wants_the_master_key(web: Web) -> None:
    assert web.host.request("GET", "/admin/host/ping", key=None).status_code == 200
    assert web.host.request("GET", "/admin/host/status").status_code == 401
    status = web.host.request("GET", "/admin/host/status", key=web.host.keys.master)
    assert status.json()["state"] == "Running"


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("tick", b'{"input": ""}', 202),
        ("TICK", b'{"input": ""}', 202),
        ("tick", b"", 400),
        ("tick", b"{}", 400),
        ("echo", b'{"input": ""}', 400),
        ("nobody", b'{"input": ""}', 404),
    ],
)
def test_running_a_function_is_accepted_or_refused(web: Web, name: str, body: bytes, status: int) -> None:
    response = web.host.request("POST", f"/admin/functions/{name}", key=web.host.keys.master, data=body)

    assert response.status_code == status


def test_running_a_function_wants_the_master_key(web: Web) -> None:
    assert web.host.request("POST", "/admin/functions/tick", json={"input": ""}).status_code == 401


def test_a_timer_fires_now_and_is_waited_for(web: Web) -> None:
    before = len(web.record.lines("tick"))

    web.host.fire_timer("tick")

    fired = web.record.lines("tick")[before:]
    assert [(line["past_due"], line["status"]) for line in fired] == [(False, {})]


def test_a_failing_run_says_why_when_it_is_waited_for(web: Web) -> None:
    event = {"id": "by-hand", "subject": "fail", "data": {}, "eventType": "t", "eventTime": "2026-01-01T00:00:00Z"}

    response = web.host.run_function("on_event", json.dumps(event))

    assert (response.status_code, response.text) == (500, "ValueError: no good: by-hand")


def test_a_retried_timer_is_run_again_and_counts(web: Web) -> None:
    before = len(web.record.lines("stubborn"))

    web.host.fire_timer("stubborn")

    assert [line["attempt"] for line in web.record.lines("stubborn")[before:]] == [0, 1, 2]
