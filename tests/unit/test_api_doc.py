"""docs/api.md says what the code does: its limits, its statuses, its example of a problem."""

import json
import re
from http import HTTPStatus
from pathlib import Path

import pytest

from shared.api import request_bodies
from shared.api.http_replies import ACS_CODES
from shared.api.operations import OPERATIONS
from shared.control import list_recordings
from shared.domain import acs_urls, channels, durations, start_request
from shared.domain.call_locators import WANTED as WANTED_IDS
from shared.domain.channels import ChannelAffinity
from shared.pipeline import consistency, replay
from tests.builders import start_body
from tests.fakes import Cloud
from tests.unit.app import App

DOCUMENT = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
LIMITS = dict(re.findall(r"^\| (.+?) \| (\d+)(?: \w+)? \|$", DOCUMENT, re.MULTILINE))
WANTED = {
    "body": request_bodies.BODY_BYTES_MAX // 1024,
    "body of `POST /api/events`": request_bodies.EVENT_BYTES_MAX // 1024,
    "events in one body": request_bodies.EVENTS_MAX,
    "values in a body of events, counted by its commas": request_bodies.VALUES_MAX,
    "`Idempotency-Key`": request_bodies.KEY_CHARACTERS_MAX,
    "ids of calls and recordings": start_request.IDENTIFIER_CHARACTERS_MAX,
    "URLs in a body": acs_urls.URL_CHARACTERS_MAX,
    "tags of a recording": start_request.TAGS_MAX,
    "name or value of a tag": start_request.TAG_CHARACTERS_MAX,
    "participants in `audioChannelParticipantOrdering`, `channelAffinity`": channels.CHANNELS_MAX,
    "recordings on a page (`limit`)": list_recordings.LIMIT_MAX,
    "recordings on a page without `limit`": list_recordings.LIMIT_DEFAULT,
    "rows that a page reads": list_recordings.ROWS_READ_MAX,
    "entries of the list that a page looks at": list_recordings.ENTRIES_READ_MAX,
    "kept events that one replay reads": replay.EVENTS_MAX,
    "chunks and recordings that one replay looks at": replay.ENTRIES_MAX,
    "how far back a replay goes": durations.REPLAY_BACK.days,
    "recordings that one part of a consistency report compares": consistency.RECORDINGS_MAX,
    "after which a rebuild begins no other recording": durations.REBUILDING_MAX.seconds,
    "composing one file in one call": durations.COMPOSING_MAX.seconds,
    "a link can be used for": durations.LINK_LIFETIME.seconds // 60,
}


def section(title: str) -> str:
    return DOCUMENT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def blocks(title: str, language: str = "json") -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", section(title), re.DOTALL)


def test_every_limit_is_that_of_the_code() -> None:
    assert {what: int(number) for what, number in LIMITS.items() if not what.isdigit()} == WANTED


def test_every_status_of_a_problem_is_explained_and_no_other() -> None:
    explained = {int(status) for status in re.findall(r"^\| (\d{3}) \|", DOCUMENT, re.MULTILINE)}

    assert explained == {status.value for operation in OPERATIONS.values() for status in operation.problems}


def test_the_example_is_what_the_app_answers(app: App) -> None:
    (block,) = blocks("What goes wrong")
    _, problem, _ = app.http("start_recording", start_body(serverCallId=" ", recordingFormatType="flac"))

    assert json.loads(block) == problem | {"instance": "/api/recordings"}


@pytest.mark.parametrize(
    ("media", "made"),
    [
        ({}, ("audioVideo", "mixed", "mp4")),
        ({"recordingContentType": "audio"}, ("audio", "mixed", "mp3")),
        ({"recordingContentType": "audio", "recordingChannelType": "unmixed"}, ("audio", "unmixed", "wav")),
    ],
)
def test_the_defaults_are_as_it_says(app: App, media: dict[str, str], made: tuple[str, str, str]) -> None:
    body = json.dumps({"serverCallId": "aHR0cHM6Ly9hcGk", **media}).encode()
    status, recording, _ = app.http("start_recording", body)

    shown = tuple(recording[f"recording{part}Type"] for part in ("Content", "Channel", "Format"))
    assert (status, shown) == (HTTPStatus.CREATED, made)


def test_every_code_of_acs_is_listed_with_its_status() -> None:
    rows = re.findall(r"^\| (\d{3}), .* \| ([`\d, ]+) \|$", section("What ACS refuses"), re.MULTILINE)

    listed = {code: int(status) for status, codes in rows for code in re.findall(r"`(\d{4})`", codes)}
    assert listed == {code: status.value for code, status in ACS_CODES.items()}


def test_every_way_to_name_a_call_is_in_the_table_with_what_a_refusal_says_of_it() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", section("Which id names the call"), re.MULTILINE))

    assert set(rows) == {kind.value for kind in WANTED_IDS}
    for kind, wanted in WANTED_IDS.items():
        for word in ("GUID", "CallConnected", "createCall", "answerCall", "connectCall", "getServerCallId", "groupId"):
            assert (word in rows[kind]) >= (word in wanted)


def test_participants_may_be_ordered_and_pinned_at_once_and_acs_is_told_both(app: App, cloud: Cloud) -> None:
    assert "Both together are accepted, and go to ACS as they are" in " ".join(DOCUMENT.split())
    alice, bob = "8:acs:alice", "8:acs:bob"
    body = start_body(
        audioChannelParticipantOrdering=[alice, bob], channelAffinity=[{"participant": bob, "channel": 0}]
    )

    status, _, _ = app.http("start_recording", body)

    [asked] = cloud.acs.started
    assert status == HTTPStatus.CREATED
    assert (asked.audio_channel_participant_ordering, asked.channel_affinity) == (
        (alice, bob),
        (ChannelAffinity(bob, 0),),
    )
