"""Kinds of URLs; a malformed one is of no kind."""

import re
from urllib.parse import SplitResult, urlsplit

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost"})
CHARACTERS = re.compile(r"[!-\[\]-~]+")  # ASCII that can be printed, but blanks and the backslash
LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
HOST = re.compile(rf"{LABEL}(\.{LABEL})*")
STORAGE_SERVICES = frozenset({"blob", "dfs", "file", "queue", "table", "web"})  # in the names of their hosts


def split_url(text: str) -> SplitResult:
    """The parts of a URL; none of them when it is malformed, whether or not a client would make something of it.

    Python drops line breaks and takes any characters for a host; clients encode them, each in its own way.
    """
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:  # such as an unclosed bracket, or a port beyond 65535
        return urlsplit("")
    host = url.hostname or ""
    is_host = bool(HOST.fullmatch(host)) or ":" in host  # in brackets an IPv6 address, which was checked
    return url if CHARACTERS.fullmatch(text) and is_host else urlsplit("")


def is_bare(url: SplitResult) -> bool:
    """Whether there is a host, and neither a user before it nor a query or fragment in the end."""
    return bool(url.hostname) and not url.query and not url.fragment and "@" not in url.netloc


def is_https_url(text: str) -> bool:
    url = split_url(text)
    return url.scheme == "https" and is_bare(url)


def is_https_origin(text: str) -> bool:
    """Whether it is an https URL with nothing behind its host, save slashes."""
    return is_https_url(text) and not split_url(text).path.strip("/")


def https_origin(text: str) -> str:
    """The origin of an https URL as a client names it in its Host header, which ACS's signature contains."""
    return f"https://{split_url(text).netloc.lower().removesuffix(':443').removesuffix(':')}"


def is_loopback_url(text: str) -> bool:
    """Whether it is plain http on this machine, as of emulated storage."""
    url = split_url(text)
    return url.scheme == "http" and url.hostname in LOOPBACK_HOSTS


def is_other_service(url: SplitResult, service: str) -> bool:
    """Whether its host is one of another storage service."""
    return not STORAGE_SERVICES & set(str(url.hostname).split(".")[1:]) <= {service}


def is_service_url(text: str, service: str) -> bool:
    """Whether it addresses a storage service as a whole: no container in it, and no other service's host.

    Emulators have the account in the path; their hosts are addresses, or names without a dot.
    """
    url = split_url(text)
    host, path = url.hostname or "", url.path.strip("/")
    is_emulated = "." not in host or host.replace(".", "").isdigit()
    has_its_path = not path or (is_emulated and "/" not in path)
    return is_https_url(text) and not is_other_service(url, service) and has_its_path


def is_endpoint(text: str, service: str, account: str) -> bool:
    """Whether it is a storage service's endpoint in the connection string of an account, emulated or not."""
    url = split_url(text)
    is_whole = url.path.strip("/") in {"", account}
    return url.scheme in {"http", "https"} and is_bare(url) and is_whole and not is_other_service(url, service)


def is_container_url(text: str) -> bool:
    """Whether it addresses a container over https, or on this machine, where the account stands before it."""
    url = split_url(text)
    names = url.path.rstrip("/").split("/")[1:]
    least = 2 if url.hostname in LOOPBACK_HOSTS else 1
    return (is_https_url(text) or is_loopback_url(text)) and len(names) >= least and all(names)
