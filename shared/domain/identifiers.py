"""Ids derived from idempotency keys and from ACS's ids, the ids of a call, and the normal forms of ACS's ids."""

import hashlib
import re
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import unquote
from uuid import NAMESPACE_URL, uuid5

import msgspec

RECORDER_NAMESPACE = uuid5(NAMESPACE_URL, "https://communication.azure.com/call-recording")
ACS_RECORDING_ID = re.compile(r"[A-Za-z0-9_=-]{1,1024}", re.ASCII)  # ACS's are base64url, and have about 200
DOCUMENT_ID = re.compile(r"[A-Za-z0-9-]{1,128}", re.ASCII)  # ACS's ids of documents; safe in names and keys


class CallIdKind(StrEnum):
    """What names a call: an id of ACS's, or a clue of a verified callback, which is kept apart from what is known."""

    SERVER_CALL = "serverCallId"
    CALL_CONNECTION = "callConnectionId"
    GROUP_CALL = "groupCallId"
    ROOM = "roomId"
    SERVER_CALL_CLUE = "clueServerCallId"
    CALL_CLUE = "clueCallId"


class CallId(msgspec.Struct, frozen=True):
    """An id of a call, as it came."""

    kind: CallIdKind
    id: str

    @property
    def normal(self) -> str:
        """The normal form: padding, escapes and, in the ids that are no base64, case make no difference."""
        if self.kind in {CallIdKind.SERVER_CALL, CallIdKind.SERVER_CALL_CLUE}:
            return normal_server_call_id(self.id)
        return self.id.strip().lower()


def id_from_key(idempotency_key: str) -> str:
    return str(uuid5(RECORDER_NAMESPACE, f"key:{idempotency_key}"))


def id_from_recording_id(recording_id: str) -> str:
    return str(uuid5(RECORDER_NAMESPACE, f"recording:{recording_id}"))


def id_from_call(call_id: str, recording_start_time: datetime | None) -> str:
    started = recording_start_time.astimezone(UTC).isoformat() if recording_start_time else ""
    return str(uuid5(RECORDER_NAMESPACE, f"call:{call_id}:{started}"))


def digest(text: str) -> str:
    """A key that is safe in Table Storage for any text: ids of calls have slashes, JSON can have lone surrogates."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def normal_server_call_id(server_call_id: str) -> str:
    """The normal form of a call id: without padding and escapes, in the standard base64 alphabet."""
    return unquote(server_call_id).strip().translate(str.maketrans("-_", "+/")).rstrip("=")


def normal_recording_id(recording_id: str) -> str:
    """The normal form of a recording id: without padding."""
    return recording_id.strip().rstrip("=")
