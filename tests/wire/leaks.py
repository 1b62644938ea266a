"""A process that leaks, in every way that is to be noticed: in place of `program`, with the same arguments."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import requests
from azure.core.exceptions import AzureError
from azure.storage.blob import BlobClient

from shared.adapters.acs_contents import SdkSource
from shared.domain.acs_urls import Location
from shared.domain.errors import RecorderError
from shared.services import Services
from tests.wire import watching
from tests.wire.hostile_urls import EVIL, PLACE, VICTIM
from tests.wire.proxy import REDIRECTING

OWN = "0-wus-d4-00000000000000000000000000000001"  # redirected to the victim


class AsItCame(Location, frozen=True):
    """A location whose URL is not rebuilt."""

    text: str = ""

    @property
    def url(self) -> str:
        return self.text


@dataclass(frozen=True)
class AnyUrl(SdkSource):
    """Takes URLs as they come, and leaves them to the SDK's own check: its parser is not that of its transport."""

    def location(self, url: str) -> Location:
        return AsItCame("", "", None, url)


@dataclass(frozen=True)
class AnyRedirect(SdkSource):
    """Follows a redirect to any document."""

    def redirected(self, _location: Location, url: str) -> Location:
        return self.location(url)


def connected() -> None:
    socket.create_connection(("127.0.0.2", 9), timeout=1)


def looked_up() -> None:
    socket.getaddrinfo(EVIL, 443)


def sent_as_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as each:
        each.sendto(b"leak", ("127.0.0.2", 53))


def connected_to_a_file() -> None:
    with socket.socket(socket.AF_UNIX) as each:
        each.connect("/nowhere")


def run_as_a_process() -> None:
    subprocess.run([sys.executable, "-c", ""], check=True)


def asked_in_the_clear() -> None:
    requests.get(f"http://{EVIL}/", timeout=1)


def asked_as_it_came() -> None:
    services = Services(os.environ)
    AnyUrl(services.acs_client, ()).delete(f"https://{EVIL}\\@{PLACE}/v1/objects/{OWN}", lambda: None)


def followed_to_another_document() -> None:
    services = Services(os.environ)
    source = AnyRedirect(services.acs_client, services.settings.recording_host_suffixes)
    source.delete(f"https://{PLACE}/v1/objects/{OWN}", lambda: None)


def followed_by_the_sdk() -> None:
    with BlobClient(f"http://{REDIRECTING}/302/account", "own", "a.wav", retry_total=0) as blob:
        blob.get_blob_properties()


# By name: the leak, and what the verdict must say of it.
LEAKS: Mapping[str, tuple[Callable[[], None], str]] = {
    "a socket": (connected, "connect 127.0.0.2:9"),
    "a look-up": (looked_up, f"lookup {EVIL}"),
    "a datagram": (sent_as_datagram, "datagram 127.0.0.2:53"),
    "a local socket": (connected_to_a_file, "connect unix:/nowhere"),
    "a process": (run_as_a_process, "process subprocess.Popen"),
    "a request in the clear": (asked_in_the_clear, f"request GET {EVIL} http://{EVIL}/"),
    "a matcher without a rule": (asked_as_it_came, f"request CONNECT {EVIL}:443"),
    "a client that follows redirects": (followed_by_the_sdk, f"request CONNECT {EVIL}:443"),
    "a redirect without a rule": (followed_to_another_document, f"DELETE {PLACE} /v1/objects/{VICTIM}"),
}

if __name__ == "__main__":
    for name, (leak, _) in LEAKS.items():
        watching.case(name)
        with suppress(OSError, RecorderError, AzureError):
            leak()
    Path(sys.argv[2]).write_text("{}")
