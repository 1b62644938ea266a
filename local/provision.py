"""`make provision`: the tables, queues and containers that the app needs, as Bicep makes them in Azure.

What is there already stays as it is. The names are those of the code; the accounts and the container of recordings
are given as the app itself is given them: by the environment, else by `local.settings.json`, which `func start` reads.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient, CorsRule
from azure.storage.queue import QueueServiceClient

from shared.connection_settings import EMULATOR, STRING_SHAPE, is_usable
from shared.settings import (
    CATALOG_TABLE,
    DELETION_POISON_QUEUE,
    DELETION_QUEUE,
    EVENT_CONTAINERS,
    EXPORTS_CONTAINER,
    INDEX_TABLE,
    RECORDINGS_CONNECTION,
    RECORDINGS_CONTAINER,
    RUNTIME_CONNECTION,
    TRANSFER_POISON_QUEUE,
    TRANSFER_QUEUE,
)

SETTINGS_FILE = Path(__file__).parents[1] / "local.settings.json"
STORAGE = "STORAGE"  # one account for everything, whatever else is set
TABLES = (CATALOG_TABLE, INDEX_TABLE)
QUEUES = (
    TRANSFER_QUEUE,
    DELETION_QUEUE,
    TRANSFER_POISON_QUEUE,
    DELETION_POISON_QUEUE,
)
# What a page may do with a link, as in Azure: play from anywhere in a file, read it, and learn how long it is.
METHODS = ["GET", "HEAD"]
HEADERS = ["range"]
EXPOSED_HEADERS = ["accept-ranges", "content-range", "content-length", "content-type", "etag"]
ANSWER_HOLDS_SECONDS = 3600
# One try of some seconds: a person waits, and can repeat it.
QUICK = {"retry_total": 0, "connection_timeout": 5, "read_timeout": 30}


class ProvisionError(Exception):
    """Something could not be made; the message says what, and what to do."""


def main(environment: Mapping[str, str], settings_file: Path = SETTINGS_FILE) -> int:
    """Provision what the settings name, and say what is there; the exit code is 1 when it could not be done."""
    try:
        settings = settings_of(environment, settings_file)
        both = usable(settings, STORAGE)
        runtime = both or usable(settings, RUNTIME_CONNECTION) or EMULATOR
        recordings = both or usable(settings, RECORDINGS_CONNECTION) or runtime
        containers = [
            settings.get("RECORDINGS_CONTAINER", RECORDINGS_CONTAINER),
            settings.get("EXPORTS_CONTAINER", EXPORTS_CONTAINER),
        ]
        provision_account(runtime, TABLES, QUEUES, EVENT_CONTAINERS)
        provision_account(recordings, containers=containers, pages=True)
    except ProvisionError as error:
        print(f"provision: {error}", file=sys.stderr)
        return 1
    return 0


def settings_of(environment: Mapping[str, str], settings_file: Path) -> dict[str, str]:
    """What is set and not blank; the environment before the file, and of the file nothing beside STORAGE.

    Raises:
        ProvisionError: the file is not one of Core Tools.
    """
    given = {name: value.strip() for name, value in environment.items() if value.strip()}
    if STORAGE in given or not settings_file.exists():
        return given
    try:
        values = json.loads(settings_file.read_bytes())["Values"].items()
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ProvisionError(
            f"{settings_file.name} has no settings that can be read ({error!r}); make it like "
            f"local.settings.example.json, or name the account: make provision {STORAGE}='CONNECTION STRING'."
        ) from error
    return {name: str(value).strip() for name, value in values if str(value).strip()} | given


def usable(settings: Mapping[str, str], name: str) -> str | None:
    """The connection string under this name, if there is one.

    Raises:
        ProvisionError: the app could not use it, or is to use an identity.
    """
    text = settings.get(name)
    if text is None and any(one.startswith(f"{name}__") for one in settings):
        raise ProvisionError(
            f"{name}__… names an account for an identity, and this works with keys: make provision "
            f"{STORAGE}='CONNECTION STRING'. Nothing was made; in Azure, Bicep makes it."
        )
    if text is not None and not is_usable(text):
        raise ProvisionError(f"{name} must be {STRING_SHAPE}; or {EMULATOR}, for Azurite. Nothing was made.")
    return text


def provision_account(
    connection_string: str,
    tables: Sequence[str] = (),
    queues: Sequence[str] = (),
    containers: Sequence[str] = (),
    *,
    pages: bool = False,
) -> None:
    """Provision one account, and say what is there.

    Args:
        connection_string: of the account.
        tables: names of what shall be there.
        queues: the same.
        containers: the same.
        pages: whether pages in a browser shall be able to read what links open, too.

    Raises:
        ProvisionError: it does not answer, or refuses.
    """
    with BlobServiceClient.from_connection_string(connection_string) as blobs:
        url = blobs.url.rstrip("/")
    try:
        provision(connection_string, tables, queues, containers, **QUICK)
        if pages:
            allow_pages(connection_string, **QUICK)
    except HttpResponseError as error:
        code = getattr(error, "error_code", None)
        code = getattr(code, "value", code)  # the text of an enum would be its name in Python
        raise ProvisionError(
            f"the storage account of {url} refuses: {error.status_code} {code}. Correct the key, the name or the "
            "account's network rules, and run it again; what was made before stays."
        ) from error
    except AzureError as error:
        raise ProvisionError(
            f"nothing answers for the storage account of {url}. Start Azurite (docs/local.md says how), or name "
            f"another account: make provision {STORAGE}='CONNECTION STRING'."
        ) from error
    for kind, names in (("tables", tables), ("queues", queues), ("containers", containers)):
        if names:
            print(f"{url}: {kind} {', '.join(names)}")
    if pages:
        print(f"{url}: a CORS rule, by which pages in a browser may play recordings")


def provision(
    connection_string: str,
    tables: Sequence[str] = TABLES,
    queues: Sequence[str] = QUEUES,
    containers: Sequence[str] = (RECORDINGS_CONTAINER, EXPORTS_CONTAINER, *EVENT_CONTAINERS),
    **options: Any,
) -> None:
    """Make what is not there yet.

    Args:
        connection_string: of the account.
        tables: names of what shall be there.
        queues: the same.
        containers: the same.
        options: of the SDK's clients.
    """
    if tables:
        with TableServiceClient.from_connection_string(connection_string, **options) as table_service:
            for table in tables:
                table_service.create_table_if_not_exists(table)
    if queues:
        with QueueServiceClient.from_connection_string(connection_string, **options) as queue_service:
            queues_there = {queue.name for queue in queue_service.list_queues()}
            for queue in sorted(set(queues) - queues_there):
                queue_service.create_queue(queue)
    if containers:
        with BlobServiceClient.from_connection_string(connection_string, **options) as blob_service:
            containers_there = {container.name for container in blob_service.list_containers()}
            for container in sorted(set(containers) - containers_there):
                blob_service.create_container(container)


def allow_pages(connection_string: str, **options: Any) -> None:
    """Let pages of every origin, the console's among them, read what a link opens; rules that are there stay.

    Args:
        connection_string: of the account with the recordings.
        options: of the SDK's clients.
    """
    with BlobServiceClient.from_connection_string(connection_string, **options) as blobs:
        if blobs.get_service_properties()["cors"]:
            return
        rule = CorsRule(
            ["*"],
            METHODS,
            allowed_headers=HEADERS,
            exposed_headers=EXPOSED_HEADERS,
            max_age_in_seconds=ANSWER_HOLDS_SECONDS,
        )
        blobs.set_service_properties(cors=[rule])


if __name__ == "__main__":
    sys.exit(main(os.environ))
