"""Route templates, constraints, the order of routes, and routes that collide."""

from __future__ import annotations

import pytest

from local.host.http_messages import Request
from local.host.route_conflicts import conflicts
from local.host.routes import Route, RouteError, Router, Template


def route(name: str, template: str, *methods: str) -> Route:
    return Route(name, Template(template), frozenset(methods))


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("api/x", "/api/x", {}),
        ("api/x", "/API/X/", {}),
        ("api/x", "/api/x/y", None),
        ("{a}/{b}", "/1/2", {"a": "1", "b": "2"}),
        ("{a}/{b?}", "/1", {"a": "1"}),
        ("{a}/{b=two}", "/1", {"a": "1", "b": "two"}),
        ("files/{*rest}", "/files", {}),
        ("files/{*rest}", "/files/a/b c", {"rest": "a/b c"}),
        ("{name}.{extension}", "/a.txt", {"name": "a", "extension": "txt"}),
        ("{a}", "/x%2Fy", {"a": "x%2Fy"}),
        ("{a}", "/", None),
        ("{n:int}", "/-12", {"n": "-12"}),
        ("{n:int}", "/2147483648", None),
        ("{n:long}", "/2147483648", {"n": "2147483648"}),
        ("{n:int?}", "/", {}),
        ("{n:int:min(3)}", "/2", None),
        ("{n:max(3)}", "/2", {"n": "2"}),
        ("{n:range(1,3)}", "/4", None),
        ("{x:alpha}", "/a1", None),
        ("{x:bool}", "/TRUE", {"x": "TRUE"}),
        ("{x:guid}", "/6f1c2a6e-0000-4000-8000-000000000000", {"x": "6f1c2a6e-0000-4000-8000-000000000000"}),
        ("{x:guid}", "/6f1c", None),
        ("{x:guid}", "/(6f1c2a6e-0000-4000-8000-000000000000)", {"x": "(6f1c2a6e-0000-4000-8000-000000000000)"}),
        ("{x:guid}", "/6f1c-2a6e00004000-8000000000000000", None),
        ("{x:datetime}", "/2026-11-22", {"x": "2026-11-22"}),
        ("{x:datetime}", "/soon", None),
        ("{x:double}", "/1.5e3", {"x": "1.5e3"}),
        ("{x:decimal}", "/one", None),
        ("{x:length(3)}", "/abcd", None),
        ("{x:length(2,4)}", "/abc", {"x": "abc"}),
        ("{x:minlength(3)}", "/ab", None),
        ("{x:maxlength(3)}", "/abc", {"x": "abc"}),
        ("{x:regex(^[a-c]+$)}", "/ABC", {"x": "ABC"}),
        ("{x:regex(^(a|b)$)}", "/c", None),
        (r"{x:regex(^\d{{3}}$)}", "/123", {"x": "123"}),
    ],
)
def test_a_template_matches_as_in_asp_net(template: str, path: str, values: dict[str, str] | None) -> None:
    assert Template(template).match(path) == values


@pytest.mark.parametrize(
    "template", ["/x", "~x", "{x", "x}", "{x:wat}", "{x:range(a,b)}", "{x}/{X}", "{}", "{x:regex([)}"]
)
def test_a_template_asp_net_would_refuse_is_refused(template: str) -> None:
    with pytest.raises(RouteError):
        Template(template)


def test_the_first_function_by_name_wins_whatever_its_case() -> None:
    router = Router([route("b", "things/{id}"), route("A", "{any}/{id}"), route("c", "things/special")])

    assert router.find("GET", "/things/special") == ("A", {"any": "things", "id": "special"})


def test_a_wrong_method_leaves_the_route_to_others() -> None:
    router = Router([route("a", "x", "GET"), route("b", "x", "POST")])

    found = [router.find(method, "/x") for method in ("GET", "post", "DELETE")]

    assert found == [("a", {}), ("b", {}), None]


@pytest.mark.parametrize(
    ("first", "second", "collide"),
    [
        ("x/{a}", "x/{b}", True),
        ("x/{a}", "x/special", True),
        ("x/{a:int}", "x/special", False),
        ("x/{a:int}", "x/5", True),
        ("x/{a}/y", "x/{a}/z", False),
        ("x/{a}", "x/{a}/z", False),
        ("x/{a?}", "x", True),
        ("x/{*rest}", "x/y/z", True),
        ("X", "x", True),
    ],
)
def test_routes_that_answer_the_same_url_collide(first: str, second: str, *, collide: bool) -> None:
    assert bool(conflicts([route("a", first), route("b", second)])) is collide


def test_routes_for_different_methods_do_not_collide() -> None:
    assert conflicts([route("a", "x", "GET"), route("b", "x", "POST", "PUT")]) == []
    assert conflicts([route("a", "x", "GET"), route("b", "x")]) != []


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/a/./b/", "/a/b/"),
        ("/../../a", "/a"),
        ("/a/b/.", "/a/b/"),
        ("/%C3%85%c3%2f%E2%82%AC%zz%4", "/\u00c5%c3%2f\u20ac%zz%4"),
        ("https://elsewhere:1/a?b=%41", "/a"),
    ],
)
def test_a_path_is_decoded_but_for_slashes_and_what_is_not_utf8(target: str, path: str) -> None:
    assert Request("GET", target, {}, b"").path == path


def test_the_url_of_a_request_names_the_host_that_was_asked() -> None:
    whole = Request("GET", "http://elsewhere/a%20b?c=%41", {"host": "127.0.0.1:1"}, b"")

    assert whole.url == "http://127.0.0.1:1/a%20b?c=%41"
