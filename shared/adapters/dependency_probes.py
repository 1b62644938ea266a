"""Probes of what the app depends on: each asks once, changes nothing, and raises where there is no good answer.

Of storage only a success is one: 403 and 404 are what a firewall, a missing role or a lost table look like. ACS is
asked for a recording that does not exist; whatever else than a refusal it answers, it let the app ask.
"""

from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from azure.communication.callautomation import CallAutomationClient
from azure.core import PipelineClient
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, HeadersPolicy
from azure.core.rest import HttpRequest
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient

from shared.domain.durations import PROBES_SECONDS_MAX

PROBE_ID = "health"  # the id of no recording, and the beginning of no blob's name
SILENCE: dict[str, Any] = {"connection_timeout": PROBES_SECONDS_MAX, "read_timeout": PROBES_SECONDS_MAX}
ONCE = SILENCE | {"retry_total": 0}
REFUSALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
STORAGE_SCOPE = "https://storage.azure.com/.default"
STORAGE_VERSION = "2021-12-02"


def probe_acs(client: CallAutomationClient) -> None:
    try:
        client.get_recording_properties(PROBE_ID, **ONCE)
    except HttpResponseError as error:
        status = error.status_code
        if status is None or status in REFUSALS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise


def probe_tables(service: TableServiceClient, *tables: str) -> None:
    for table in tables:
        rows = service.get_table_client(table).query_entities(f"PartitionKey eq '{PROBE_ID}'", **ONCE)
        next(rows, None)


def probe_containers(service: BlobServiceClient, *containers: str) -> None:
    for container in containers:
        blobs = service.get_container_client(container).list_blobs(PROBE_ID, results_per_page=1, **ONCE)
        next(blobs, None)


def probe_blobs_and_queues(service: BlobServiceClient, queue_url: str, *containers: str) -> None:
    """Queues by one plain request: the host works them, and their SDK would be deployed for this alone."""
    probe_containers(service, *containers)
    key = service.credential  # signs requests to queues as it does those to blobs
    signs = key if hasattr(key, "account_key") else BearerTokenCredentialPolicy(key, STORAGE_SCOPE)
    headers = HeadersPolicy({"x-ms-version": STORAGE_VERSION, "x-ms-date": formatdate(usegmt=True)})
    with PipelineClient[Any, Any](queue_url, policies=[headers, signs]) as client:
        request = HttpRequest("GET", f"{queue_url.rstrip('/')}/", params={"comp": "list", "maxresults": "1"})
        answer = client.send_request(request, **SILENCE)
        if answer.status_code != HTTPStatus.OK:  # a redirect, which raise_for_status() takes for a success, included
            raise HttpResponseError(response=answer)
