"""Events that nobody at ACS would send: whatever somebody may write into each of their fields."""

import base64
from typing import Any

from tests.builders import CALL_ID, CONTAINER, Event, announced_chunk, document_id, file_ready_event


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode()


DEEP = nested(9000)  # json.loads takes 9,998 levels
TEXTS: dict[str, Any] = {
    "empty": "",
    "blank": " \t\r\n",
    "zero": "a\x00b",
    "controls": "\x01\x07\x1b\x7f\x85\ufffe\uffff",
    "half a character": "a\ud800b",
    "two halves": "\udc00\ud800",
    "emoji": "📞\u200d👩" * 100,
    "right to left": "\u202egpj.exe",
    "quotes": "'\"`' or PartitionKey ne '",
    "path": "../../../etc/passwd",
    "key marks": "a/b\\c#d?e%2F%00%ff",
    "escapes": "%" * 3000,
    "longer than a column": "x" * 40_000,
    "longest": "x" * 900_000,
    "longest in emoji": "📞" * 200_000,
    "a number": 5,
    "a long number": 10**4000,
    "a truth": True,
    "no number": float("nan"),
    "no end": float("inf"),
    "a list": ["a"],
    "an object": {"a": "b"},
    "deep": DEEP,
}
RECORDING_IDS: dict[str, Any] = {
    "deep JSON": encoded(b"[" * 20_000),
    "deep and whole JSON": encoded(b"[" * 5000 + b"]" * 5000),
    "short and deep JSON": encoded(b"[" * 700),
    "deep objects": encoded(b'{"a":' * 20_000),
    "a long number": encoded(b"9" * 5000),
    "a short long number": encoded(b"9" * 700),
    "parts that are none": encoded(b'{"PlatformEndpointId": [], "ResourceSpecificId": 5}'),
    "parts of half a character": encoded(b'{"PlatformEndpointId": "\\ud800", "ResourceSpecificId": "\\u0000"}'),
    "UTF-16": encoded("{}".encode("utf-16")),
    "bad UTF-8": encoded(b"\xff\xfe\x00\xd8"),
    "not base64": "====",
    "one character": "e",
    "not ASCII": "ä€📞",
}
TIMES: dict[str, Any] = {
    "the last": "9999-12-31T23:59:59.9999999Z",
    "the first": "0001-01-01T00:00:00+23:59",
    "the last that counts": "2200-12-31T23:59:59.999999-23:59",
    "the first that counts": "2000-01-01T00:00:00+23:59",
    "an offset of a day": "2026-11-22T08:00:00+24:00",
    "an offset of seconds": "2026-11-22T08:00:00+00:00:00.000001",
    "hour 24": "2026-11-22T24:00:00Z",
    "a leap second": "2026-06-30T23:59:60Z",
    "a week": "2026-W47-7",
    "a day": "2026-11-22",
    "other digits": "\uff12\uff10\uff12\uff16-11-22T08:00:00Z",
    "a space": "2026-11-22 08:00:00",
}
NUMBERS: dict[str, Any] = {
    "negative": -1,
    "2^31": 2**31,
    "2^63": 2**63,
    "the largest that counts": 10**12,
    "a fraction": 1.5,
    "beyond a float": float("1e400"),
    "digits": "9" * 5000,
    "digits that count": "999999999999",
    "other digits": "٣",
    "negative digits": "-1",
}
DOCUMENT_IDS: dict[str, Any] = {
    "dots": "..",
    "a hyphen": "-",
    "too long": "a" * 129,
    "longest": "a" * 128,
    "end of a range": "~",
    "another row": "recording",
    "upper case": "0-WUS-D4-AA",
}
URLS: dict[str, Any] = {
    "a long label": f"https://{'a' * 64}.asm.skype.com/v1/objects/{document_id()}/content/video",
    "a long host": f"https://{'a.' * 130}asm.skype.com/v1/objects/{document_id()}/content/video",
    "a bracket": f"https://[.asm.skype.com/v1/objects/{document_id()}",
    "a broken IPv6": "https://[::1",
    "a port": f"https://storage.asm.skype.com:99999/v1/objects/{document_id()}/content/video",
}
CHUNKS: dict[str, Any] = {
    "null": [None, 5, "x", [], DEEP],
    "an object": {"0": announced_chunk()},
    "twins": [announced_chunk(), announced_chunk()],
    "one id in two cases": [announced_chunk(documentId="0-wus-AB"), announced_chunk(documentId="0-wus-ab")],
    "more than can be": [{}] * 5001,
    "two thousand": [announced_chunk(number, endReason="x" * 200) for number in range(2000)],
    "more than a batch holds": [announced_chunk(number, endReason="ä" * 40_000) for number in range(99)],
    "places longer than a batch holds": [
        announced_chunk(number, contentLocation=f"{CONTAINER}/{'x' * 60_000}") for number in range(99)
    ],
    "long reasons": [announced_chunk(number, endReason="ä" * 4000) for number in range(99)],
}


def in_data(field: str, values: dict[str, Any]) -> dict[str, Event]:
    return {f"{field}: {name}": with_data(**{field: value}) for name, value in values.items()}


def with_data(**fields: Any) -> Event:
    event = file_ready_event(1)
    event["data"] |= fields
    return event


def in_chunk(field: str, values: dict[str, Any]) -> dict[str, Event]:
    return {
        f"chunk {field}: {name}": file_ready_event([announced_chunk(0), announced_chunk(1) | {field: value}])
        for name, value in values.items()
    }


def in_envelope(field: str, values: dict[str, Any]) -> dict[str, Event]:
    return {f"{field}: {name}": file_ready_event(1) | {field: value} for name, value in values.items()}


def subjects() -> dict[str, Any]:
    forms = {
        "call": "/recording/call/{}",
        "serverCallId": f"/recording/call/{CALL_ID}/serverCallId/{{}}",
        "recordingId": f"/recording/call/{CALL_ID}/recordingId/{{}}",
        "callConnectionId": f"/recording/call/{CALL_ID}/callConnectionId/{{}}",
    }
    odd = {f"{form}, {name}": path.format(value) for form, path in forms.items() for name, value in LONG_TEXTS.items()}
    repeated = f"/recording/call/{CALL_ID}/serverCallId/" + "/callConnectionId/a/recordingId/b" * 20_000
    return odd | {"markers": repeated, "markers and a line": f"{repeated}\n"}


def of_our_call(recording_id: str) -> Event:
    """S6. It names a call that has a recording, and another recording id."""
    event = file_ready_event(1, subject_form=3)
    event["data"]["recordingId"] = recording_id
    return event


def bare(event: Event, *fields: str) -> Event:
    return {name: value for name, value in event.items() if name not in fields}


LONG_TEXTS = {name: value for name, value in TEXTS.items() if isinstance(value, str)}

WRITTEN: dict[str, Event] = {  # what reaches keys and columns
    **{f"of our call: {name}": of_our_call(id) for name, id in RECORDING_IDS.items()},
    **in_envelope("subject", subjects()),
    **in_envelope("eventTime", TIMES),
    **in_data("recordingId", LONG_TEXTS | RECORDING_IDS),
    **in_data("recordingStartTime", TIMES),
    **in_data("recordingDurationMs", NUMBERS),
    **in_data("sessionEndReason", LONG_TEXTS),
    **in_data("recordingFormatType", LONG_TEXTS),
    **{f"chunks: {name}": with_data(recordingStorageInfo={"recordingChunks": value}) for name, value in CHUNKS.items()},
    **in_chunk("documentId", DOCUMENT_IDS),
    **in_chunk("index", NUMBERS),
    **in_chunk("contentLocation", URLS),
}
HOSTILE: dict[str, Event] = {
    "nothing": {},
    "deep": {"a": DEEP},
    "too deep to be written down": {"id": "1", "a": nested(50_000), "b": [{"c": 1}]},
    "half a character as a key": file_ready_event(1) | {"\ud800": 1, "\x00": 2, "": 3},
    "half a character as a key of the data": with_data(**{"\ud800": "\ud800"}),
    "no time": bare(file_ready_event(1), "eventTime"),
    "no id": bare(file_ready_event(1), "id"),
    "no data": bare(file_ready_event(1), "data"),
    "no subject": bare(file_ready_event(1), "subject"),
    "a cloud event of no form": file_ready_event(1, "cloud") | {"specversion": DEEP, "source": None},
    **in_envelope("id", TEXTS),
    **in_envelope("topic", TEXTS),
    **in_envelope("eventType", TEXTS),
    **in_envelope("subject", TEXTS),
    **in_envelope("eventTime", TEXTS),
    **in_envelope("data", TEXTS),
    **in_envelope("specversion", TEXTS),
    **in_data("recordingId", TEXTS),
    **in_data("recordingStartTime", TEXTS),
    **in_data("recordingDurationMs", TEXTS),
    **in_data("sessionEndReason", TEXTS),
    **in_data("recordingFormatType", TEXTS),
    **in_data("recordingContentType", TEXTS),
    **in_data("recordingStorageInfo", TEXTS),
    **{f"chunks: {name}": with_data(recordingStorageInfo={"recordingChunks": value}) for name, value in TEXTS.items()},
    **in_chunk("documentId", TEXTS),
    **in_chunk("index", TEXTS),
    **in_chunk("endReason", TEXTS),
    **in_chunk("contentLocation", TEXTS),
    **in_chunk("metadataLocation", TEXTS | URLS),
    **in_chunk("deleteLocation", TEXTS | URLS),
    **WRITTEN,
}
