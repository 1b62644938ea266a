"""The OpenAPI document against the running app: what it allows is accepted, what it forbids refused, as it says."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.simulator.calls import new_guid
from local.simulator.scripts import Script
from local.stack import OWN_CONTAINER, Stack
from tests.e2e.steps import WAV, record, settled

# A repetition draws the same cases.
CONFIG = """
seed = 13
workers = 2
request-timeout = 30.0

[cache]
enabled = false

[generation]
max-examples = 40
database = "none"

[checks]
unsupported_method.enabled = false  # the platform answers 404, without a body, to a method that no function has

[phases.coverage]
unexpected-methods = []

[warnings]
fail-on = ["missing_auth", "missing_test_data", "method_not_allowed", "unsupported_regex"]  # cases that test nothing

[auth.openapi]
key.api_key = "{key}"

[dictionaries]
recordings.values = {recordings}
documents.values = {documents}

[parameters]
"path.id" = {{ dictionary = "recordings", probability = 0.7 }}
"path.documentId" = {{ dictionary = "documents", probability = 0.7 }}

[[operations]]
include-operation-id = "start_recording"
[operations.checks]  # as by default, and 422: the same Idempotency-Key is drawn again, with another body
positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "422", "429", "5xx"]
"""


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Its lists have what nobody else's test expects; callbacks are taken from whoever posts them."""
    with Stack(
        tmp_path_factory.mktemp("openapi"), app_settings={"CALLBACK_AUDIENCE": ""}, host_options={"timers": False}
    ) as running:
        yield running


@pytest.mark.timeout(300)  # thousands of requests
def test_the_app_answers_whatever_the_document_allows_and_forbids_as_it_says(own_stack: Stack, tmp_path: Path) -> None:
    done = settled(own_stack, record(own_stack, Script(chunks=2, chunk_bytes=20_000)).id)
    running = own_stack.recorder.start({"serverCallId": own_stack.simulator.place_call().server_call_id, **WAV})
    (tmp_path / "openapi.json").write_text(json.dumps(narrowed(own_stack)))
    (tmp_path / "schemathesis.toml").write_text(
        CONFIG.format(
            key=own_stack.host.keys.default,
            recordings=json.dumps([done.id, running.id]),
            documents=json.dumps([chunk.document_id for chunk in done.chunks]),
        )
    )

    command = [str(Path(sys.executable).with_name("st")), "run", "openapi.json", "--url", own_stack.host.url]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout
    assert "unknown_fault" not in own_stack.host.log_text()
    assert own_stack.simulator.violations() == []


def narrowed(stack: Stack) -> dict[str, Any]:
    """The app's document with what no schema can say: which calls there are, and what its operator allows.

    A continuation cannot be made up, a list must not end before it begins, a replay goes back only so far, and two pins
    must differ in both participant and channel. That what is wrong there is refused, unit tests show.
    """
    document: dict[str, Any] = stack.host.request("GET", "/api/openapi.json", key=None).json()
    for path in document["paths"].values():
        for operation in path.values():
            operation["parameters"] = [one for one in operation["parameters"] if one["name"] != "continuation"]
    (to,) = (one for one in document["paths"]["/api/recordings"]["get"]["parameters"] if one["name"] == "to")
    to["schema"] = {"enum": ["2200-12-31", "2200-12-31T23:59:59Z"]}
    (since,) = document["paths"]["/api/replay"]["post"]["parameters"]
    since["schema"] = {"enum": [f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"]}
    call = stack.simulator.place_call(group=new_guid())
    start = document["components"]["schemas"]["StartRequest"]["properties"]
    start["serverCallId"] = {"enum": [call.server_call_id, None]}
    start["callConnectionId"] = {"enum": [call.call_connection_id, None]}
    start["groupCallId"] = {"enum": [call.group_call_id, None]}
    start["roomId"] = {"type": "null"}  # ACS records no call that is named so
    start["recordingStorageContainerUrl"] = {"enum": [f"{stack.azurite.blob_url}/{OWN_CONTAINER}", None]}
    start["recordingStateCallbackUrl"] = {"enum": ["http://127.0.0.1:9/states", None]}
    start["channelAffinity"] |= {"maxItems": 1}
    content = document["paths"]["/api/recordings"]["post"]["requestBody"]["content"]["application/json"]
    content["example"] |= {"serverCallId": call.server_call_id}
    return document
