"""What the fuzzers found, each as small as it can be: it stays mended."""

import json

import pytest

from tests.builders import OUR_ID
from tests.fuzz.bounds import enter
from tests.fuzz.doors import DOORS
from tests.fuzz.stored import a_manifest, old_rows, real_rows, unclear_rows


@pytest.mark.parametrize("query", ["limit=1", "atRisk=true", "day=2026-11-22"])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_continuation_of_a_time_that_no_calendar_has_is_refused(query: str, moment: str) -> None:
    enter(DOORS["continuations"], f"{query}\n{moment}/{OUR_ID}".encode())


@pytest.mark.parametrize("data", ["", "{", "[]", "7", '{"a":' * 5000])
def test_an_event_whose_data_are_no_object_is_a_row_that_cannot_be_read(data: str) -> None:
    enter(DOORS["rows"], rows_with("~", data={"text": data}))


def test_an_event_with_a_time_of_no_zone_is_a_row_that_cannot_be_read() -> None:
    other = "~Stored:0-wus-d4-00000000000000000000000000000000"

    enter(DOORS["rows"], rows_with(other, rounds=1, time="2026-11-22T08:00:00"))


def test_a_chunk_without_a_name_for_its_metadata_gets_the_one_of_its_media() -> None:
    enter(DOORS["rows"], rows_with("chunk-", rounds=0, metadataBlob=None))


def test_a_recording_without_a_folder_is_completed_in_the_one_of_its_day() -> None:
    rows = changed(old_rows(), "recording", folder=None)

    enter(DOORS["rows"], changed(rows, "chunk-", blockListDigest="a"))


@pytest.mark.parametrize("name", ["tags", "surplus"])
def test_a_manifest_with_half_a_character_in_a_name_is_unreadable(name: str) -> None:
    manifest = json.loads(a_manifest()) | {"\ud800": 1, name: {"\ud800": "a"}}

    enter(DOORS["manifests"], json.dumps(manifest).encode())


@pytest.mark.parametrize("tags", [{"case": "\ud800"}, {"\ud800": "42"}])
def test_tags_with_half_a_character_are_a_column_that_cannot_be_read(tags: dict[str, str]) -> None:
    enter(DOORS["rows"], rows_with("recording", tags=json.dumps(tags)))


@pytest.mark.parametrize("key", [OUR_ID, "x"])
def test_an_index_entry_without_a_colon_in_its_key_stops_no_other(key: str) -> None:
    entities = json.loads(real_rows(0))

    enter(
        DOORS["rows"],
        json.dumps([{"table": "recordingindex", "PartitionKey": "open-00", "RowKey": key}, *entities]).encode(),
    )


def test_a_key_that_can_be_guessed_verifies_nothing() -> None:
    key = {"kty": "RSA", "n": "MODULUQ=", "e": "AQAB", "kid": "KEY_ID", "use": "sig", "alg": "RS256"}

    enter(DOORS["keys"], b"identity\n" + json.dumps({"keys": [key]}).encode())


@pytest.mark.parametrize("name", ["repeatabilityRequestId", "repeatabilityFirstSent"])
def test_a_start_of_which_is_not_known_how_acs_was_asked_is_not_driven_on(name: str) -> None:
    enter(DOORS["rows"], changed(unclear_rows(), "recording", **{name: None}))


@pytest.mark.parametrize("field", ["innererror", "details"])
def test_an_error_of_many_levels_takes_neither_memory_nor_time(field: str) -> None:
    """The SDK writes it down anew, each level further to the right than the one before."""
    error = b'{"error": {"code": "8522", "message": "a", "%b": %b}}' % (field.encode(), b"[" * 9000 + b"]" * 9000)

    enter(DOORS["answers"], b"404\n" + error)


@pytest.mark.parametrize(("kind", "body"), [("429", "[" * 60_000), ("202", '{"a":')])
def test_what_the_sdk_cannot_decode_in_place_of_a_content_is_an_answer_to_come_back_for(kind: str, body: str) -> None:
    enter(DOORS["answers"], f"{kind}\n{body}".encode())


def rows_with(row: str, rounds: int = 3, **columns: object) -> bytes:
    return changed(real_rows(rounds), row, **columns)


def changed(rows: bytes, row: str, **columns: object) -> bytes:
    """Rows with other columns in those whose key begins so."""
    return json.dumps([one | columns if one["RowKey"].startswith(row) else one for one in json.loads(rows)]).encode()
