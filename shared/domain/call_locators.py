"""What an id of a call looks like, and advice where ACS refused one of another kind.

ACS only says "Invalid Join URL", "not a valid Base-64 string" or that the call is not established. The forms are those
that ACS's ids have had, not promised ones: they never refuse an id, they only explain a refusal of ACS's.
"""

import re
from enum import StrEnum

from shared.domain.identifiers import CallId, CallIdKind

# What each kind of id is, and where a caller gets it.
WANTED = {
    CallIdKind.SERVER_CALL: (
        "serverCallId is base64 text, so far always beginning with aHR0c: take it from Call Automation's CallConnected"
        " event, from the result of createCall or answerCall, or in the calling client from"
        " call.info.getServerCallId()."
    ),
    CallIdKind.CALL_CONNECTION: (
        "callConnectionId is a GUID: take it from Call Automation's CallConnected event, or from the result of"
        " createCall, answerCall or connectCall."
    ),
    CallIdKind.GROUP_CALL: "groupCallId is a GUID: the groupId with which the participants joined the call.",
    CallIdKind.ROOM: (
        "roomId is the number that creating the room answered; ACS's documentation says that recordings are not started"
        " by it: name the call by its serverCallId."
    ),
}


class IdForm(StrEnum):
    """What a text looks like; the value says so in a sentence."""

    SERVER_CALL = "a serverCallId"
    ESCAPED = "a serverCallId that is escaped for a URL"
    GUID = "a GUID, as groupCallId, callConnectionId and callId are"
    URL = "a URL, such as a meeting's join link"
    THREAD = "the id of a Teams meeting or chat"
    USER = "the raw id of a participant"
    RECORDING = "ACS's recordingId"
    TOKEN = "a token, such as incomingCallContext"  # noqa: S105 - the form of an id
    NUMBER = "a number, as roomId is"
    OTHER = "none of ACS's ids of calls"


RIGHT = {
    CallIdKind.SERVER_CALL: IdForm.SERVER_CALL,
    CallIdKind.CALL_CONNECTION: IdForm.GUID,
    CallIdKind.GROUP_CALL: IdForm.GUID,
}
FORMS = (  # the first that matches the whole text
    (IdForm.SERVER_CALL, re.compile(r"aHR0c[A-Za-z0-9+/_-]+={0,2}", re.ASCII)),
    (IdForm.ESCAPED, re.compile(r"aHR0c[A-Za-z0-9+/_%-]+", re.ASCII)),
    (IdForm.GUID, re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)),
    (IdForm.URL, re.compile(r"[a-z][a-z0-9+.-]*://.*", re.ASCII | re.IGNORECASE | re.DOTALL)),
    (IdForm.THREAD, re.compile(r"19:\S+", re.ASCII)),
    (IdForm.USER, re.compile(r"\d+:\S+|\+\d+", re.ASCII)),
    (IdForm.RECORDING, re.compile(r"eyJQbGF0Zm9ybUVuZHBvaW50SWQi[A-Za-z0-9_=-]*", re.ASCII)),
    (IdForm.TOKEN, re.compile(r"eyJ[\w-]*\.[\w-]*\.[\w-]*", re.ASCII)),
    (IdForm.NUMBER, re.compile(r"\d{6,32}", re.ASCII)),
)


def form_of(id: str) -> IdForm:
    return next((form for form, pattern in FORMS if pattern.fullmatch(id)), IdForm.OTHER)


def advice_on(call: CallId) -> str:
    """Which id is wanted where one of another form was given, and where it comes from; empty for one of that form."""
    form = form_of(call.id)
    if form is RIGHT.get(call.kind):
        return ""
    looks = "" if form is IdForm.NUMBER and call.kind is CallIdKind.ROOM else f"The {call.kind} looks like {form}. "
    return f"{looks}{WANTED[call.kind]}"
