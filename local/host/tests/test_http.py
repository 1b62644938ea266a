"""HTTP triggers behave as behind the real host: routing, keys, request and response conversion."""

from __future__ import annotations

import http.client
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from .samples import Web


def said(web: Web, path: str, **arguments: Any) -> dict[str, Any]:
    answer: dict[str, Any] = web.host.request("POST", path, **arguments).json()
    return answer


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/numbers/7", 200),
        ("GET", "/API/Numbers/7", 200),
        ("GET", "/api/numbers/7/", 200),
        ("POST", "/api/numbers/7", 404),
        ("GET", "/api/numbers/seven", 404),
        ("GET", "/api/numbers/100", 404),
        ("GET", "/api/numbers", 404),
        ("GET", "/numbers/7", 404),
        ("GET", "/api/echo", 200),
        ("DELETE", "/api/echo/x", 200),
        ("GET", "/api/echo/x/y", 404),
        ("POST", "/api/named_by_function", 200),
        ("GET", "/api/named_by_function", 404),
        ("GET", "/", 404),
    ],
)
def test_a_route_matches_by_template_constraint_and_method(web: Web, method: str, path: str, status: int) -> None:
    assert web.host.request(method, path).status_code == status


@pytest.mark.parametrize(("path", "rest"), [("a/b/c.txt", "a/b/c.txt"), ("", "nothing")])
def test_a_catch_all_takes_the_rest_of_the_path(web: Web, path: str, rest: str) -> None:
    assert web.host.request("GET", f"/api/files/{path}").text == rest


@pytest.mark.parametrize(
    ("path", "key_name", "status"),
    [
        ("/api/echo", None, 200),
        ("/api/guarded", None, 401),
        ("/api/guarded", "wrong", 401),
        ("/api/guarded", "guarded", 200),
        ("/api/guarded", "other_guarded", 401),
        ("/api/guarded", "default", 200),
        ("/api/guarded", "master", 200),
        ("/api/guarded", "eventgrid_extension", 401),
        ("/api/admins", "default", 401),
        ("/api/admins", "admins", 401),
        ("/api/admins", "master", 200),
        ("/api/disabled", "default", 404),
        ("/api/disabled", "master", 200),
    ],
)
def test_a_key_opens_what_it_should(web: Web, path: str, key_name: str | None, status: int) -> None:
    keys = web.host.keys
    known = {**keys.functions, **keys.systemKeys, "master": keys.master, "default": keys.default, "wrong": "wrong"}
    key = known[key_name] if key_name else None

    in_header = web.host.request("GET", path, key=key)
    in_query = web.host.request("GET", path, key=None, params={"code": key} if key else {})

    assert (in_header.status_code, in_query.status_code) == (status, status)
    assert status != 401 or in_header.content == b""


def test_the_key_in_the_header_wins_over_the_one_in_the_query(web: Web) -> None:
    response = web.host.request("GET", "/api/guarded", key="wrong", params={"code": web.host.keys.master})

    assert response.status_code == 401


def test_the_key_in_the_query_stays_visible_to_the_function(web: Web) -> None:
    assert said(web, "/api/echo?code=abc")["params"] == {"code": "abc"}


def test_query_parameters_lose_empty_values_and_join_repeated_ones(web: Web) -> None:
    assert said(web, "/api/echo?a=1&b=&a=2&C=x%20y")["params"] == {"a": "1,2", "C": "x y"}


def test_header_names_arrive_in_lower_case(web: Web) -> None:
    assert said(web, "/api/echo", headers={"X-Some-Thing": "Value"})["headers"]["x-some-thing"] == "Value"


def test_route_values_are_decoded_except_for_slashes_and_absent_ones_are_missing(web: Web) -> None:
    assert said(web, "/api/echo/a%20b%2Fc")["route"] == {"word": "a b%2Fc"}
    assert said(web, "/api/echo")["route"] == {}


def test_the_url_is_whole_and_the_body_is_bytes(web: Web) -> None:
    answer = said(web, "/api/echo?x=1", data=b"\x00\xfe")

    assert answer["url"] == f"{web.host.url}/api/echo?x=1"
    assert answer["body"] == "\x00\xfe"


def test_status_headers_cookies_and_bytes_of_a_response_are_passed_on(web: Web) -> None:
    response = web.host.request("GET", "/api/full")

    assert (response.status_code, response.content) == (418, b"\x00\xff")
    assert (response.headers["X-Tea"], response.headers["Content-Type"]) == ("green", "application/x-tea")
    assert response.headers["Set-Cookie"] == "a=1; max-age=60; path=/; samesite=lax; httponly, b=2; secure"


def test_a_function_that_raises_answers_500_with_nothing_in_it(web: Web) -> None:
    response = web.host.request("GET", "/api/raises")

    assert (response.status_code, response.content) == (500, b"")
    assert any("secret detail: 100%" in line["message"] for line in web.host.log_lines())


def test_a_function_that_returns_nothing_answers_500(web: Web) -> None:
    assert web.host.request("GET", "/api/nothing").status_code == 500


def test_a_body_over_the_limit_is_refused(web: Web) -> None:
    assert web.host.request("POST", "/api/echo", data=b"x" * 10_000).status_code == 200
    assert web.host.request("POST", "/api/echo", data=b"x" * 10_001).status_code == 413


def test_a_chunked_body_arrives_empty_as_behind_the_real_host(web: Web) -> None:
    assert said(web, "/api/echo", data=iter([b"some", b"thing"]))["body"] == ""


def test_head_has_no_body(web: Web) -> None:
    response = web.host.request("HEAD", "/api/echo")

    assert (response.status_code, response.content) == (200, b"")


def test_a_connection_serves_many_requests(web: Web) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", web.host.port, timeout=10)
    connection.connect()
    ports = set()
    for _ in range(3):
        connection.request("POST", "/api/echo", body=b"x")
        assert connection.getresponse().read()
        assert connection.sock is not None, "the server closed the connection"
        ports.add(connection.sock.getsockname()[1])
    connection.close()

    assert len(ports) == 1


def test_a_blocking_function_does_not_hold_up_others(web: Web) -> None:
    waiting = [
        threading.Thread(target=web.host.request, args=("GET", f"/api/{kind}?seconds=0.7"))
        for kind in ("slow", "slow", "patient", "patient", "patient")
    ]
    started = time.monotonic()
    for thread in waiting:
        thread.start()
    assert requests.get(f"{web.host.url}/api/echo", timeout=10).status_code == 200
    answered = time.monotonic() - started
    for thread in waiting:
        thread.join()

    assert answered < 0.65
    assert time.monotonic() - started < 1.35


@pytest.mark.parametrize(("path", "message"), [("patient", "waited"), ("quiet", "worth a line")])
def test_a_log_line_carries_function_and_invocation_in_sync_and_async_functions(
    web: Web, path: str, message: str
) -> None:
    web.host.request("GET", f"/api/{path}?seconds=0")

    line = next(line for line in reversed(web.host.log_lines()) if line["message"] == message)
    ended = [line["invocationId"] for line in web.host.log_lines() if "Succeeded" in line["message"]]
    assert (line["function"], line["category"]) == (path, f"Function.{path}.User")
    assert line["invocationId"] in ended


def test_host_json_decides_which_log_lines_appear(web: Web) -> None:
    web.host.request("GET", "/api/quiet")

    assert not any(line["message"] == "not worth a line" for line in web.host.log_lines())


def test_what_an_app_prints_goes_to_the_log(web: Web) -> None:
    web.host.request("GET", "/api/slow?seconds=0")

    assert "slow begins" in web.host.log_text()
