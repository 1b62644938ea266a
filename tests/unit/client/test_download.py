"""Files in a folder: verified while they arrive, resumed, renewed; nothing unproven under a file's name."""

import json
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from acsrec import Error, FileResult, download, verify
from acsrec.download import Outcome
from shared.domain.models import Chunk
from shared.domain.statuses import ChunkStatus
from tests.builders import OUR_ID, a_recording
from tests.unit.client.fake_app import (
    STORAGE,
    Blob,
    Cut,
    FakeApp,
    Reply,
    a_link,
    answer,
    chunk_with,
    problem,
    shown,
)

MEDIA = bytes(range(256)) * 40
ONE = f"/api/recordings/{OUR_ID}"


def an_app(*chunks: Chunk) -> FakeApp:
    app = FakeApp()
    app.on("GET", ONE, answer(shown(a_recording(status="completed"), list(chunks))))
    for chunk in chunks:
        app.on("GET", f"{ONE}/chunks/{chunk.document_id}/content", a_link())
        app.on("GET", f"{ONE}/chunks/{chunk.document_id}/metadata", a_link("/metadata"))
    return app


def media_alone(content: bytes = MEDIA) -> Chunk:
    return chunk_with(content, metadata_blob=None)


def name_of(chunk: Chunk) -> str:
    return chunk.content_blob.rpartition("/")[2]


def downloaded(app: FakeApp, folder: Path) -> list[FileResult]:
    return list(download(app.client(), OUR_ID, folder))


def outcomes(app: FakeApp, folder: Path) -> list[Outcome]:
    return [result.outcome for result in downloaded(app, folder)]


def test_every_file_and_the_document_are_there_and_prove_the_folder(tmp_path: Path) -> None:
    chunk = chunk_with(MEDIA, b'{"a": 1}')
    app = an_app(chunk)
    app.on("GET", "/file", Blob(MEDIA).read)
    app.on("GET", "/metadata", Blob(b'{"a": 1}').read)

    assert outcomes(app, tmp_path / "new" / "folder") == [Outcome.DOWNLOADED] * 2
    folder = tmp_path / "new" / "folder"
    assert (folder / name_of(chunk)).read_bytes() == MEDIA
    assert json.loads((folder / "recording.json").read_text())["id"] == OUR_ID
    assert verify(folder).proven
    assert verify(folder).extra == ()


def test_the_key_never_goes_to_storage(tmp_path: Path) -> None:
    app = an_app(media_alone())
    app.on("GET", "/file", Blob(MEDIA).read)

    downloaded(app, tmp_path)

    assert len(app.to_storage()) == 1
    assert "x-functions-key" not in app.to_storage()[0].headers


def test_the_document_is_kept_as_the_app_wrote_it(tmp_path: Path) -> None:
    app = FakeApp()
    document = shown(a_recording(status="completed"), [])
    newer = answer(document).content.replace(b"{", b'{"newer": [1, 2], ', 1)
    app.on("GET", ONE, httpx.Response(200, content=newer))

    downloaded(app, tmp_path)

    assert (tmp_path / "recording.json").read_bytes() == newer


def test_what_broke_off_goes_on_where_it_broke(tmp_path: Path) -> None:
    chunk = media_alone()
    app, blob = an_app(chunk), Blob(MEDIA)
    length = {"Content-Length": str(len(MEDIA))}
    app.on("GET", "/file", lambda _: httpx.Response(200, headers=length, stream=Cut(MEDIA[:1000])), blob.read)

    assert outcomes(app, tmp_path) == [Outcome.DOWNLOADED]
    assert blob.ranges == ["bytes=1000-"]
    assert (tmp_path / name_of(chunk)).read_bytes() == MEDIA


def test_a_body_that_ends_too_soon_without_an_error_goes_on(tmp_path: Path) -> None:
    app, blob = an_app(media_alone()), Blob(MEDIA)

    app.on("GET", "/file", lambda _: httpx.Response(200, stream=Cut(MEDIA[:500], loud=False)), blob.read)

    assert outcomes(app, tmp_path) == [Outcome.DOWNLOADED]
    assert blob.ranges == ["bytes=500-"]


def test_a_part_of_an_earlier_run_is_read_anew_and_continued(tmp_path: Path) -> None:
    chunk = media_alone()
    app, blob = an_app(chunk), Blob(MEDIA)
    app.on("GET", "/file", blob.read)
    (tmp_path / f"{name_of(chunk)}.part").write_bytes(MEDIA[:3000])

    assert outcomes(app, tmp_path) == [Outcome.DOWNLOADED]
    assert blob.ranges == ["bytes=3000-"]
    assert verify(tmp_path).extra == ()


def test_a_whole_part_of_an_earlier_run_is_asked_for_no_more(tmp_path: Path) -> None:
    chunk = media_alone()
    app = an_app(chunk)
    (tmp_path / f"{name_of(chunk)}.part").write_bytes(MEDIA)

    assert outcomes(app, tmp_path) == [Outcome.DOWNLOADED]
    assert app.to_storage() == []


@pytest.mark.parametrize("left", [b"something else", MEDIA + b"more"])
def test_a_part_that_is_not_of_this_file_is_thrown_away(tmp_path: Path, left: bytes) -> None:
    chunk = media_alone()
    app, blob = an_app(chunk), Blob(MEDIA)
    app.on("GET", "/file", blob.read)
    (tmp_path / f"{name_of(chunk)}.part").write_bytes(left)

    assert outcomes(app, tmp_path) == [Outcome.DOWNLOADED]
    assert blob.ranges[-1] is None
    assert (tmp_path / name_of(chunk)).read_bytes() == MEDIA


def test_storage_that_ignores_the_range_is_read_from_the_beginning(tmp_path: Path) -> None:
    chunk = media_alone()
    app = an_app(chunk)
    app.on("GET", "/file", httpx.Response(200, content=MEDIA))
    (tmp_path / f"{name_of(chunk)}.part").write_bytes(MEDIA[:10])

    assert outcomes(app, tmp_path) == [Outcome.DOWNLOADED]
    assert (tmp_path / name_of(chunk)).read_bytes() == MEDIA


@pytest.mark.parametrize("stored", [b"x" + MEDIA[1:], MEDIA + b"x", MEDIA[:-1]])
def test_other_bytes_than_were_proven_are_told_and_not_kept(tmp_path: Path, stored: bytes) -> None:
    app = an_app(media_alone())
    app.on("GET", "/file", Blob(stored).read)

    (result,) = downloaded(app, tmp_path)

    assert result.outcome is Outcome.DIFFERS
    assert "proven" in result.detail
    assert [path.name for path in tmp_path.iterdir()] == ["recording.json"]


def test_metadata_whose_length_nobody_knows_are_proven_by_their_digest(tmp_path: Path) -> None:
    app = an_app(chunk_with(MEDIA, b"{}"))
    app.on("GET", "/file", Blob(MEDIA).read)
    app.on("GET", "/metadata", Blob(b"[]").read)

    assert outcomes(app, tmp_path) == [Outcome.DOWNLOADED, Outcome.DIFFERS]


def test_a_file_that_is_there_and_whole_is_kept(tmp_path: Path) -> None:
    chunk = media_alone()
    app = an_app(chunk)
    (tmp_path / name_of(chunk)).write_bytes(MEDIA)

    assert outcomes(app, tmp_path) == [Outcome.KEPT]
    assert app.to_storage() == []


def test_a_file_that_is_there_with_other_bytes_is_not_written_over(tmp_path: Path) -> None:
    chunk = media_alone()
    app = an_app(chunk)
    (tmp_path / name_of(chunk)).write_bytes(b"mine")

    assert outcomes(app, tmp_path) == [Outcome.DIFFERS]
    assert (tmp_path / name_of(chunk)).read_bytes() == b"mine"


@pytest.mark.parametrize("refusal", [httpx.Response(403), httpx.Response(401)])
def test_a_link_that_expired_is_renewed_and_the_file_goes_on(tmp_path: Path, refusal: httpx.Response) -> None:
    chunk = media_alone()
    app, blob = an_app(chunk), Blob(MEDIA)
    app.on("GET", f"{ONE}/chunks/{chunk.document_id}/content", a_link(number="1"), a_link(number="2"))
    length = {"Content-Length": str(len(MEDIA))}
    cut = httpx.Response(200, headers=length, stream=Cut(MEDIA[:1000]))
    app.on("GET", "/file", lambda _: cut, refusal, blob.read)

    assert outcomes(app, tmp_path) == [Outcome.DOWNLOADED]
    assert [request.url.params["number"] for request in app.to_storage()] == ["1", "1", "2"]
    assert blob.ranges == ["bytes=1000-"]


def test_a_link_that_is_about_to_expire_is_not_begun_with_again(tmp_path: Path) -> None:
    chunk = media_alone()
    app, blob = an_app(chunk), Blob(MEDIA)
    links = a_link(lives=timedelta(seconds=5), number="1"), a_link(number="2")
    app.on("GET", f"{ONE}/chunks/{chunk.document_id}/content", *links)
    app.on("GET", "/file", httpx.ReadError("reset"), blob.read)

    assert outcomes(app, tmp_path) == [Outcome.DOWNLOADED]
    assert [request.url.params["number"] for request in app.to_storage()] == ["1", "2"]


@pytest.mark.parametrize(
    "failing", [httpx.Response(403), httpx.Response(500), httpx.ConnectError("refused"), httpx.ReadError("reset")]
)
def test_what_does_not_get_any_further_is_given_up_and_its_part_stays(tmp_path: Path, failing: Reply) -> None:
    chunk = media_alone()
    app = an_app(chunk)
    app.on("GET", "/file", failing)
    (tmp_path / f"{name_of(chunk)}.part").write_bytes(MEDIA[:100])

    (result,) = downloaded(app, tmp_path)

    assert result.outcome is Outcome.FAILED
    assert "goes on from there" in result.detail
    assert len(app.to_storage()) == 5
    assert (tmp_path / f"{name_of(chunk)}.part").read_bytes() == MEDIA[:100]


def test_a_file_that_the_app_gives_no_link_to_does_not_keep_the_others_from_coming(tmp_path: Path) -> None:
    gone, there = media_alone(), chunk_with(MEDIA, metadata_blob=None, document_id="0-other", content_blob="f/1.wav")
    app = an_app(gone, there)
    app.on("GET", f"{ONE}/chunks/{gone.document_id}/content", problem(410))
    app.on("GET", "/file", Blob(MEDIA).read)

    assert outcomes(app, tmp_path) == [Outcome.REFUSED, Outcome.DOWNLOADED]
    assert verify(tmp_path).missing == (name_of(gone),)


def test_a_chunk_without_a_proven_copy_is_told_and_not_asked_for(tmp_path: Path) -> None:
    chunk = chunk_with(MEDIA, metadata_blob=None, status=ChunkStatus.FAILED, failure="It was altered.")
    app = an_app(chunk)

    (result,) = downloaded(app, tmp_path)

    assert (result.outcome, result.detail, app.to_storage()) == (Outcome.REFUSED, "It was altered.", [])


def test_a_file_in_storage_of_your_own_is_to_be_read_there(tmp_path: Path) -> None:
    url = "https://own.blob.core.windows.net/calls/0000.wav"
    app = an_app(chunk_with(MEDIA, content_blob=url, metadata_blob=f"{url}.json"))

    (result,) = downloaded(app, tmp_path)

    assert result.outcome is Outcome.REFUSED
    assert url in result.detail


def test_a_folder_of_another_recording_is_not_written_to(tmp_path: Path) -> None:
    app = an_app(media_alone())
    other = answer(shown(a_recording(id="another"), [])).content
    (tmp_path / "recording.json").write_bytes(other)

    with pytest.raises(Error, match="has recording another"):
        downloaded(app, tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["recording.json"]
    assert (tmp_path / "recording.json").read_bytes() == other


@pytest.mark.parametrize("name", ["2026/..", "recording.json", "a/b\\c", "a/b\x1b.wav", "C:", "folder/"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    app = an_app(chunk_with(MEDIA, content_blob=name))

    with pytest.raises(Error, match="cannot be the name"):
        downloaded(app, tmp_path)

    assert app.to_storage() == []


def test_progress_is_told_to_the_last_byte(tmp_path: Path) -> None:
    app = an_app(media_alone())
    app.on("GET", "/file", Blob(MEDIA).read)
    told: list[tuple[int, int | None]] = []

    list(download(app.client(), OUR_ID, tmp_path, lambda _file, done, total: told.append((done, total))))

    assert told[-1] == (len(MEDIA), len(MEDIA))


def test_an_empty_file_is_a_file(tmp_path: Path) -> None:
    chunk = media_alone(b"")
    app = an_app(chunk)
    app.on("GET", "/file", Blob(b"").read)

    assert outcomes(app, tmp_path) == [Outcome.DOWNLOADED]
    assert (tmp_path / name_of(chunk)).read_bytes() == b""
    assert app.to_storage()[0].url.host == STORAGE
