"""A recording's files in a folder: each verified while it arrives, resumed where it broke off.

A file has its name only once it has its SHA-256; until then it is `NAME.part`.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import httpx

from acsrec.client import Client
from acsrec.errors import Error, Problem, Unanswered
from acsrec.replies import Link
from acsrec.retries import NOT_CONNECTED, backoff
from acsrec.verify import (
    DOCUMENT,
    READ_BYTES,
    ExpectedFile,
    KnownRecording,
    digest_of,
    expected_files,
    newest_document,
    read_document,
)

PART = ".part"
TRIES_WITHOUT_PROGRESS = 5  # in a row: then whatever is wrong does not pass by itself
RENEWED_BEFORE = timedelta(seconds=30)  # a link that ends sooner is not begun with: clocks differ
EXPIRED_STATUSES = frozenset({401, 403})  # what Blob Storage answers to a signature that has ended
CONTENT_RANGE = re.compile(r"bytes (?P<start>[0-9]+)-[0-9]+/(?P<total>[0-9]+|\*)", re.ASCII)


class Outcome(StrEnum):
    """What became of a file."""

    DOWNLOADED = "downloaded"
    KEPT = "kept"  # it was there already, and has its SHA-256
    DIFFERS = "differs"  # it has another SHA-256
    REFUSED = "refused"  # there is no proven copy, or the app gives no link to it
    FAILED = "failed"  # it could not be read to its end


@dataclass(frozen=True)
class FileResult:
    """What became of one file, and what to do where it is not there."""

    file: ExpectedFile
    outcome: Outcome
    detail: str = ""

    @property
    def is_there(self) -> bool:
        return self.outcome in {Outcome.DOWNLOADED, Outcome.KEPT}


# Hears how far a file is: the file, how many of its bytes are there, and how many it has, where that is known.
type Progress = Callable[[ExpectedFile, int, int | None], object]


def silent(_file: ExpectedFile, _done: int, _total: int | None) -> None:
    """Nobody listens."""


class Broken(Exception):
    """A try ended before the file did; what arrived stays in the part."""


class Restart(Exception):
    """What is in the part is of no use."""


class Differs(Exception):
    """All bytes arrived, and they are not those that were proven."""


def download(client: Client, id: str, folder: Path, on_progress: Progress = silent) -> Iterator[FileResult]:
    """Write a recording's files and its document, `recording.json`, into a folder; yields what became of each file.

    The document is written first: whatever happens after that, `verify` can tell what is missing.

    Args:
        client: of the app.
        id: of the recording.
        folder: made if it is not there; files of this recording that are there already are verified and kept.
        on_progress: called while bytes arrive.

    Raises:
        Problem, Unanswered: the app does not show the recording.
        Error: the folder has another recording's document.
        OSError: a file cannot be written.
    """
    response = client.document(id)
    folder.mkdir(parents=True, exist_ok=True)
    recording = write_document(folder, response.content)
    for file in expected_files(recording):
        try:
            yield Transfer(client, recording.id, file, folder, on_progress).result()
        except Problem as problem:
            yield FileResult(file, Outcome.REFUSED, str(problem))


def write_document(folder: Path, content: bytes) -> KnownRecording:
    """Put the document into the folder, in one step.

    Raises:
        Error: another recording's is there.
    """
    fresh = folder / f"{DOCUMENT}{PART}"
    fresh.write_bytes(content)
    recording = read_document(fresh)
    try:
        there = read_document(folder / newest_document(folder)).id
    except Error:
        there = recording.id  # none, or one that says nothing
    if there != recording.id:
        fresh.unlink()
        raise Error(f"{folder} has recording {there}; name another folder for {recording.id}")
    fresh.replace(folder / DOCUMENT)
    return recording


@dataclass
class Transfer:
    """One file on its way into a folder."""

    client: Client
    id: str
    file: ExpectedFile
    folder: Path
    on_progress: Progress
    link: Link | None = field(default=None, init=False)

    @property
    def target(self) -> Path:
        return self.folder / self.file.name

    @property
    def part(self) -> Path:
        return self.folder / f"{self.file.name}{PART}"

    def result(self) -> FileResult:
        """Raises: Problem, the app gives no link."""
        if self.file.url is not None:
            where = self.file.url.partition("?")[0]
            return FileResult(self.file, Outcome.REFUSED, f"it lies in a container of your own: read it there, {where}")
        if self.file.sha256 is None:
            return FileResult(self.file, Outcome.REFUSED, self.file.reason)
        if self.target.exists():
            return self.kept()
        try:
            self.fetch()
        except Differs as error:
            self.part.unlink(missing_ok=True)
            return FileResult(self.file, Outcome.DIFFERS, f"{error}; nothing was kept of it")
        except (Broken, Unanswered) as error:
            reason = f"{error}. What arrived stays in {self.part.name}: download again, and it goes on from there"
            return FileResult(self.file, Outcome.FAILED, reason)
        self.part.replace(self.target)
        return FileResult(self.file, Outcome.DOWNLOADED)

    def kept(self) -> FileResult:
        if digest_of(self.target) == self.wanted:
            self.on_progress(self.file, self.target.stat().st_size, self.file.bytes)
            return FileResult(self.file, Outcome.KEPT)
        reason = f"{self.target} is there with another SHA-256; nothing was written over it. Move it away, then again"
        return FileResult(self.file, Outcome.DIFFERS, reason)

    @property
    def wanted(self) -> str:
        return (self.file.sha256 or "").lower()

    def fetch(self) -> None:
        """Fill the part until it is the file.

        Raises:
            Broken: it does not get any further.
            Differs: it is another file.
        """
        resumed = self.part.exists() and self.part.stat().st_size > 0
        tries, furthest = 0, self.length()
        while True:
            try:
                digest = self.tried()
            except Restart:
                resumed, tries = False, tries + 1
                self.part.unlink(missing_ok=True)
                failure = Broken("Storage gives another part than the one that was asked for")
            except Broken as error:
                failure, tries = error, tries + 1
                if self.length() > furthest:
                    tries, furthest = 1, self.length()
            else:
                if self.is_whole(digest):
                    return
                if not resumed:
                    raise Differs(f"its SHA-256 is {digest}, and {self.wanted} was proven")
                # What an earlier run left may be at fault: once more, from the first byte.
                self.part.unlink()
                resumed, tries = False, 0
                continue
            if tries >= TRIES_WITHOUT_PROGRESS:
                raise failure
            self.client.patience.sleep(backoff(tries))

    def is_whole(self, digest: str) -> bool:
        """Whether all bytes that arrived, with this digest, are the file."""
        return digest == self.wanted

    def length(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def tried(self) -> str:
        """One request for the bytes that are missing; the digest of all of them."""
        digest = hashlib.sha256()
        with self.part.open("a+b") as part:
            part.seek(0)
            while block := part.read(READ_BYTES):
                digest.update(block)
            have = part.tell()
            if self.file.bytes is not None and have > self.file.bytes:
                raise Restart
            if have == 0 or have != self.file.bytes:
                for block in self.blocks(have):
                    part.write(block)
                    digest.update(block)
        return digest.hexdigest()

    def blocks(self, have: int) -> Iterator[bytes]:
        """The file's bytes from a place on, all of them.

        Raises:
            Broken: they end too soon.
            Restart: they are others, or there are none from there on.
        Differs: the file has another length.
        """
        http = self.client.http
        ranged = {"Range": f"bytes={have}-"} if have else {}
        headers = {"Accept-Encoding": "identity", **ranged}  # the digest is of the bytes as they lie there
        request = http.build_request("GET", self.fresh_link().url, headers=headers, timeout=self.client.timeout)
        try:
            with closing(http.send(request, stream=True)) as response:
                total = self.total_of(response, have)
                for block in response.iter_raw():
                    have += len(block)
                    yield block
                    self.on_progress(self.file, have, total)
        except httpx.RequestError as error:
            reason = "no connection to storage" if isinstance(error, NOT_CONNECTED) else "the connection broke"
            raise Broken(f"{reason} ({type(error).__name__})") from error
        if total is not None and have < total:
            raise Broken(f"{have} of {total} bytes arrived")

    def total_of(self, response: httpx.Response, have: int) -> int | None:
        """How long the file is, if the answer has its bytes from the place on."""
        if response.status_code in EXPIRED_STATUSES:
            self.link = None
            raise Broken(f"storage refuses the link ({response.status_code})")
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise Restart
        if response.status_code not in {httpx.codes.OK, httpx.codes.PARTIAL_CONTENT}:
            raise Broken(f"storage answers {response.status_code}")
        start, total = place_of(response)
        if start != have:
            raise Restart
        if None not in {total, self.file.bytes} and total != self.file.bytes:
            raise Differs(f"it has {total} bytes, and {self.file.bytes} were proven")
        return total if self.file.bytes is None else self.file.bytes

    def fresh_link(self) -> Link:
        """A link that does not end just now."""
        if self.link is None or self.link.expires_at - datetime.now(UTC) < RENEWED_BEFORE:
            link = self.client.content_link if self.file.kind == "content" else self.client.metadata_link
            self.link = link(self.id, self.file.document_id)
        return self.link


def place_of(response: httpx.Response) -> tuple[int, int | None]:
    """Where an answer's bytes begin in the file, and the file's length, if it says so."""
    if response.status_code == httpx.codes.OK:
        length = response.headers.get("Content-Length", "")
        return 0, int(length) if length.isdecimal() else None
    matched = CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if matched is None:
        return -1, None
    return int(matched["start"]), None if matched["total"] == "*" else int(matched["total"])
