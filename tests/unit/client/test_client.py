"""What the client sends, and what it makes of answers: lists, problems, keys."""

from datetime import UTC, date, datetime

import httpx
import msgspec
import pytest

from acsrec import ChunksLeftOut, Client, Problem, Unanswered, Unreadable
from shared.domain.json_views import chunk_view
from tests.builders import OUR_ID, a_chunk
from tests.unit.client.fake_app import KEY, URL, FakeApp, a_link, a_page, answer, problem, shown

LIST = "/api/recordings"


def test_a_list_is_read_over_its_pages_short_and_empty_ones_too() -> None:
    app = FakeApp()
    app.on("GET", LIST, a_page("a", "b", continuation="1"), a_page(continuation="2"), a_page("c"))

    recordings = list(app.client().recordings(status="failed"))

    assert [recording.id for recording in recordings] == ["a", "b", "c"]
    assert [dict(request.url.params) for request in app.requests] == [
        {"status": "failed"},
        {"status": "failed", "continuation": "1"},
        {"status": "failed", "continuation": "2"},
    ]


def test_a_page_is_asked_for_only_when_it_is_wanted() -> None:
    app = FakeApp()
    app.on("GET", LIST, a_page("a", continuation="1"))

    next(app.client().recordings())

    assert len(app.requests) == 1


def test_a_list_that_is_not_whole_says_so_after_what_there_is() -> None:
    app = FakeApp()
    app.on("GET", LIST, a_page("a", continuation="1", unreadable=("x",)), a_page("b"))
    found: list[str] = []

    with pytest.raises(Unreadable, match="not whole") as caught:
        found.extend(recording.id for recording in app.client().at_risk())

    assert caught.value.ids == ("x",)
    assert [dict(request.url.params).get("atRisk") for request in app.requests] == ["true", "true"]


def test_filters_have_the_names_of_the_api() -> None:
    app = FakeApp()
    app.on("GET", LIST, a_page())

    app.client().page(
        server_call_id="s/1",
        from_=datetime(2026, 11, 22, 8, tzinfo=UTC),
        to=date(2026, 11, 23),
        tags={"case": "42", "a b": "ü&"},
        include_refused=True,
        limit=7,
        continuation="c",
    )

    assert dict(app.requests[0].url.params) == {
        "serverCallId": "s/1",
        "from": "2026-11-22T08:00:00+00:00",
        "to": "2026-11-23",
        "tag.case": "42",
        "tag.a b": "ü&",
        "includeRefused": "true",
        "limit": "7",
        "continuation": "c",
    }


def test_a_time_without_a_zone_is_refused_here() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        FakeApp().client().page(from_=datetime(2026, 11, 22))  # noqa: DTZ001


def test_a_replay_since_goes_on_until_nothing_is_left() -> None:
    app = FakeApp()
    parts = [
        {"transfers": 2, "deletions": 1, "continuation": "c"},
        {"transfers": 1, "deletions": 0, "continuation": None},
    ]
    app.on("POST", "/api/replay", *(answer(part, 202) for part in parts))

    assert [part.transfers for part in app.client().replay_since("2026-11-22")] == [2, 1]
    assert [dict(request.url.params).get("continuation") for request in app.requests] == [None, "c"]


def test_a_report_goes_on_until_the_day_is_done() -> None:
    app = FakeApp()
    part = {"recordings": 1, "blobs": 0, "differences": [{"id": "a", "difference": "…"}]}
    app.on("GET", "/api/consistency", answer({**part, "continuation": "c"}), answer({**part, "continuation": None}))

    reports = list(app.client().consistency(date(2026, 11, 22)))

    assert [report.differences[0].document_id for report in reports] == [None, None]
    assert dict(app.requests[1].url.params) == {"day": "2026-11-22", "continuation": "c"}


def test_a_problem_has_all_that_the_app_says() -> None:
    app = FakeApp()
    faults = [{"field": "limit", "detail": "too big"}]
    app.on("GET", LIST, problem(400, errors=faults, id=OUR_ID, acsCode="8553", acsStatus=404, newer="?"))

    with pytest.raises(Problem, match="400 No: It does not") as caught:
        app.client().page()

    told = caught.value
    assert (told.status, told.title, told.detail, told.id) == (400, "No", "It does not.", OUR_ID)
    assert (told.acs_code, told.acs_status) == ("8553", 404)
    assert [(fault.name, fault.detail) for fault in told.faults] == [("limit", "too big")]


@pytest.mark.parametrize(
    ("response", "told"),
    [
        (httpx.Response(401), "wants a function key"),
        (httpx.Response(404), "no such route"),
        (httpx.Response(429), "as many requests as it takes"),
        (httpx.Response(502, html="<h1>Bad gateway</h1>"), "text/html"),
    ],
)
def test_what_the_platform_answers_before_the_app_is_a_problem_too(response: httpx.Response, told: str) -> None:
    app = FakeApp()
    app.on("GET", LIST, response)

    with pytest.raises(Problem, match=told):
        app.client().page()


def test_a_success_that_is_no_answer_of_the_app_is_not_believed() -> None:
    app = FakeApp()
    app.on("POST", f"{LIST}/{OUR_ID}/stop", httpx.Response(200, html="<h1>Sign in</h1>"))

    with pytest.raises(Unanswered, match="Look whether the address is the app's"):
        app.client().stop(OUR_ID)


def test_fields_and_values_that_are_newer_than_the_client_are_tolerated() -> None:
    app = FakeApp()
    chunk = msgspec.to_builtins(chunk_view(a_chunk())) | {"status": "frozen", "temperature": -20}
    newer = msgspec.to_builtins(shown()) | {"status": "archived", "colour": "green", "chunks": [chunk]}
    app.on("GET", f"{LIST}/{OUR_ID}", answer(newer))

    recording = app.client().get(OUR_ID)

    assert (recording.status, recording.chunks[0].status) == ("archived", "frozen")


def test_chunks_that_are_left_out_are_not_taken_for_none() -> None:
    app = FakeApp()
    app.on("GET", LIST, a_page("a"))
    (recording,) = app.client().recordings()

    with pytest.raises(ChunksLeftOut, match=r"get\('a'\) has them"):
        _ = recording.chunks


def test_the_key_goes_to_the_app_and_is_shown_nowhere() -> None:
    app = FakeApp()
    app.on("GET", LIST, a_page())
    client = app.client()

    client.page()

    assert app.requests[0].headers["x-functions-key"] == KEY
    assert KEY not in repr(client)


@pytest.mark.parametrize("key", ["", "  ", "clé", "a\nb"])
def test_a_key_that_is_none_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(ValueError, match="key") as caught:
        Client(URL, key)

    assert not key.strip() or key not in str(caught.value)


@pytest.mark.parametrize("url", ["recorder.example", "ftp://recorder.example", "https://", "https://a@b.example", ""])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        Client(url, KEY)


@pytest.mark.parametrize("url", [URL, f"{URL}/", f"{URL}/api", f"{URL}/api/"])
def test_the_address_may_end_in_api(url: str) -> None:
    app = FakeApp()
    app.on("GET", LIST, a_page())

    assert Client(url, KEY, http=app.http()).page().recordings == ()


@pytest.mark.parametrize("id", ["..", ".", ""])
def test_what_is_no_id_is_not_sent(id: str) -> None:
    with pytest.raises(ValueError, match="is no id"):
        FakeApp().client().stop(id)


def test_an_id_cannot_become_another_path() -> None:
    app = FakeApp()
    app.on("GET", f"{LIST}/a/../b?c#d", problem(404))

    with pytest.raises(Problem):
        app.client().get("a/../b?c#d")

    assert app.requests[0].url.raw_path == b"/api/recordings/a%2F..%2Fb%3Fc%23d"


def test_a_link_that_browsers_save_is_asked_for() -> None:
    app = FakeApp()
    app.on("GET", f"{LIST}/{OUR_ID}/chunks/d/content", a_link())
    app.on("GET", f"{LIST}/{OUR_ID}/chunks/d/metadata", a_link())

    app.client().content_link(OUR_ID, "d", download=True)
    app.client().metadata_link(OUR_ID, "d")

    assert [dict(request.url.params) for request in app.requests] == [{"download": "true"}, {}]


def test_a_rebuild_goes_on_until_the_day_is_done() -> None:
    app = FakeApp()
    part = {"rebuilt": 1, "present": 2, "unreadable": 0}
    app.on("POST", "/api/rebuild", answer({**part, "continuation": "c"}), answer({**part, "continuation": None}))

    assert sum(part.rebuilt for part in app.client().rebuild("2026-11-22")) == 2


def test_an_event_is_handed_in_as_it_is() -> None:
    app = FakeApp()
    rejected = {"event": "e", "documentId": None, "reason": "…"}
    app.on("POST", "/api/events", answer({"transfers": 1, "deletions": 0, "rejected": [rejected]}, 202))

    taken = app.client().hand_in([{"id": "e", "data": {"ü": [1]}}])

    assert (taken.transfers, taken.rejected[0].event) == (1, "e")
    assert msgspec.json.decode(app.requests[0].content) == [{"id": "e", "data": {"ü": [1]}}]


def test_waiting_ends_with_the_status_or_with_the_time() -> None:
    app = FakeApp()
    app.on("GET", f"{LIST}/{OUR_ID}", answer(shown()))

    assert app.client().wait(OUR_ID, "active").id == OUR_ID
    with pytest.raises(TimeoutError, match="active"):
        app.client().wait(OUR_ID, seconds=0, poll_seconds=0)
