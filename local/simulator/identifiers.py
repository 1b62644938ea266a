"""The identifiers that ACS hands out, in the shapes seen on the wire."""

import base64
import binascii
import json
import random
import re
import secrets
import uuid

FLIGHT_PROXY = "https://api.flightproxy.skype.com/api/v2/cp/conv-uswe-02-prod-aks.conv.skype.com/conv/"

HOMES = {"us": ("wus", "eus"), "eu": ("weu", "neu"), "as": ("ea", "sea"), "uk": ("uks",), "jp": ("jpe",)}
"""Storage geographies and the regions whose documents live there."""


def make_server_call_id() -> str:
    """Padded standard base64 of a flight-proxy URL, with a `/` inside: the character that breaks naive parsers."""
    path = FLIGHT_PROXY + secrets.token_urlsafe(16)
    # Only a `?` in the third place of three bytes is written with a `/`.
    path = path[: len(path) - (len(path) + 1) % 3]
    query = f"?i=10-60-11-{secrets.randbelow(156) + 100}&e={secrets.randbelow(10**17) + 10**17}"
    return base64.b64encode((path + query).encode()).decode()


def is_server_call_id(text: str) -> bool:
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    return decoded.startswith(b"https://") and b"/conv/" in decoded


def make_recording_id(call_connection_id: str | None = None) -> str:
    """Unpadded base64url of a two-field JSON document; of a start by callConnectionId the first field is that id."""
    parts = {"PlatformEndpointId": call_connection_id or str(uuid.uuid4()), "ResourceSpecificId": str(uuid.uuid4())}
    compact = json.dumps(parts, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(compact).decode().rstrip("=")


def platform_endpoint_id(recording_id: str) -> str:
    padded = recording_id + "=" * (-len(recording_id) % 4)
    return str(json.loads(base64.urlsafe_b64decode(padded))["PlatformEndpointId"])


def make_document_id(region: str, source: random.Random) -> str:
    return f"0-{region}-d{source.randrange(1, 13)}-{source.getrandbits(128):032x}"


def home_host(document_id: str) -> str:
    """The regional storage host that a document lives on."""
    region = document_id.split("-")[1]
    geography = next((name for name, regions in HOMES.items() if region in regions), "us")
    return f"{geography}-storage.asm.skype.com"


def host_geography(host: str) -> str | None:
    """The geography that a storage host serves; None: all of them."""
    found = re.match(r"([a-z]{2})-", host)
    return found[1] if found else None
