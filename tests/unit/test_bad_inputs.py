"""Seventy bad inputs of a newcomer, and what each is told: the status, the field, what is allowed or what to do."""

import json
from typing import Any, NamedTuple

import pytest

from tests.builders import start_body
from tests.fakes import Cloud
from tests.unit.app import App

ALICE = "8:acs:70559d7c_00000013"
FORMATS = "it must be one of mp3, mp4, wav"
TIME = "it must be a time such as 2026-11-22T08:00:00Z or a day such as 2026-11-22"
OBJECT = 'The body must be a JSON object such as {"serverCallId": "aHR0cHM6…"}'
A_DAY = "day: it must be a day such as 2026-11-22"
FOREIGN = "continuation: it must be the one that the last answer to the same request gave; begin anew"


class Answer(NamedTuple):
    """What is answered: the status, and what the problem says."""

    status: int
    says: str


def start(**fields: object) -> bytes:
    return start_body(**fields)


BODIES: dict[str, tuple[bytes, Answer]] = {
    "no body": (b"", Answer(400, "The body is empty; it must be JSON")),
    "an array": (b"[]", Answer(400, OBJECT)),
    "a string": (b'"call"', Answer(400, OBJECT)),
    "null": (b"null", Answer(400, OBJECT)),
    "a number": (b"7", Answer(400, OBJECT)),
    "no number": (b'{"serverCallId": NaN}', Answer(400, "The body is not JSON: JSON is malformed: invalid character")),
    "text": (b"hello", Answer(400, "The body is not JSON: JSON is malformed: invalid character (byte 0)")),
    "XML": (b"<call/>", Answer(400, "The body is not JSON")),
    "a form": (b"serverCallId=x", Answer(400, "The body is not JSON")),
    "half of it": (b'{"serverCallId": "x', Answer(400, "The body is not JSON: Input data was truncated")),
    "no UTF-8": (b'{"serverCallId":"\xff"}', Answer(400, "The body is not JSON in UTF-8: byte 17 cannot be read")),
    "UTF-16": ('{"serverCallId": "x"}'.encode("utf-16"), Answer(400, "The body is not JSON")),
    "70 KB": (start(tags={"x": "y" * 70_000}), Answer(413, "65536 are allowed")),
    "5 MB": (b" " * 5_000_000, Answer(413, "The body has 5000000 bytes; 65536 are allowed")),
    "no locator": (
        b"{}",
        Answer(400, "serverCallId: exactly one of serverCallId, groupCallId, roomId, callConnectionId"),
    ),
    "two locators": (start(roomId="x"), Answer(400, "the body has serverCallId and roomId")),
    "a blank id": (start(serverCallId="  "), Answer(400, "serverCallId: it must be a text of 1 to 2048 characters")),
    "an empty id": (start(serverCallId=""), Answer(400, "serverCallId: it must be a text of 1 to 2048 characters")),
    "a long id": (start(serverCallId="x" * 2049), Answer(400, "serverCallId: it must be a text of 1 to 2048")),
    "an id that is a number": (start(serverCallId=5), Answer(400, "serverCallId: it must be a text of 1 to 2048")),
    "format flac": (start(recordingFormatType="flac"), Answer(400, f"recordingFormatType: {FORMATS}")),
    "format WAV": (start(recordingFormatType="WAV"), Answer(400, f"recordingFormatType: {FORMATS}")),
    "format 3": (start(recordingFormatType=3), Answer(400, f"recordingFormatType: {FORMATS}")),
    "content video": (start(recordingContentType="video"), Answer(400, "it must be one of audio, audioVideo")),
    "channel stereo": (start(recordingChannelType="stereo"), Answer(400, "it must be one of mixed, unmixed")),
    "video as wav": (
        start(recordingContentType="audioVideo", recordingChannelType="mixed", recordingFormatType="wav"),
        Answer(400, "ACS makes audioVideo mixed recordings only as mp4"),
    ),
    "audio as mp4": (
        start(recordingContentType="audio", recordingChannelType="mixed", recordingFormatType="mp4"),
        Answer(400, "ACS makes audio mixed recordings only as mp3 or wav, not as mp4"),
    ),
    "video unmixed": (
        start(recordingContentType="audioVideo", recordingChannelType="unmixed"),
        Answer(400, "recordingChannelType: ACS records audioVideo only mixed; ask for audio"),
    ),
    "an unknown field": (start(loud=True), Answer(400, "loud: there is no such name here; known are serverCallId")),
    "snake case": (start(pause_on_start=True), Answer(400, "pause_on_start: there is no such name here")),
    "two unknown fields": (start(loud=1, quiet=2), Answer(400, "quiet: there is no such name here")),
    "pauseOnStart as text": (start(pauseOnStart="yes"), Answer(400, "pauseOnStart: it must be true or false")),
    "pauseOnStart as 1": (start(pauseOnStart=1), Answer(400, "pauseOnStart: it must be true or false")),
    "tags as an array": (start(tags=[]), Answer(400, "tags: it must be an object of at most 10")),
    "a tag that is a number": (start(tags={"case": 5}), Answer(400, "tags[...]: it must be a text of at most 256")),
    "eleven tags": (
        start(tags={str(n): "" for n in range(11)}),
        Answer(400, "tags: it must be an object of at most 10"),
    ),
    "a long tag": (start(tags={"x": "y" * 257}), Answer(400, "tags[...]: it must be a text of at most 256 characters")),
    "a nameless tag": (start(tags={"": "y"}), Answer(400, "a name is a text of 1 to 256 characters")),
    "ordering of a mixed recording": (
        start(audioChannelParticipantOrdering=[ALICE], recordingChannelType="mixed"),
        Answer(400, "audioChannelParticipantOrdering: only an unmixed recording has channels to assign"),
    ),
    "affinity of a mixed recording": (
        start(channelAffinity=[{"participant": ALICE, "channel": 0}], recordingChannelType="mixed"),
        Answer(400, "channelAffinity: only an unmixed recording has channels to assign"),
    ),
    "channel 5": (
        start(channelAffinity=[{"participant": ALICE, "channel": 5}]),
        Answer(400, "channelAffinity[0].channel: it must be a whole number from 0 to 4"),
    ),
    "channel -1": (
        start(channelAffinity=[{"participant": ALICE, "channel": -1}]),
        Answer(400, "channelAffinity[0].channel: it must be a whole number from 0 to 4"),
    ),
    "a channel twice": (
        start(channelAffinity=[{"participant": one, "channel": 0} for one in (ALICE, "4:+15551234567")]),
        Answer(400, "channelAffinity: two participants are pinned to the same channel"),
    ),
    "a participant twice": (
        start(audioChannelParticipantOrdering=[ALICE, ALICE]),
        Answer(400, "audioChannelParticipantOrdering: a participant is named twice"),
    ),
    "no raw id": (
        start(audioChannelParticipantOrdering=["alice"]),
        Answer(400, "audioChannelParticipantOrdering[0]: it must be a raw id such as 8:acs:… or 4:+15551234567"),
    ),
    "six in order": (
        start(audioChannelParticipantOrdering=[f"8:acs:{n}" for n in range(6)]),
        Answer(400, "audioChannelParticipantOrdering: it must be an array of at most 5"),
    ),
    "the SDK's targetParticipant": (
        start(channelAffinity=[{"targetParticipant": ALICE, "channel": 0}]),
        Answer(400, "channelAffinity[0].targetParticipant: there is no such name here; known are participant, channel"),
    ),
    "a pin without channel": (
        start(channelAffinity=[{"participant": ALICE}]),
        Answer(400, "channelAffinity[0].channel: it is missing; it must be a whole number from 0 to 4"),
    ),
    "a container that is not allowed": (
        start(recordingStorageContainerUrl="https://x.blob.core.windows.net/c"),
        Answer(400, "recordingStorageContainerUrl: it is none of the containers that the operator allows"),
    ),
    "a callback over http": (
        start(recordingStateCallbackUrl="http://caller.example/"),
        Answer(400, "recordingStateCallbackUrl: it must be an https URL"),
    ),
    "a callback over ftp": (
        start(recordingStateCallbackUrl="ftp://caller.example/"),
        Answer(400, "recordingStateCallbackUrl: it must be an https URL"),
    ),
    "a blank callback": (
        start(recordingStateCallbackUrl=""),
        Answer(400, "recordingStateCallbackUrl: it must be an https"),
    ),
    "a callback host that is not allowed": (
        start(recordingStateCallbackUrl="https://caller.example/"),
        Answer(400, "its host is none that the operator allows (CALLBACK_HOSTS)"),
    ),
}

QUERIES: dict[str, tuple[str, dict[str, str], Answer]] = {
    "limit 0": ("list_recordings", {"limit": "0"}, Answer(400, "limit: it must be a whole number from 1 to 200")),
    "limit 201": ("list_recordings", {"limit": "201"}, Answer(400, "limit: it must be a whole number from 1 to 200")),
    "limit ten": ("list_recordings", {"limit": "ten"}, Answer(400, "limit: it must be a whole number from 1 to 200")),
    "from yesterday": ("list_recordings", {"from": "yesterday"}, Answer(400, f"from: {TIME}")),
    "from a day of 1999": ("list_recordings", {"from": "1999-12-31"}, Answer(400, "from 2000 to 2200")),
    "to before from": (
        "list_recordings",
        {"from": "2026-11-22", "to": "2026-11-21"},
        Answer(400, "to: it must not be before from"),
    ),
    "status done": ("list_recordings", {"status": "done"}, Answer(400, "status: it must be one of starting, active")),
    "atRisk maybe": ("list_recordings", {"atRisk": "maybe"}, Answer(400, "atRisk: it must be true or false")),
    "atRisk 1": ("list_recordings", {"atRisk": "1"}, Answer(400, "atRisk: it must be true or false")),
    "a blank filter": ("list_recordings", {"serverCallId": ""}, Answer(400, "serverCallId: it must be a text of 1 to")),
    "a filter that is none": ("list_recordings", {"state": "active"}, Answer(400, "state: there is no such name here")),
    "a tag without a name": ("list_recordings", {"tag.": "x"}, Answer(400, "tag: it must be given as tag.NAME=VALUE")),
    "a foreign continuation": ("list_recordings", {"continuation": "2026-11-24/xx:yy"}, Answer(400, FOREIGN)),
    "an unknown query of one": (
        "get_recording",
        {"x": "1"},
        Answer(400, "x: there is no such name here; none is known"),
    ),
    "a day that is none": ("check_consistency", {"day": "2026-W48-2"}, Answer(400, A_DAY)),
    "no day": ("check_consistency", {}, Answer(400, "day: it is missing; it must be a day such as 2026-11-22")),
    "an unknown query of a day": (
        "check_consistency",
        {"day": "2026-11-22", "x": "1"},
        Answer(400, "x: there is no such"),
    ),
    "a continuation of no report": (
        "check_consistency",
        {"day": "2026-11-22", "continuation": "zzz"},
        Answer(400, FOREIGN),
    ),
    "no since": ("replay_failed", {}, Answer(400, "since: it is missing; it must be a time such as")),
    "since a word": ("replay_failed", {"since": "monday"}, Answer(400, f"since: {TIME}")),
    "since long ago": (
        "replay_failed",
        {"since": "2000-01-01"},
        Answer(400, "since: it must be within the last 7 days"),
    ),
    "redirect maybe": ("chunk_content", {"redirect": "maybe"}, Answer(400, "redirect: it must be true or false")),
}


def told(answered: tuple[int, dict[str, Any], dict[str, str]], wanted: Answer) -> None:
    status, problem, _ = answered
    assert (status, problem["status"]) == (wanted.status, wanted.status)
    assert wanted.says in problem["detail"]


@pytest.mark.parametrize("name", BODIES)
def test_a_bad_start_is_told_what_is_wrong_and_what_is_allowed(cloud: Cloud, app: App, name: str) -> None:
    body, wanted = BODIES[name]

    told(app.http("start_recording", body), wanted)
    assert (cloud.acs.started, cloud.recordings()) == ([], [])


@pytest.mark.parametrize("name", QUERIES)
def test_a_bad_query_is_told_what_is_wrong_and_what_is_allowed(app: App, name: str) -> None:
    function, params, wanted = QUERIES[name]
    route = {"id": app.start(), "documentId": "0-wus-d4-1"}

    told(app.http(function, params=params, route=route, outputs=function.startswith("replay")), wanted)


@pytest.mark.parametrize("name", ["pause_recording", "resume_recording", "stop_recording", "replay_recording"])
def test_a_body_where_none_belongs_is_refused(app: App, name: str) -> None:
    route, outputs = {"id": app.start()}, name.startswith("replay")

    told(app.http(name, b"junk", route=route, outputs=outputs), Answer(400, "This route takes no body; send none"))
    assert app.http(name, b"{}", route=route, outputs=outputs)[0] in {200, 202}


@pytest.mark.parametrize("key", ["", "x" * 257])
def test_a_bad_key_is_told_how_long_it_may_be(app: App, key: str) -> None:
    headers = {"idempotency-key": key}

    told(app.http("start_recording", start(), headers=headers), Answer(400, "Idempotency-Key: it must have 1 to 256"))


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b"", Answer(400, "The body is empty")),
        (b"7", Answer(400, "The body must be an event, or an array of events")),
        (b"[]", Answer(400, "The body must be an event, or an array of events")),
        (b"{", Answer(400, "The body is not JSON")),
        (b" " * (1024 * 1024 + 1), Answer(413, "1048576 are allowed")),
        (json.dumps([{}] * 101).encode(), Answer(413, "101 events; 100 are allowed. None was taken in")),
    ],
)
def test_a_bad_event_body_is_told_what_it_must_be(app: App, body: bytes, wanted: Answer) -> None:
    told(app.http("ingest_event", body, outputs=True), wanted)


def test_every_wrong_field_has_its_place_in_the_problem(app: App) -> None:
    body = start(serverCallId="", recordingFormatType="flac", loud=True)
    _, problem, _ = app.http("start_recording", body)

    assert problem["errors"] == [
        {"field": "serverCallId", "detail": "it must be a text of 1 to 2048 characters, not only spaces."},
        {"field": "recordingFormatType", "detail": f"{FORMATS}."},
        {"field": "loud", "detail": problem["errors"][2]["detail"]},
    ]


def test_what_an_anonymous_caller_asks_beyond_is_ignored(app: App) -> None:
    assert app.http("health", params={"x": "1"})[0] == 200


def test_what_the_platform_reads_is_no_fault(app: App) -> None:
    assert app.http("list_recordings", params={"code": "x", "clientId": "y"})[0] == 200
