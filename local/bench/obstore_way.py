"""The way of obstore, Rust's object_store with Python bindings: one of the fastest clients that Blob Storage has.

It streams ACS's one answer into blocks, with the SHA-256 of the whole. It neither resumes nor has each block checked.
"""

import base64
import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import obstore
from obstore.store import AzureStore, HTTPStore

from local.bench.client import CONTAINER, Job
from local.simulator.clock import http_date
from local.simulator.resource import ENDPOINT_HOST
from local.simulator.signing import SIGNED_HEADERS, sign
from shared.copying.block_ids import SMALL_BLOCK_BYTES
from shared.copying.copy_content import WRITERS


def by_obstore(job: Job) -> Callable[[str, str], tuple[str, str]]:
    """What copies with obstore, blocks of ours in length and number at once; its proof has no block list."""
    named = dict(part.partition("=")[::2] for part in job.storage.strip(";").split(";"))
    store = AzureStore(
        container_name=CONTAINER,
        account_name=named["AccountName"],
        account_key=named["AccountKey"],
        endpoint=named["BlobEndpoint"],
        client_options={"allow_http": True},
    )

    def copy(url: str, name: str) -> tuple[str, str]:
        source, path = source_of(job, url)
        digest = hashlib.sha256()
        with obstore.open_writer(store, name, buffer_size=SMALL_BLOCK_BYTES, max_concurrency=WRITERS) as writer:
            for piece in obstore.get(source, path).stream(min_chunk_size=SMALL_BLOCK_BYTES):
                digest.update(piece)
                writer.write(piece)
        return digest.hexdigest(), ""

    return copy


def source_of(job: Job, url: str) -> tuple[HTTPStore, str]:
    """Where the content is asked for, and its path there: signed for ACS, or in the clear at the bench's source."""
    parts = urlsplit(url)
    if job.clear is not None:
        return HTTPStore.from_url(f"http://{job.clear}", client_options={"allow_http": True}), parts.path
    date, nothing = http_date(datetime.now(UTC)), base64.b64encode(hashlib.sha256().digest()).decode()
    key = base64.b64decode(job.acs.rpartition("accesskey=")[2])
    signature = sign(key, "GET", parts.path, date, ENDPOINT_HOST, nothing)
    options: Any = {
        "root_certificate": Path(os.environ["SSL_CERT_FILE"]).read_text(encoding="ascii"),
        "default_headers": {
            "x-ms-date": date,
            "x-ms-host": ENDPOINT_HOST,
            "x-ms-content-sha256": nothing,
            "Authorization": f"HMAC-SHA256 SignedHeaders={SIGNED_HEADERS}&Signature={signature}",
        },
    }
    return HTTPStore.from_url(f"https://{parts.netloc}", client_options=options), parts.path
