"""The command: what it prints for people and for programs, its exit codes, and where keys come from."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from acsrec.command import app
from acsrec.command_base import HTTP
from shared.domain.models import Chunk
from tests.builders import OUR_ID, a_recording
from tests.unit.client.fake_app import KEY, URL, Blob, FakeApp, a_link, a_page, answer, chunk_with, problem, shown

MEDIA = b"RIFF" * 100
ONE = f"/api/recordings/{OUR_ID}"
ENVIRONMENT = {"ACSREC_URL": URL, "ACSREC_KEY": KEY}
COMMANDS = ["list", "at-risk", "show", "start", "pause", "resume", "stop", "replay", "download", "verify", "tail"]
COMMANDS += ["compose", "events", "smoke"]


@pytest.fixture
def fake() -> Iterator[FakeApp]:
    made = FakeApp()
    with made.http() as http:
        token = HTTP.set(http)
        yield made
        HTTP.reset(token)


def run(*arguments: str, environment: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(app, arguments, env=ENVIRONMENT if environment is None else environment)


def told(result: Result) -> object:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def downloadable(fake: FakeApp, stored: bytes = MEDIA) -> Chunk:
    chunk = chunk_with(MEDIA, metadata_blob=None)
    fake.on("GET", ONE, answer(shown(a_recording(status="completed"), [chunk])))
    fake.on("GET", f"{ONE}/chunks/{chunk.document_id}/content", a_link())
    fake.on("GET", "/file", Blob(stored).read)
    return chunk


def test_every_command_knows_json_and_none_takes_a_key() -> None:
    for command in COMMANDS:
        text = run(command, "--help").stdout
        assert "--json" in text
        assert "--key" not in text or command == "events"  # there it is the key of an event


def test_help_lists_every_command_and_where_address_and_key_come_from() -> None:
    text = run("--help").stdout

    assert all(f"  {command} " in text for command in COMMANDS)
    assert "ACSREC_URL" in text
    assert "ACSREC_KEY" in text


@pytest.mark.parametrize("missing", ["ACSREC_URL", "ACSREC_KEY"])
def test_without_address_or_key_the_usage_is_wrong(missing: str) -> None:
    result = run("list", environment={**ENVIRONMENT, missing: ""})

    assert result.exit_code == 2
    assert missing in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("show",),
        ("start", "--server-call-id", "a", "--content", "smell"),
        ("start", "--server-call-id", "a", "--tag", "novalue"),
        ("start", "--server-call-id", "a", "--participant", "8:acs:x=first"),
        ("replay",),
        ("replay", "a", "--since", "2026-11-22"),
        ("nothing",),
        ("show", ".."),
        ("smoke", "--server-call-id", "a", "--room-id", "b"),
    ],
)
def test_wrong_usage_is_2_and_asks_nobody(fake: FakeApp, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2
    assert fake.requests == []


def test_a_list_as_json_is_the_api_s_own_form(fake: FakeApp) -> None:
    fake.on("GET", "/api/recordings", a_page(OUR_ID))

    document = told(run("list", "--json"))

    page = json.loads(a_page(OUR_ID).content)
    assert document == {"recordings": page["recordings"], "unreadable": []}


def test_a_list_has_its_filters_and_its_most(fake: FakeApp) -> None:
    fake.on("GET", "/api/recordings", a_page("a", "b", continuation="c"))

    told(run("list", "--json", "--status", "failed", "--from", "2026-11-22", "--tag", "case=4=2", "--most", "2"))

    assert [dict(request.url.params) for request in fake.requests] == [
        {"status": "failed", "from": "2026-11-22", "tag.case": "4=2", "includeRefused": "false", "limit": "2"}
    ]


def test_a_table_has_whole_ids_and_no_control_characters_of_others(fake: FakeApp) -> None:
    hostile = a_recording(id=OUR_ID, tags={"a": "\x1b[31m[bold]x[/bold]\x07"})
    fake.on("GET", "/api/recordings", answer({"recordings": [shown(hostile)], "continuation": None, "unreadable": []}))

    output = run("list").stdout

    assert OUR_ID in output
    assert "\x1b" not in output
    assert "[bold]x[/bold]" in output


def test_at_risk_that_is_not_whole_shows_what_there_is_and_is_3(fake: FakeApp) -> None:
    fake.on("GET", "/api/recordings", a_page("a", unreadable=("x",)))

    result = run("at-risk", "--json")

    assert result.exit_code == 3
    assert json.loads(result.stdout)["unreadable"] == ["x"]
    assert "not whole" in json.loads(result.stderr)["detail"]


def test_a_recording_is_shown_with_its_chunks(fake: FakeApp) -> None:
    chunk = downloadable(fake)

    output = run("show", OUR_ID).stdout

    assert "saved; original removed" in output
    assert chunk.document_id in output
    assert told(run("show", OUR_ID, "--json")) == json.loads(
        answer(shown(a_recording(status="completed"), [chunk])).content
    )


def test_a_recording_is_shown_without_what_is_empty_and_in_plain_words(fake: FakeApp) -> None:
    recording = a_recording(pause_on_start=True, tags={"case": "42", "team": "a"}, channel_affinity=())
    fake.on("GET", ONE, answer(shown(recording, [])))

    rows = dict(line.split(maxsplit=1) for line in run("show", OUR_ID).stdout.splitlines())

    assert (rows["pauseOnStart"].strip(), rows["tags"].strip()) == ("yes", "case=42, team=a")
    assert "channelAffinity" not in rows
    assert "endedAt" not in rows


def test_a_start_sends_what_the_options_say(fake: FakeApp) -> None:
    fake.on("POST", "/api/recordings", answer(shown(), 201))
    options = ("--content", "audio", "--channels", "unmixed", "--format", "wav", "--paused", "--tag", "case=42")

    told(run("start", "--server-call-id", "aHR0c", *options, "--participant", "8:acs:x=1", "--json"))

    sent = {name: value for name, value in json.loads(fake.requests[0].content).items() if value}
    assert sent == {
        "serverCallId": "aHR0c",
        "recordingContentType": "audio",
        "recordingChannelType": "unmixed",
        "recordingFormatType": "wav",
        "pauseOnStart": True,
        "channelAffinity": [{"participant": "8:acs:x", "channel": 1}],
        "tags": {"case": "42"},
    }
    assert fake.requests[0].headers["Idempotency-Key"]


@pytest.mark.parametrize("act", ["pause", "resume", "stop"])
def test_a_recording_is_controlled(fake: FakeApp, act: str) -> None:
    fake.on("POST", f"{ONE}/{act}", answer(shown()))

    document = told(run(act, OUR_ID, "--json"))

    assert isinstance(document, dict)
    assert document["id"] == OUR_ID


def test_a_refusal_is_3_and_told_in_the_app_s_words(fake: FakeApp) -> None:
    fake.on("POST", f"{ONE}/stop", problem(409, id=OUR_ID, errors=[{"field": "limit", "detail": "too big"}]))

    result = run("stop", OUR_ID)

    assert (result.exit_code, result.stdout) == (3, "")
    assert "409 No: It does not." in result.stderr
    assert "limit: too big" in result.stderr
    assert json.loads(run("stop", OUR_ID, "--json").stderr)["status"] == 409


def test_a_replay_since_adds_up_its_parts(fake: FakeApp) -> None:
    parts = [
        {"transfers": 2, "deletions": 1, "continuation": "c"},
        {"transfers": 1, "deletions": 0, "continuation": None},
    ]
    fake.on("POST", "/api/replay", *(answer(part, 202) for part in parts))

    assert told(run("replay", "--since", "2026-11-22", "--json")) == {
        "transfers": 3,
        "deletions": 1,
        "continuation": None,
    }


def test_a_download_ends_with_a_folder_that_verify_proves(fake: FakeApp, tmp_path: Path) -> None:
    downloadable(fake)

    result = run("download", OUR_ID, "--to", str(tmp_path))

    assert result.exit_code == 0
    assert "1 of 1 files, proven" in result.stdout
    assert "sig=" not in result.output
    verified = told(run("verify", str(tmp_path), "--json", environment={}))
    assert isinstance(verified, dict)
    assert verified["proven"]


def test_a_download_of_other_bytes_is_1(fake: FakeApp, tmp_path: Path) -> None:
    downloadable(fake, stored=b"x" + MEDIA[1:])

    result = run("download", OUR_ID, "--to", str(tmp_path), "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["files"][0]["outcome"] == "differs"


def test_a_download_that_is_not_whole_is_3(fake: FakeApp, tmp_path: Path) -> None:
    chunk = downloadable(fake)
    fake.on("GET", f"{ONE}/chunks/{chunk.document_id}/content", problem(410))

    result = run("download", OUR_ID, "--to", str(tmp_path))

    assert result.exit_code == 3
    assert "0 of 1 files" in result.stdout


def test_a_download_of_a_recording_that_may_get_more_files_is_3(fake: FakeApp, tmp_path: Path) -> None:
    chunk = downloadable(fake)
    fake.on("GET", ONE, answer(shown(a_recording(), [chunk])))

    result = run("download", OUR_ID, "--to", str(tmp_path))

    assert result.exit_code == 3
    assert "1 of 1 files" in result.stdout
    assert "may not be all" in result.stderr


@pytest.mark.parametrize("harm", ["altered", "missing"])
def test_a_folder_that_is_altered_or_not_whole_is_1(fake: FakeApp, tmp_path: Path, harm: str) -> None:
    chunk = downloadable(fake)
    run("download", OUR_ID, "--to", str(tmp_path))
    file = tmp_path / chunk.content_blob.rpartition("/")[2]
    if harm == "altered":
        file.write_bytes(b"x")
    else:
        file.unlink()

    result = run("verify", str(tmp_path), environment={})

    assert result.exit_code == 1
    assert harm.upper() in result.stdout
    assert file.name in result.stdout


def test_a_folder_without_a_document_is_3(tmp_path: Path) -> None:
    result = run("verify", str(tmp_path), environment={})

    assert result.exit_code == 3
    assert "recording.json" in result.stderr


def test_tail_shows_each_change_once(fake: FakeApp) -> None:
    fake.on("GET", "/api/recordings", a_page("a"), a_page("a", "b"), a_page("a", "b"))

    result = run("tail", "--interval", "1", "--looks", "2")

    assert result.exit_code == 0
    assert [line.split()[1] for line in result.stdout.splitlines()] == ["a", "b"]


def test_tail_ends_with_ctrl_c(fake: FakeApp) -> None:
    def interrupted(_: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    fake.on("GET", "/api/recordings", interrupted)

    assert run("tail", "--interval", "1").exit_code == 0


def test_tail_looks_no_oftener_than_each_second(fake: FakeApp) -> None:
    assert run("tail", "--interval", "0.1").exit_code == 2
    assert fake.requests == []
