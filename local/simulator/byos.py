"""Recording into the operator's own storage: ACS exports each file and announces the blob's URL."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from local.simulator.blobs import Blobs, BlobsUnavailableError, OpenAccounts
from local.simulator.bodies import Body
from local.simulator.documents import Document
from local.simulator.recordings import Recording
from local.simulator.settings import CurrentSettings

FIRST_OF_ID = 8


@dataclass(frozen=True, slots=True)
class Exported:
    """Where the two files of one document went."""

    content_url: str
    metadata_url: str


class Exporter:
    """Writes documents into the container that the start request named."""

    def __init__(self, settings: CurrentSettings, accounts: OpenAccounts) -> None:
        self.settings = settings
        self.accounts = accounts

    def export(self, recording: Recording, documents: list[Document]) -> dict[str, Exported]:
        """Export all documents, by document id; none when that fails: they stay in ACS's built-in storage."""
        try:
            return self.written(recording, documents)
        except BlobsUnavailableError:
            return {}

    def written(self, recording: Recording, documents: list[Document]) -> dict[str, Exported]:
        account, destination = self.settings.current.byos, recording.request.container_url
        if account is None or destination is None:
            return {}
        blobs = self.accounts.get(account)
        place = split_destination(destination, blobs.url)
        if place is None:
            return {}
        container, prefix = place
        written: dict[str, Exported] = {}
        folders: dict[int, str] = {}
        for number, document in enumerate(documents):
            # A duplicate of an index comes from another export run, and that run has a folder of its own.
            run = sum(earlier.index == document.index for earlier in documents[:number])
            folder = folders.setdefault(run, prefix + export_folder(recording))
            written[document.document_id] = write_pair(blobs, container, folder, document)
        return written


def split_destination(destination: str, account_url: str) -> tuple[str, str] | None:
    """Cut a destination into container and prefix; None when it lies in another account."""
    if destination.startswith(account_url + "/"):
        path = destination.removeprefix(account_url + "/")
    elif re.fullmatch(r"https://[a-z0-9]+\.blob\.core\.windows\.net/.+", destination):
        path = urlsplit(destination).path.lstrip("/")
    else:
        return None
    container, _, prefix = path.strip("/").partition("/")
    return container, f"{prefix}/" if prefix else ""


def export_folder(recording: Recording) -> str:
    day = recording.started_at or recording.created_at
    return f"{day:%Y%m%d}/{recording.call.call_id}/{recording.recording_id[:FIRST_OF_ID]}-{uuid.uuid4()}"


def write_pair(blobs: Blobs, container: str, folder: str, document: Document) -> Exported:
    kind = "video" if document.media_format == "mp4" else "audio"
    content_name = (
        f"{folder}/{document.index}-{kind}{document.media_format}.{document.document_id}.{document.media_format}"
    )
    metadata_name = f"{folder}/{document.index}-acsmetadata.{document.document_id}.json"
    blobs.write(container, content_name, pieces(document.media), document.media.size)
    blobs.write(container, metadata_name, [document.metadata], len(document.metadata))
    root = f"{blobs.url}/{container}"
    return Exported(f"{root}/{content_name}", f"{root}/{metadata_name}")


def pieces(body: Body) -> Iterator[bytes]:
    return (bytes(piece) for piece in body.pieces(0, body.size))
