"""One file of a recording: asked for until it is whole, of the length that the app says, never over another file."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from acsrec import Error, Problem, compose
from acsrec.command import app
from acsrec.command_base import HTTP
from tests.builders import OUR_ID
from tests.unit.client.fake_app import KEY, URL, Blob, Cut, FakeApp, a_link, answer, problem

CONTENT = bytes(range(256)) * 40
EXPORTS = f"/api/recordings/{OUR_ID}/exports"


def made(length: int = len(CONTENT), lives: timedelta = timedelta(minutes=30)) -> httpx.Response:
    link = a_link("/file.wav", lives).json()
    return answer(link | {"bytes": length, "parts": 3})


@pytest.fixture
def fake() -> Iterator[FakeApp]:
    """An app that has the file."""
    one = FakeApp()
    one.on("POST", EXPORTS, made())
    one.on("GET", "/file.wav", Blob(CONTENT).read)
    with one.http() as http:
        token = HTTP.set(http)
        yield one
        HTTP.reset(token)


def test_the_file_is_written_under_the_name_that_was_given(fake: FakeApp, tmp_path: Path) -> None:
    path, told = compose(fake.client(), OUR_ID, tmp_path / "call.wav")

    assert path.read_bytes() == CONTENT
    assert (told.bytes, told.parts) == (len(CONTENT), 3)
    assert list(tmp_path.iterdir()) == [path]


def test_without_a_name_it_is_named_by_the_recording(
    fake: FakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    compose(fake.client(), OUR_ID)

    assert (tmp_path / f"{OUR_ID}.wav").read_bytes() == CONTENT


def test_the_key_never_goes_to_storage(fake: FakeApp, tmp_path: Path) -> None:
    compose(fake.client(), OUR_ID, tmp_path / "call.wav")

    assert ["x-functions-key" in request.headers for request in fake.requests] == [True, False]


def test_a_call_that_was_not_enough_is_made_again(fake: FakeApp, tmp_path: Path) -> None:
    fake.on("POST", EXPORTS, problem(504), problem(504), made())

    assert compose(fake.client(), OUR_ID, tmp_path / "call.wav")[0].exists()


def test_calls_that_never_are_enough_end(fake: FakeApp, tmp_path: Path) -> None:
    fake.on("POST", EXPORTS, problem(504))

    with pytest.raises(Problem, match="504"):
        compose(fake.client(), OUR_ID, tmp_path / "call.wav")
    assert len(fake.requests) == 5


def test_a_refusal_is_told_as_the_app_says_it(fake: FakeApp, tmp_path: Path) -> None:
    fake.on("POST", EXPORTS, problem(422))

    with pytest.raises(Problem, match="422"):
        compose(fake.client(), OUR_ID, tmp_path / "call.wav")
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_never_written_over(fake: FakeApp, tmp_path: Path) -> None:
    there = tmp_path / "call.wav"
    there.write_bytes(b"mine")

    with pytest.raises(Error, match="nothing was written over it"):
        compose(fake.client(), OUR_ID, there)
    assert there.read_bytes() == b"mine"


def test_what_broke_off_goes_on_where_it_broke(fake: FakeApp, tmp_path: Path) -> None:
    blob = Blob(CONTENT)
    length = {"Content-Length": str(len(CONTENT))}
    fake.on("GET", "/file.wav", lambda _: httpx.Response(200, headers=length, stream=Cut(CONTENT[:1000])), blob.read)

    path, _ = compose(fake.client(), OUR_ID, tmp_path / "call.wav")

    assert blob.ranges == ["bytes=1000-"]
    assert path.read_bytes() == CONTENT


def test_a_link_that_expired_is_asked_for_anew(fake: FakeApp, tmp_path: Path) -> None:
    fake.on("GET", "/file.wav", httpx.Response(403), Blob(CONTENT).read)

    path, _ = compose(fake.client(), OUR_ID, tmp_path / "call.wav")

    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("length", [len(CONTENT) - 1, len(CONTENT) + 1])
def test_a_file_of_another_length_is_not_kept(fake: FakeApp, tmp_path: Path, length: int) -> None:
    fake.on("POST", EXPORTS, made(length))

    with pytest.raises(Error, match="Nothing was kept of it"):
        compose(fake.client(), OUR_ID, tmp_path / "call.wav")
    assert list(tmp_path.iterdir()) == []


def test_a_recording_that_was_completed_anew_meanwhile_is_told(fake: FakeApp, tmp_path: Path) -> None:
    fake.on("POST", EXPORTS, made(lives=timedelta()), made(len(CONTENT) + 100))

    with pytest.raises(Error, match="completed anew"):
        compose(fake.client(), OUR_ID, tmp_path / "call.wav")


def test_what_an_earlier_run_left_is_not_gone_on_from(fake: FakeApp, tmp_path: Path) -> None:
    (tmp_path / "call.wav.part").write_bytes(b"of another file")

    path, _ = compose(fake.client(), OUR_ID, tmp_path / "call.wav")

    assert path.read_bytes() == CONTENT


@pytest.mark.usefixtures("fake")
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_the_command_says_where_it_is_and_that_it_proves_nothing(tmp_path: Path, form: tuple[str, ...]) -> None:
    target = tmp_path / "call.wav"
    environment = {"ACSREC_URL": URL, "ACSREC_KEY": KEY}

    result = CliRunner().invoke(app, ["compose", OUR_ID, "-o", str(target), *form], env=environment)

    assert (result.exit_code, target.read_bytes()) == (0, CONTENT)
    assert str(target) in result.stdout
    assert "sig=" not in result.output
    assert ("acsrec download" in result.stdout) == (not form)
