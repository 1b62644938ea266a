"""Ids derived from idempotency keys and from ACS's ids, and the normal forms of ACS's ids."""

import hashlib
import re
from datetime import UTC, datetime
from urllib.parse import unquote
from uuid import NAMESPACE_URL, uuid5

RECORDER_NAMESPACE = uuid5(NAMESPACE_URL, "https://communication.azure.com/call-recording")
ACS_RECORDING_ID = re.compile(r"[A-Za-z0-9_=-]{1,1024}", re.ASCII)  # ACS's are base64url, and have about 200
DOCUMENT_ID = re.compile(r"[A-Za-z0-9-]{1,128}", re.ASCII)  # ACS's ids of documents; safe in names and keys


def id_from_key(idempotency_key: str) -> str:
    return str(uuid5(RECORDER_NAMESPACE, f"key:{idempotency_key}"))


def id_from_recording_id(recording_id: str) -> str:
    return str(uuid5(RECORDER_NAMESPACE, f"recording:{recording_id}"))


def id_from_call(call_id: str, recording_start_time: datetime | None) -> str:
    started = recording_start_time.astimezone(UTC).isoformat() if recording_start_time else ""
    return str(uuid5(RECORDER_NAMESPACE, f"call:{call_id}:{started}"))


def digest(text: str) -> str:
    """A key that is safe in Table Storage for any text: serverCallIds contain slashes."""
    return hashlib.sha256(text.encode()).hexdigest()


def normal_server_call_id(server_call_id: str) -> str:
    """The normal form of a call id: without padding and escapes, in the standard base64 alphabet."""
    return unquote(server_call_id).strip().translate(str.maketrans("-_", "+/")).rstrip("=")


def normal_recording_id(recording_id: str) -> str:
    """The normal form of a recording id: without padding."""
    return recording_id.strip().rstrip("=")
