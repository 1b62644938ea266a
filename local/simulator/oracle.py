"""The oracle: what is deleted must be in the operator's storage, and what was told to have ended must have ended."""

import re
import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from local.simulator.blobs import BlobsUnavailableError, OpenAccounts
from local.simulator.clock import Clock
from local.simulator.documents import Document
from local.simulator.recordings import Recording, State
from local.simulator.settings import BlobAccount, CurrentSettings

BLOB_NAME = re.compile(r"(?:.*/)?\d{4,}-(?P<document>.+?)(?P<kind>\.metadata\.json|\.wav|\.mp3|\.mp4)")


@dataclass(frozen=True, slots=True)
class Violation:
    """A deletion that should not have been asked for, or something that somebody was told untruly.

    Attributes:
        document_id: of what was deleted or told to be copied; empty where a whole recording is meant.
        recording_id: of what somebody was told of; empty for a deletion.
    """

    document_id: str
    reason: str
    at: datetime
    recording_id: str = ""


class DeletionOracle:
    """Compares stored blobs with what is deleted, and what was told with what is so; remembers what was wrong."""

    def __init__(self, settings: CurrentSettings, accounts: OpenAccounts, clock: Clock) -> None:
        self.settings = settings
        self.accounts = accounts
        self.clock = clock
        self.violations: list[Violation] = []
        self.names: dict[tuple[str, str], list[str]] = {}
        """Blob names by document and ending, from the latest listing."""
        self.lock = threading.Lock()

    def judge(self, document: Document) -> None:
        """Record why this document must not be deleted now, if there is a reason."""
        try:
            reason = self.reason_against(document)
        except BlobsUnavailableError as error:
            reason = f"the operator's storage could not be read: {error}"
        if reason is not None:
            self.note(reason, document.document_id)

    def told_ended(self, recording: Recording) -> None:
        """Somebody was told that this recording ended: record it unless that is so."""
        if recording.state is not State.ENDED:
            self.note(
                f"somebody was told that recording ended while it is {recording.state}", "", recording.recording_id
            )

    def note(self, reason: str, document_id: str, recording_id: str = "") -> None:
        """Record a violation."""
        with self.lock:
            self.violations.append(Violation(document_id, reason, self.clock.now(), recording_id))

    def reason_against(self, document: Document) -> str | None:
        if document.content_fetches == 0:
            return "its content was never fetched"
        if document.metadata_fetches == 0 and not document.metadata_missing:
            return "its metadata was never fetched"
        account = self.settings.current.oracle
        if account is None:
            return None
        media = self.difference(
            account, document, f".{document.media_format}", document.media.size, document.media.sha256
        )
        if media is not None or document.metadata_missing:
            return media
        size = len(document.metadata)
        return self.difference(account, document, ".metadata.json", size, document.metadata_sha256)

    def difference(self, account: BlobAccount, document: Document, ending: str, size: int, digest: str) -> str | None:
        """What is wrong with the stored copy; None when one blob is exactly equal."""
        wrong = f"no blob ends in -{document.document_id}{ending}"
        for listing in ("cached", "fresh"):
            if listing == "fresh":
                self.list_blobs(account)
            for name in self.names.get((document.document_id, ending), []):
                found = self.measure(account, name)
                if found == (size, digest):
                    return None
                wrong = f"{name} differs: {found} instead of {(size, digest)}"
        return wrong

    def measure(self, account: BlobAccount, name: str) -> tuple[int, str] | None:
        try:
            return size_and_sha256(self.accounts.get(account).read(account.container, name))
        except FileNotFoundError:
            return None

    def list_blobs(self, account: BlobAccount) -> None:
        listed: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for name in self.accounts.get(account).names(account.container):
            if (found := BLOB_NAME.fullmatch(name)) is not None:
                listed[found["document"], found["kind"]].append(name)
        with self.lock:
            self.names = dict(listed)


def size_and_sha256(pieces: Iterable[bytes]) -> tuple[int, str]:
    digest, size = sha256(), 0
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
    return size, digest.hexdigest()
