"""The files of the console, which a browser loads as they are, and the headers that they are served with."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

CONSOLE = Path(__file__).parents[2] / "console"
INDEX = "index.html"
ETAG_DIGITS = 32  # of the SHA-256 of a file
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
"""What is served, by the ending of its name. Licences and notes are there for whoever reads the folder."""


class ConsoleFile(msgspec.Struct, frozen=True):
    """One file.

    Attributes:
        body: its bytes.
        content_type: without a charset; the platform's worker adds one.
        etag: changes with the bytes.
    """

    body: bytes
    content_type: str
    etag: str


def console_files(folder: Path = CONSOLE) -> Mapping[str, ConsoleFile]:
    """All files that are served, by their path below the console's address; the page itself also under no path at all.

    A name that is not among them is unknown: no path that a caller sends ever reaches the file system.
    """
    files = {
        path.relative_to(folder).as_posix(): console_file(path)
        for path in sorted(folder.rglob("*"))
        if path.suffix in TYPES and path.is_file()
    }
    return {**files, "": files[INDEX]}


def console_file(path: Path) -> ConsoleFile:
    body = path.read_bytes()
    return ConsoleFile(body, TYPES[path.suffix], f'"{hashlib.sha256(body).hexdigest()[:ETAG_DIGITS]}"')


def console_headers(media_origin: str | None) -> Mapping[str, str]:
    """The headers of every file: what the page may load, and from where.

    Args:
        media_origin: where links to recordings lead; None where wrong settings do not say it.
    """
    media = f" {media_origin}" if media_origin else ""
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": f"'self'{media}",
        "media-src": media.strip() or "'none'",
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        # Markup comes from templates of the page alone: what a tag or a caller says can only ever be text.
        "require-trusted-types-for": "'script'",
        "trusted-types": "lit-html",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",  # the address has a recording's id in it
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Cache-Control": "no-cache",  # asked for anew by the ETag: a new version is one version, whole
    }
