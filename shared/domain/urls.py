"""Kinds of URLs; a malformed one is of no kind."""

from urllib.parse import SplitResult, urlsplit

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost"})
STORAGE_SERVICES = frozenset({"blob", "dfs", "file", "queue", "table", "web"})  # in the names of their hosts


def split_url(text: str) -> SplitResult:
    """The parts of a URL; none of them when it is malformed, such as one with an unclosed bracket."""
    try:
        return urlsplit(text)
    except ValueError:
        return urlsplit("")


def is_https_url(text: str) -> bool:
    url = split_url(text)
    return url.scheme == "https" and bool(url.hostname) and not url.query and not url.fragment and "@" not in url.netloc


def is_loopback_url(text: str) -> bool:
    """Whether it is plain http on this machine, as of emulated storage."""
    url = split_url(text)
    return url.scheme == "http" and url.hostname in LOOPBACK_HOSTS


def is_service_url(text: str, service: str) -> bool:
    """Whether it addresses a storage service as a whole: no container in it, and no other service's host.

    Emulators have the account in the path; their hosts are addresses, or names without a dot.
    """
    url = split_url(text)
    host, path = url.hostname or "", url.path.strip("/")
    services = STORAGE_SERVICES & set(host.split(".")[1:])
    is_emulated = "." not in host or host.replace(".", "").isdigit()
    return is_https_url(text) and services <= {service} and (not path or (is_emulated and "/" not in path))


def is_container_url(text: str) -> bool:
    """Whether it addresses a container over https, or on this machine, where the account stands before it."""
    url = split_url(text)
    names = url.path.rstrip("/").split("/")[1:]
    least = 2 if url.hostname in LOOPBACK_HOSTS else 1
    return (is_https_url(text) or is_loopback_url(text)) and len(names) >= least and all(names)
