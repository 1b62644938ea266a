"""URLs of documents at ACS. No URL of an event is used as it came: it is matched whole and rebuilt from its parts.

The SDK's own check is not enough: its parser and its transport disagree on hostile input, so that a signed request
can be sent to a host that was never checked.
"""

import re

import msgspec

from shared.domain.errors import NotAllowed, NotUnderstood

LOCATION = re.compile(
    r"https://(?P<host>(?=[A-Za-z0-9.-]{1,253}/)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+)"  # as RFC 1035 has it
    r"/v1/objects/(?P<document_id>[A-Za-z0-9-]{1,128})"
    r"(?:/content/(?P<content>[a-z0-9]{1,32}))?",
    re.ASCII,
)
OWN_BLOB_NAME = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*", re.ASCII)
URL_CHARACTERS_MAX = 2048


class Location(msgspec.Struct, frozen=True):
    """A document at ACS, or one of its contents.

    Attributes:
        host: lower case, under one of the allowed suffixes.
        document_id: ACS's id of the document.
        content: "video", "audio", "acsmetadata" …; None for the document as a whole.
    """

    host: str
    document_id: str
    content: str | None

    @property
    def url(self) -> str:
        whole = f"https://{self.host}/v1/objects/{self.document_id}"
        return f"{whole}/content/{self.content}" if self.content else whole


class Locations(msgspec.Struct, frozen=True, kw_only=True):
    """Where an event says that a chunk lies at ACS; every URL was matched and rebuilt.

    Attributes:
        content, metadata: what to read; no metadata where the event names none.
        delete: what to delete; None when there is nothing that may be deleted.
    """

    content: str
    metadata: str | None = None
    delete: str | None = None


def parse_location(url: str, host_suffixes: tuple[str, ...]) -> Location:
    """Match a URL whole. Raises: NotAllowed when it has another form, or its host is not ACS's."""
    matched = LOCATION.fullmatch(url) if len(url) <= URL_CHARACTERS_MAX else None
    if matched is None:
        raise NotAllowed("A URL of the event is not of the form https://HOST/v1/objects/DOCUMENT[/content/NAME].")
    host = matched["host"].lower()
    if not host.endswith(host_suffixes):
        raise NotAllowed(
            f"The host {host} of a URL of the event is not under RECORDING_HOST_SUFFIXES ({', '.join(host_suffixes)})."
        )
    return Location(host, matched["document_id"], matched["content"])


def own_location(document_id: str, url: str, host_suffixes: tuple[str, ...]) -> Location:
    """Match a URL that must name the chunk's own document. Raises: NotUnderstood when it does not."""
    location = parse_location(url, host_suffixes)
    if location.document_id != document_id:
        raise NotUnderstood(f"A URL of chunk {document_id} names another document, {location.document_id}.")
    return location


def in_own_storage(url: str, container_urls: tuple[str, ...]) -> bool:
    """Whether a URL addresses a blob in one of the operator's own containers."""
    prefixes = (f"{container_url}/" for container_url in container_urls)
    names = [url.removeprefix(prefix) for prefix in prefixes if url.startswith(prefix)]
    # Clients leave out or go up where a name consists of dots.
    plain = any(OWN_BLOB_NAME.fullmatch(name) and not {".", ".."} & set(name.split("/")) for name in names)
    return plain and len(url) <= URL_CHARACTERS_MAX
