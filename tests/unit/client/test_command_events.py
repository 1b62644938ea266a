"""`acsrec events` and the client's part of it: what other apps were told, and telling it again."""

import json

import pytest
from typer.testing import CliRunner, Result

from acsrec import Problem
from acsrec.command import app
from acsrec.command_base import HTTP
from tests.builders import SERVER_CALL_ID
from tests.fakes import Cloud, Fault
from tests.unit.client.app_on_fakes import TOPIC, AppOnFakes
from tests.unit.client.fake_app import KEY, URL

KEYS = ["Started:1", "Stopped:2"]


@pytest.fixture
def azure() -> AppOnFakes:
    return AppOnFakes(Cloud(EVENTS_TOPIC_ENDPOINT=TOPIC))


def a_stopped_recording(azure: AppOnFakes) -> str:
    client = azure.client()
    id = client.start({"serverCallId": SERVER_CALL_ID}).id
    azure.sleep(1)
    client.get(id)
    client.stop(id)
    return id


def run(azure: AppOnFakes, *arguments: str) -> Result:
    token = HTTP.set(azure.client().http)
    try:
        return CliRunner().invoke(app, arguments, env={"ACSREC_URL": URL, "ACSREC_KEY": KEY})
    finally:
        HTTP.reset(token)


def rows(result: Result) -> list[list[str]]:
    assert result.exit_code == 0, result.output
    return [line.split() for line in result.stdout.splitlines()[1:]]


def test_events_come_as_they_happened_with_what_became_of_them(azure: AppOnFakes) -> None:
    id = a_stopped_recording(azure)

    events = azure.client().events(id)

    assert [event.key for event in events] == KEYS
    assert [event.event.id for event in events] == [f"{id}/{key}" for key in KEYS]
    assert events[0].event.data["serverCallId"] == SERVER_CALL_ID
    assert all(event.sent_at is not None and event.attempts == 1 for event in events)


def test_events_are_sent_again_all_or_one(azure: AppOnFakes) -> None:
    id = a_stopped_recording(azure)
    client = azure.client()

    assert (client.resend_events(id), client.resend_events(id, "Stopped:2")) == (2, 1)
    sent = [event.id.rpartition("/")[2] for event in azure.cloud.topic.taken]
    assert (sent.count("Started:1"), sent.count("Stopped:2")) == (2, 3)


def test_an_event_that_is_not_there_is_a_problem(azure: AppOnFakes) -> None:
    id = a_stopped_recording(azure)

    with pytest.raises(Problem) as caught:
        azure.client().resend_events(id, "Completed:1")

    assert caught.value.status == 404


def test_the_table_shows_when_each_was_sent(azure: AppOnFakes) -> None:
    found = rows(run(azure, "events", a_stopped_recording(azure)))

    assert [row[2:4] for row in found] == [["Started", "Started:1"], ["Stopped", "Stopped:2"]]
    assert all(row[5:] == ["2026-11-22", "08:00:01Z", "1"] for row in found)


def test_the_table_shows_why_one_was_not_sent_and_the_next_try(azure: AppOnFakes) -> None:
    azure.cloud.world.fail("topic.send", Fault.ERROR_BEFORE, 2)

    found = rows(run(azure, "events", a_stopped_recording(azure)))

    assert all("topic.send failed" in " ".join(row) and "Next try 2026-11-22" in " ".join(row) for row in found)


def test_the_table_shows_that_there_was_no_topic() -> None:
    azure = AppOnFakes(Cloud())

    assert all("there was no topic" in " ".join(row) for row in rows(run(azure, "events", a_stopped_recording(azure))))


def test_as_json_events_are_the_api_s_own_form_all_or_one(azure: AppOnFakes) -> None:
    id = a_stopped_recording(azure)
    own = azure.client().request("GET", f"/recordings/{id}/events").json()

    assert json.loads(run(azure, "events", id, "--json").stdout) == own
    assert json.loads(run(azure, "events", id, "--key", "Stopped:2", "--json").stdout) == {"events": own["events"][1:]}


def test_the_command_sends_again_and_says_how_many(azure: AppOnFakes) -> None:
    id = a_stopped_recording(azure)

    assert "2 events are sent again" in run(azure, "events", id, "--resend").stdout
    assert json.loads(run(azure, "events", id, "--resend", "--key", "Started:1", "--json").stdout) == {"events": 1}


def test_sending_again_without_a_topic_is_3_and_says_so() -> None:
    azure = AppOnFakes(Cloud())

    result = run(azure, "events", a_stopped_recording(azure), "--resend")

    assert result.exit_code == 3
    assert "no topic" in result.stderr
