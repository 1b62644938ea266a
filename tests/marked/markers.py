"""Secrets and personal data, each with a mark by which it is found again, and where each may stand.

A marker is text of the form that the real one has; its mark is the part that is searched for, in any case of letters.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from enum import StrEnum


class Place(StrEnum):
    """Where what the app gives away ends."""

    LOG = "log"
    RAISED = "what a function raises, as the platform logs it"
    PROBLEM = "problem document"
    REPLY = "reply"
    HEADER = "header of a reply"
    ROW = "row"
    EVENT = "row of an event, and what the topic is told"
    QUEUE = "queue message"
    KEPT = "rejected event, as it came"
    REASON = "why an event was rejected"
    BLOB = "manifest, and the metadata of blobs"


def text_of(plain: str) -> str:
    """Base64, as keys and ids of calls are."""
    return base64.b64encode(plain.encode()).decode()


def token_of(claims: Mapping[str, str]) -> str:
    """A JSON Web Token that nobody signed."""
    parts = ({"alg": "RS256", "kid": "k0zqkid5"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2lnbmF0dXJlMHpxNDQx"])


CALL_URL = "https://api.flightproxy.skype.com/api/v2/cp/conv-zqsecretcall/conv/x0?i=10-60-11-7&e=638"
SERVER_CALL_ID = text_of(CALL_URL)
PART_OF_TOKEN = token_of({"sub": "zqpart", "scope": "recordings"}).split(".")[1]
TOKEN = token_of({"aud": "zqaudience", "sub": "zqsubject"})

# By name: the text that is fed in, and the marks that are searched for.
MARKERS: dict[str, tuple[str, tuple[str, ...]]] = {
    # Keys
    "function key": ("zqFk7Yt0-aQ_5uZ1bXcV8nM4==", ("zqFk7Yt0", "5uZ1bXcV8nM4")),
    "SAS signature": ("zqSig9%2Fk3Vh1Pq7%3D", ("zqSig9", "k3Vh1Pq7")),
    "access key of ACS": (text_of("zq-acs-access-key-0123456789abcd"), (text_of("zq-acs-access-key-")[:20],)),
    "key of the storage account": (text_of("zq-storage-key-" * 4), (text_of("zq-storage-key-" * 4)[:24],)),
    "a part of a token": (PART_OF_TOKEN, (PART_OF_TOKEN[4:24],)),
    "bearer token": ("zqBearer.8Hk2-Lm_5Tz", ("zqBearer", "8Hk2-Lm")),
    "JSON Web Token": (TOKEN, (TOKEN.split(".")[1], TOKEN.split(".")[2])),
    "idempotency key": ("zq-idem-4f1b", ("zq-idem",)),
    "secret in a query": ("zqQuerySecret1", ("zqQuerySecret1",)),
    "name in a query": ("zqQueryName", ("zqQueryName",)),
    "password in a URL": ("zqPassw0rd", ("zqPassw0rd",)),
    "malformed setting": ("zqHunter2", ("zqHunter2",)),
    # Calls
    "serverCallId": (SERVER_CALL_ID, (SERVER_CALL_ID[40:70], "conv-zqsecretcall")),
    "groupCallId": ("c0ffee01-7a11-4b22-8c33-5d44ee55ff66", ("c0ffee01-7a11",)),
    "roomId": ("99117733551188", ("99117733551188",)),
    "callConnectionId": ("decade02-7a11-4b22-8c33-5d44ee55ff66", ("decade02-7a11",)),
    # People
    "raw id of a participant": ("8:acs:70559d7c-zqparticipant_00000013", ("zqparticipant",)),
    "phone number": ("4:+15550107731", ("5550107731",)),
    "phone number in parts": ("+1 555 010 8842", ("010 8842", "555 010")),
    "name of a participant": ("Mariezq Curiezq", ("Mariezq", "Curiezq")),
    "name of a person in a tag": ("Adazq Lovelacezq", ("Adazq", "Lovelacezq")),
    "value of a tag": ("zqtagvalue for her", ("zqtagvalue",)),
    "name of a tag": ("zqtagname", ("zqtagname",)),
    "name of a principal": ("zqada@contoso.example", ("zqada",)),
    # Others' texts
    "body of a callback": ("zqcallback said so", ("zqcallback",)),
    "error text of ACS": ("zqacssaid no to her", ("zqacssaid",)),
    "error body of storage": ("zqstorage refused https://x.example/own/a?sig=zqSig9k3", ("zqstorage",)),
    "id of an event": ("zqeventid-5", ("zqeventid",)),
    "type of an event": ("zqEventType.Other", ("zqEventType",)),
    "topic of an event": ("/subscriptions/zqtopic/other", ("zqtopic",)),
    "subject of an event": ("/recording/other/zqsubjectother", ("zqsubjectother",)),
    "text in an event": ("zqeventtext x", ("zqeventtext",)),
    "documentId of another form": ("15550109911", ("15550109911",)),
    "text in ACS's metadata": ("zqmetadata x", ("zqmetadata",)),
    "queue message": ("zqqueuetext", ("zqqueuetext",)),
    "dead letter": ("zqlettertext", ("zqlettertext",)),
    "Host header": ("zqhost.example", ("zqhost",)),
    "path": ("zqpath", ("zqpath",)),
}
TEXTS = {name: text for name, (text, _) in MARKERS.items()}

CALLS = ("serverCallId", "groupCallId", "roomId", "callConnectionId")
PEOPLE = ("raw id of a participant", "phone number", "name of a participant")
TAGS = ("name of a tag", "value of a tag", "name of a person in a tag")
OF_EVENTS = (
    *("id of an event", "type of an event", "topic of an event", "subject of an event", "text in an event"),
    *("SAS signature", "documentId of another form", "queue message", "dead letter", "phone number"),
)


def at(names: Iterable[str], *places: Place) -> list[tuple[str, Place]]:
    return [(name, place) for name in names for place in places]


# Where what may stand, and why; nothing else may stand anywhere.
REASONS: dict[str, list[tuple[str, Place]]] = {
    "It names the call: ACS is asked with it, and apps find their recording by it.": at(
        CALLS, Place.ROW, Place.REPLY, Place.EVENT, Place.BLOB
    ),
    "The caller gave it to keep it with the recording, and to find that by it.": at(
        TAGS, Place.ROW, Place.REPLY, Place.EVENT, Place.BLOB
    ),
    "The recording's document says who has which channel, and under which name if the caller says so.": at(
        PEOPLE, Place.ROW, Place.REPLY, Place.BLOB
    ),
    "ACS's words tell the caller, and apps that wait, why it refused.": at(
        ["error text of ACS"], Place.ROW, Place.REPLY, Place.PROBLEM, Place.EVENT
    ),
    "What is not understood, or is no message of ours, is kept as it came: it exists nowhere else.": at(
        [*OF_EVENTS, *CALLS], Place.KEPT
    ),
    "The recording's document has the names and reasons that ACS gave.": at(
        ["text in an event", "documentId of another form"], Place.ROW, Place.REPLY, Place.EVENT, Place.BLOB
    ),
    "It names the file that is refused, beside the event.": at(["documentId of another form"], Place.REASON),
    "It is the caller's own, in the answer to that very request.": [
        *at(["path", "name in a query"], Place.PROBLEM),
        *at(["id of an event"], Place.REPLY),
    ],
}
ALLOWED = {where: reason for reason, places in REASONS.items() for where in places}


def found_in(text: str) -> set[str]:
    """The markers that a text has, whole or in part."""
    lower = text.lower()
    return {name for name, (_, marks) in MARKERS.items() if any(mark.lower() in lower for mark in marks)}
