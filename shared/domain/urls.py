"""Kinds of URLs; a malformed one is of no kind."""

from urllib.parse import SplitResult, urlsplit


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
    return url.scheme == "http" and url.hostname in {"127.0.0.1", "localhost"}
