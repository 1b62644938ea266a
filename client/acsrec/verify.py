"""Proves a folder of files without the app: every file has the SHA-256 that the recording's document says.

The document is the one that a download writes, or the manifest that the app writes beside the files in Blob Storage:
`recording.json`, and `recording.2.json` and so on for a recording that was reopened; the last of them counts.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from acsrec.errors import Error

DOCUMENT = "recording.json"
DOCUMENTS = re.compile(r"recording(?:\.(?P<number>[2-9]|[1-9][0-9]{1,2}))?\.json", re.ASCII)
SAVED = frozenset({"stored", "deleted"})  # statuses of a chunk whose copy is proven
WHOLE = frozenset({"completed", "empty"})  # statuses of a recording of which no other file is expected
READ_BYTES = 1 << 20


class KnownChunk(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a proof needs of a chunk; a manifest of the first versions has fewer fields than today's."""

    document_id: str
    status: str
    content_blob: str
    metadata_blob: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    metadata_sha256: str | None = None
    failure: str | None = None


class KnownRecording(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a proof needs of a recording's document."""

    id: str
    status: str
    chunks: tuple[KnownChunk, ...]


@dataclass(frozen=True)
class ExpectedFile:
    """A file that belongs to a recording.

    Args:
        name: in the folder.
        document_id: of its chunk.
        kind: which of the chunk's two files.
        sha256: that it must have, in hex digits; None while no copy is proven.
        bytes: its length, where it is known.
        reason: why no copy is proven.
        url: where it lies, if that is a container of the operator's own.
    """

    name: str
    document_id: str
    kind: Literal["content", "metadata"]
    sha256: str | None
    bytes: int | None = None
    reason: str = ""
    url: str | None = None


@dataclass(frozen=True)
class Verification:
    """What a folder holds of a recording. `proven` is the one answer: all of it, as it was proven.

    Args:
        id, status: of the recording, as its document says.
        document: the name of that document.
        verified: files that have their SHA-256.
        altered: files that have another one.
        missing: files that are not there.
        unproven: files that no digest is known of, with the reason: nothing vouches for them.
        extra: what does not belong to the recording.
    """

    id: str
    status: str
    document: str
    verified: tuple[str, ...]
    altered: tuple[str, ...]
    missing: tuple[str, ...]
    unproven: dict[str, str]
    extra: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether the document has all files that the recording is to have; of a later one more may be known."""
        return self.status in WHOLE

    @property
    def proven(self) -> bool:
        has_files = bool(self.verified) or self.status == "empty"
        return self.whole and has_files and not (self.altered or self.missing or self.unproven)


def verify(folder: Path, on_bytes: Callable[[int], None] = lambda _: None) -> Verification:
    """Read every file of a folder, and compare it with the document there; nothing is changed.

    Args:
        folder: with the files and the document.
        on_bytes: called with the bytes read since the last call.

    Raises:
        Error: there is no document, or it cannot be read.
        OSError: a file cannot be read.
    """
    document = newest_document(folder)
    recording = read_document(folder / document)
    expected = list(expected_files(recording))
    verified, altered, missing, unproven = [], [], [], {}
    for file in expected:
        path = folder / file.name
        if file.sha256 is None:
            unproven[file.name] = file.reason
        elif not path.is_file():
            missing.append(file.name)
        elif digest_of(path, on_bytes) == file.sha256.lower():
            verified.append(file.name)
        else:
            altered.append(file.name)
    known = {file.name for file in expected}
    extra = [path.name for path in folder.iterdir() if path.name not in known and not DOCUMENTS.fullmatch(path.name)]
    return Verification(
        recording.id,
        recording.status,
        document,
        tuple(verified),
        tuple(altered),
        tuple(missing),
        unproven,
        tuple(sorted(extra)),
    )


def newest_document(folder: Path) -> str:
    """Raises: Error, none is there."""
    found = {
        int(matched["number"] or 1): path.name
        for path in (folder.iterdir() if folder.is_dir() else ())
        if (matched := DOCUMENTS.fullmatch(path.name)) and path.is_file()
    }
    if not found:
        raise Error(f"{folder} has no {DOCUMENT}: without it nobody knows what the files should be")
    return found[max(found)]


def read_document(path: Path) -> KnownRecording:
    """Raises: Error, it is no document of a recording with its chunks."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=KnownRecording)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Error(f"{path} is no document of a recording: {error}") from error


def expected_files(recording: KnownRecording) -> Iterator[ExpectedFile]:
    """Every file of a recording, in its order.

    Raises:
        Error: a name is none, or two files have the same.
    """
    seen: set[str] = set()
    for chunk in recording.chunks:
        for file in files_of(chunk):
            if file.name.casefold() in seen:
                raise Error(f"Two files of recording {recording.id} are named {file.name}; one folder cannot have both")
            seen.add(file.name.casefold())
            yield file


def files_of(chunk: KnownChunk) -> Iterator[ExpectedFile]:
    saved = chunk.status in SAVED
    reason = chunk.failure or f"the chunk is {chunk.status}: no copy is proven"
    content = chunk.sha256 if saved else None
    own = url_of(chunk.content_blob)
    name = file_name(chunk.content_blob)
    yield ExpectedFile(name, chunk.document_id, "content", content, chunk.bytes, reason, own)
    # In a container of the operator's own nobody reads the metadata: nothing is known of them.
    if chunk.metadata_blob is not None and (own is None or chunk.metadata_sha256 is not None):
        metadata = chunk.metadata_sha256 if saved else None
        url = url_of(chunk.metadata_blob)
        yield ExpectedFile(file_name(chunk.metadata_blob), chunk.document_id, "metadata", metadata, None, reason, url)


def url_of(blob: str) -> str | None:
    return blob if "://" in blob else None


def file_name(blob: str) -> str:
    """The last part of a blob's name: a plain name that leads nowhere else.

    Raises:
        Error: it is not.
    """
    name = blob.partition("?")[0].rpartition("/")[2]
    if name in {"", ".", ".."} or DOCUMENTS.fullmatch(name) or not name.isprintable() or set(name) & set('\\:*?"<>|'):
        raise Error(f"{blob!r} cannot be the name of a recording's file")
    return name


def digest_of(path: Path, on_bytes: Callable[[int], None] = lambda _: None) -> str:
    """SHA-256 of a file in hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            digest.update(block)
            on_bytes(len(block))
    return digest.hexdigest()
