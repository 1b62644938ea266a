"""Whether what other apps are told is so: that a copy exists, that a recording ended."""

from typing import Any
from urllib.parse import unquote

from local.simulator.blobs import BlobsUnavailableError, OpenAccounts
from local.simulator.documents import Documents
from local.simulator.oracle import DeletionOracle
from local.simulator.recordings import Recordings, State
from local.simulator.settings import BlobAccount, CurrentSettings

ENDS = frozenset({"Stopped", "Empty", "Completed"})
BLOBS = {"Stored": ("contentBlob", "metadataBlob"), "Completed": ("manifestBlob",)}


class EventOracle:
    """Judges each event at the moment in which it arrives; what is wrong stands beside the wrong deletions.

    It knows the last part of an event's type, and in `data` the names `recordingId` and `documentId` of ACS, those of
    blobs, and sizes and digests. What it does not know, or cannot look at, it does not judge.
    """

    def __init__(
        self,
        settings: CurrentSettings,
        accounts: OpenAccounts,
        violations: DeletionOracle,
        recordings: Recordings,
        documents: Documents,
    ) -> None:
        self.settings = settings
        self.accounts = accounts
        self.violations = violations
        self.recordings = recordings
        self.documents = documents

    def judge(self, event: dict[str, Any]) -> None:
        """Record what an event says untruly."""
        data = event.get("data")
        if not isinstance(data, dict):
            return
        kind = event["type"].rpartition(".")[2]
        recording_id, document_id = str(data.get("recordingId") or ""), str(data.get("documentId") or "")
        untrue = self.untrue_end(recording_id) if kind in ENDS else []
        blobs = [data.get(name) for name in BLOBS.get(kind, ())]
        untrue += [f"its blob {blob} is not there" for blob in blobs if self.is_missing(blob)]
        untrue += self.untrue_copy(document_id, data) if kind == "Stored" else []
        for reason in untrue:
            self.violations.note(f"{event['type']} was told, but {reason}", document_id, recording_id)

    def untrue_end(self, recording_id: str) -> list[str]:
        try:
            recording = self.recordings.get(recording_id)
        except LookupError:
            return []
        return [] if recording.state is State.ENDED else [f"the recording is {recording.state.value}"]

    def untrue_copy(self, document_id: str, data: dict[str, Any]) -> list[str]:
        """What the event says of the bytes; that the blob has them is looked at when the original is deleted."""
        try:
            document = self.documents.get(document_id)
        except LookupError:
            return []
        so = {"bytes": document.media.size, "sha256": document.media.sha256}
        if data.get("metadataBlob") is not None:
            so["metadataSha256"] = document.metadata_sha256
        return [f"{name} is {value}, not {data.get(name)}" for name, value in so.items() if data.get(name) != value]

    def is_missing(self, blob: Any) -> bool:
        place = self.place(blob) if isinstance(blob, str) else None
        if place is None:
            return False
        account, container, name = place
        try:
            return not self.accounts.get(account).exists(container, name)
        except BlobsUnavailableError:
            # Storage may have failed since the app looked: no proof of an untruth.
            return False

    def place(self, blob: str) -> tuple[BlobAccount, str, str] | None:
        """Account, container and name of a blob: a name in the operator's container, or a URL in own storage."""
        current = self.settings.current
        if "://" not in blob:
            return (current.oracle, current.oracle.container, blob) if current.oracle else None
        for account in (current.byos, current.oracle):
            root = f"{self.accounts.get(account).url}/" if account else ""
            if account and blob.startswith(root):
                container, _, name = unquote(blob.removeprefix(root)).partition("/")
                return account, container, name
        return None
