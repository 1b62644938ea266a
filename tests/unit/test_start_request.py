"""What may be asked of a recording: every combination, and a reason for each refusal."""

import json
from itertools import product

import pytest

from shared.api.request_bodies import parse_idempotency_key, parse_start_request
from shared.domain.errors import InvalidRequest
from shared.domain.start_request import StartRequest
from tests.builders import CONTAINER, start_body

LOCATORS = ["serverCallId", "groupCallId", "roomId", "callConnectionId"]
ALICE, BOB = "8:acs:70559d7c_00000013", "4:+15551234567"
CALLBACK_HOSTS = ("caller.example", "127.0.0.1")
MADE = {
    ("audioVideo", "mixed", "mp4"),
    ("audio", "mixed", "mp3"),
    ("audio", "mixed", "wav"),
    ("audio", "unmixed", "wav"),
}


def parse(**fields: object) -> StartRequest:
    return parse_start_request(start_body(**fields), (CONTAINER,), CALLBACK_HOSTS)


def reason(**fields: object) -> str:
    with pytest.raises(InvalidRequest) as refused:
        parse(**fields)
    return str(refused.value)


def raw_reason(body: bytes) -> str:
    with pytest.raises(InvalidRequest) as refused:
        parse_start_request(body, ())
    return str(refused.value)


def people(count: int) -> list[str]:
    return [f"8:acs:{number}" for number in range(count)]


def pins(*pairs: tuple[str, object]) -> list[dict[str, object]]:
    return [{"participant": participant, "channel": channel} for participant, channel in pairs]


@pytest.mark.parametrize(
    ("content", "channel", "form"), list(product(["audio", "audioVideo"], ["mixed", "unmixed"], ["wav", "mp3", "mp4"]))
)
def test_exactly_what_acs_makes_can_be_asked_for(content: str, channel: str, form: str) -> None:
    media = {"recordingContentType": content, "recordingChannelType": channel, "recordingFormatType": form}

    if (content, channel, form) in MADE:
        assert parse(**media).recording_format_type == form
    else:
        assert reason(**media).startswith(("recordingFormatType: ACS", "recordingChannelType: ACS"))


@pytest.mark.parametrize(
    ("content", "channel", "form"),
    [
        ("audioVideo", "mixed", "mp4"),
        ("audio", "mixed", "mp3"),
        ("audio", "unmixed", "wav"),
        (None, None, "mp4"),
        ("audio", None, "mp3"),
    ],
)
def test_a_format_that_is_not_named_is_the_usual_one(content: str | None, channel: str | None, form: str) -> None:
    request = parse(recordingContentType=content, recordingChannelType=channel, recordingFormatType=None)

    assert request.recording_format_type == form


@pytest.mark.parametrize("field", LOCATORS)
def test_one_of_four_fields_names_the_call(field: str) -> None:
    body = json.dumps({field: "name"}).encode()

    assert parse_start_request(body, ()) == StartRequest(
        recording_format_type="mp4",
        server_call_id="name" if field == "serverCallId" else None,
        group_call_id="name" if field == "groupCallId" else None,
        room_id="name" if field == "roomId" else None,
        call_connection_id="name" if field == "callConnectionId" else None,
    )


@pytest.mark.parametrize("others", [LOCATORS[1:2], LOCATORS[1:3], LOCATORS[1:]])
def test_two_names_of_a_call_are_refused(others: list[str]) -> None:
    fields: dict[str, object] = dict.fromkeys(others, "name")

    assert "exactly one of" in reason(**fields)


def test_no_name_of_a_call_is_refused() -> None:
    assert "none" in reason(serverCallId=None)


@pytest.mark.parametrize("field", LOCATORS)
@pytest.mark.parametrize("name", ["", "  ", "a" * 2049])
def test_a_name_that_cannot_be_one_is_refused(field: str, name: str) -> None:
    assert reason(**{"serverCallId": None, field: name}).startswith(f"{field}: it must be a text of 1 to 2048")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"recordingFormat": "wav"}, "recordingFormat"),
        ({"server_call_id": "x"}, "server_call_id"),
        ({"channelAffinity": [{"participant": ALICE, "channel": 0, "loud": True}]}, "loud"),
        ({"pauseOnStart": "yes"}, "pauseOnStart"),
        ({"pauseOnStart": 1}, "pauseOnStart"),
        ({"recordingContentType": "video"}, "recordingContentType"),
        ({"recordingContentType": "Audio"}, "recordingContentType"),
        ({"recordingFormatType": 3}, "recordingFormatType"),
        ({"serverCallId": 7}, "serverCallId"),
        ({"tags": []}, "tags"),
        ({"tags": {"a": 1}}, "tags"),
        ({"channelAffinity": {}}, "channelAffinity"),
        ({"channelAffinity": [{"participant": ALICE}]}, "channel"),
        ({"channelAffinity": pins((ALICE, "0"))}, "channel"),
        ({"audioChannelParticipantOrdering": ALICE}, "audioChannelParticipantOrdering"),
        ({"recordingStateCallbackUrl": True}, "recordingStateCallbackUrl"),
    ],
)
def test_an_unknown_field_or_a_wrong_type_is_named(fields: dict[str, object], named: str) -> None:
    assert named in reason(**fields)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b"null", b'"text"', b"7"])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    assert raw_reason(body).startswith(("The body is not JSON", "The body is empty", "The body must be a JSON object"))


# Channels


def test_participants_can_be_ordered_and_pinned_in_an_unmixed_recording() -> None:
    request = parse(audioChannelParticipantOrdering=[ALICE, BOB], channelAffinity=pins((ALICE, 0), (BOB, 4)))

    assert request.audio_channel_participant_ordering == (ALICE, BOB)
    assert [pin.channel for pin in request.channel_affinity] == [0, 4]


@pytest.mark.parametrize(
    ("field", "value"),
    [("audioChannelParticipantOrdering", [ALICE]), ("channelAffinity", pins((ALICE, 0)))],
)
def test_a_mixed_recording_has_no_channels(field: str, value: object) -> None:
    assert reason(recordingChannelType="mixed", **{field: value}).startswith(f"{field}: only an unmixed")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"audioChannelParticipantOrdering": people(6)}, "at most 5"),
        ({"audioChannelParticipantOrdering": [ALICE, ALICE]}, "twice"),
        ({"audioChannelParticipantOrdering": ["alice"]}, "raw id"),
        ({"audioChannelParticipantOrdering": [""]}, "raw id"),
        ({"audioChannelParticipantOrdering": ["8:acs:a b"]}, "raw id"),
        ({"audioChannelParticipantOrdering": ["8:" + "a" * 2048]}, "raw id"),
        ({"audioChannelParticipantOrdering": ["8:acs:a\x01b"]}, "raw id"),
        ({"audioChannelParticipantOrdering": ["8:acs:å"]}, "raw id"),
        ({"channelAffinity": pins(*((person, 0) for person in people(6)))}, "at most 5"),
        ({"channelAffinity": pins((ALICE, 0), (ALICE, 1))}, "twice"),
        ({"channelAffinity": pins(("alice", 0))}, "raw id"),
        ({"channelAffinity": pins((ALICE, 5))}, "from 0 to 4"),
        ({"channelAffinity": pins((ALICE, -1))}, "from 0 to 4"),
        ({"channelAffinity": pins((ALICE, 0), (BOB, 0))}, "same channel"),
    ],
)
def test_channels_that_cannot_be_assigned_are_refused(fields: dict[str, object], why: str) -> None:
    refusal = reason(**fields)

    assert refusal.startswith(next(iter(fields)))
    assert why in refusal


# Places


@pytest.mark.parametrize("url", [CONTAINER, f"{CONTAINER}/", f"{CONTAINER}/calls/2026"])
def test_a_container_of_the_operator_can_be_recorded_into(url: str) -> None:
    assert parse(recordingStorageContainerUrl=url).recording_storage_container_url == url


@pytest.mark.parametrize(
    "url",
    [
        "https://other.blob.core.windows.net/own",
        f"{CONTAINER}2",
        f"{CONTAINER}/../other",
        f"{CONTAINER}?sv=1&sig=secret",
        f"{CONTAINER}#x",
        f"{CONTAINER}/%2e%2e/other",
        f"{CONTAINER}/a\r\nb",
        f"{CONTAINER}/a\n",
        f"{CONTAINER}/a\u202eb",
        f"{CONTAINER}/ä",
        f"{CONTAINER}//a",
        f"{CONTAINER}\\..\\other",
        f"{CONTAINER}/{'a' * 60_000}",
        "",
    ],
)
def test_any_other_place_is_refused_without_repeating_it(url: str) -> None:
    refusal = reason(recordingStorageContainerUrl=url)

    assert refusal.startswith("recordingStorageContainerUrl: ")
    assert "secret" not in refusal


@pytest.mark.parametrize(
    "url",
    [
        *("https://caller.example", "https://caller.example/back?case=1&code=a%2Fb==", "https://caller.example?x"),
        *("http://127.0.0.1:8080/back", "http://127.0.0.1/", "http://127.0.0.1:65535/", "http://127.0.0.1:1"),
    ],
)
def test_a_callback_can_be_named_at_a_host_that_the_operator_allows(url: str) -> None:
    assert parse(recordingStateCallbackUrl=url).recording_state_callback_url == url


@pytest.mark.parametrize(
    "url",
    [
        *("https://169.254.169.254/", "https://10.0.0.1/", "https://evil.example/", "https://caller.example.evil/"),
        *("https://x.caller.example/", "https://localhost/", "http://localhost:7071/back", "https://caller.example./"),
    ],
)
def test_a_callback_at_any_other_host_is_refused_without_repeating_it(url: str) -> None:
    refusal = reason(recordingStateCallbackUrl=url)

    assert "CALLBACK_HOSTS" in refusal
    assert url not in refusal


def test_where_no_host_is_allowed_no_callback_is() -> None:
    with pytest.raises(InvalidRequest, match="CALLBACK_HOSTS"):
        parse_start_request(start_body(recordingStateCallbackUrl="http://127.0.0.1:1/"), ())


@pytest.mark.parametrize(
    "url",
    [
        *("http://caller.example/", "https://", "ftp://caller.example/", "back", "", "https://[", "//caller.example/"),
        *("https://user:word@caller.example/", "https://:word@caller.example/", "https://@caller.example/"),
        *("https://caller.example:443/", "https://caller.example:/", "https://caller.example/#y"),
        *("http://127.0.0.1:65536/", "http://127.0.0.1:99999/back", "http://127.0.0.1:0/", "http://127.0.0.1:/"),
        *("https://CALLER.example/", "https://caller.ex\u0430mple/", "https://caller.example\u3002evil/"),
        *("http://evil\\@127.0.0.1/", "https://evil\\@caller.example/", "https://caller.example\\@evil/"),
        *("https://caller.example/\r\nX: y", "https://caller.example/a b", "https://caller.example/\n"),
        *(" https://caller.example/", "https:caller.example", "https:/caller.example/"),
        *("https://caller.example/\u202e", "https://caller.example/\x00", "https://caller.example/" + "a" * 60_000),
    ],
)  # fmt: skip
def test_a_callback_url_that_two_readers_could_read_differently_is_refused(url: str) -> None:
    assert reason(recordingStateCallbackUrl=url).startswith("recordingStateCallbackUrl: it must be")


# Tags


def test_ten_tags_are_kept() -> None:
    tags = {f"{number}": "x" * 256 for number in range(10)}

    assert parse(tags=tags).tags == tags


@pytest.mark.parametrize("tags", [{str(n): "" for n in range(11)}, {"": "x"}, {"x" * 257: ""}, {"x": "y" * 257}])
def test_tags_beyond_the_limits_are_refused(tags: dict[str, str]) -> None:
    assert reason(tags=tags).startswith("tags")


# Idempotency-Key


@pytest.mark.parametrize("key", [None, "k", "k" * 256])
def test_a_key_is_taken_as_it_is(key: str | None) -> None:
    assert parse_idempotency_key(key) == key


@pytest.mark.parametrize("key", ["", "k" * 257])
def test_a_key_that_cannot_be_one_is_refused(key: str) -> None:
    with pytest.raises(InvalidRequest, match="Idempotency-Key"):
        parse_idempotency_key(key)


def test_the_order_of_fields_makes_no_difference() -> None:
    body = json.loads(start_body(tags={"a": "1", "b": "2"}))
    turned = json.dumps({name: body[name] for name in reversed(body)} | {"tags": {"b": "2", "a": "1"}}).encode()

    assert parse_start_request(turned, ()).fingerprint == parse(tags={"a": "1", "b": "2"}).fingerprint


@pytest.mark.parametrize("written", ["1", "1.0", "1e0"])
def test_a_whole_number_is_one_however_it_is_written(written: str) -> None:
    """JSON knows numbers only, and the published schema means the value."""
    pin = f'[{{"participant": "8:acs:a", "channel": {written}}}]'
    body = start_body(recordingContentType="audio", recordingChannelType="unmixed", channelAffinity="here")

    request = parse_start_request(body.replace(b'"here"', pin.encode()), ())

    assert [one.channel for one in request.channel_affinity] == [1]


def test_a_number_with_a_fraction_is_no_channel() -> None:
    pin = {"participant": "8:acs:a", "channel": 1.5}

    assert "whole number" in reason(recordingContentType="audio", recordingChannelType="unmixed", channelAffinity=[pin])
