"""No key anywhere: the app with managed identity, under exactly the settings that infra/ deploys."""

from collections.abc import Iterator, Mapping

import pytest

from local.identity import CLIENT_ID
from local.simulator.scripts import Script
from local.simulator.tests.webhook import wait_until
from local.stack import TOPIC_ENDPOINT, Stack
from tests.e2e.steps import differences, record, settled
from tests.infra.bicep_tree import app_settings
from tests.infra.evaluate import resolved_settings


def deployed(stack: Stack) -> Mapping[str, str]:
    """What Bicep sets, with the addresses that only Azure, or this stack, knows."""
    acs = stack.announcement
    return resolved_settings(
        {
            "insights.properties.ConnectionString": "",
            "runtimeBlobEndpoint": stack.azurite.blob_url,
            "runtimeQueueEndpoint": stack.azurite.queue_url,
            "runtimeTableEndpoint": stack.azurite.table_url,
            "recordingsBlobEndpoint": stack.azurite.blob_url,
            "recordingsStorage.outputs.blobEndpoint": stack.azurite.blob_url,
            "identityClientId": CLIENT_ID,
            "eventsTopicEndpoint": TOPIC_ENDPOINT,
            "acsEndpoint": acs.endpoint,
            "acsId": acs.resource_id,
            "acsImmutableResourceId": acs.immutable_resource_id,
            "site.properties.defaultHostName": "recorder.example",
        }
    )


@pytest.fixture(scope="module")
def keyless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    directory = tmp_path_factory.mktemp("identity")
    with Stack(directory, deployed_settings=deployed, host_options={"timers": False}, identity=True) as running:
        yield running


def test_a_recording_completes_with_tokens_only(keyless: Stack) -> None:
    recording = record(keyless, Script(chunks=2, chunk_bytes=(5_000_000, 20_000)))

    completed = settled(keyless, recording.id)

    assert [chunk.status for chunk in completed.chunks] == ["deleted", "deleted"]
    assert differences(keyless, completed) == []


def test_the_oracle_of_deletions_looks_into_storage_over_https_as_well(keyless: Stack) -> None:
    settled(keyless, record(keyless, Script(chunks=1, chunk_bytes=20_000)).id)

    assert keyless.simulator.settings().oracle is not None
    assert keyless.simulator.violations() == []  # it would be one, if it could not look


def test_everything_that_the_app_depends_on_lets_its_identity_in(keyless: Stack) -> None:
    answer = keyless.recorder.request("GET", "/health/dependencies")

    assert answer.json() == {
        "status": "healthy",
        "checks": {"tables": True, "recordingsStorage": True, "runtimeStorage": True, "acs": True},
    }


def test_the_topic_takes_the_events_that_the_app_sends_with_its_token(keyless: Stack) -> None:
    recording = settled(keyless, record(keyless, Script(chunks=1, chunk_bytes=20_000)).id)

    def told() -> set[str]:
        events = [one.event for one in keyless.simulator.topic_events()]
        return {event["type"] for event in events if event["data"]["id"] == recording.id}

    wait_until(lambda: {"CallRecording.Stored", "CallRecording.Completed"} <= told())


def test_a_link_is_signed_with_a_delegation_key(keyless: Stack) -> None:
    recording = settled(keyless, record(keyless, Script(chunks=1, chunk_bytes=20_000)).id)
    chunk = recording.chunks[0]

    link = keyless.recorder.content_link(recording.id, chunk.document_id)

    assert "skoid=" in link.url


def test_one_file_is_composed_by_a_delegation_key(keyless: Stack) -> None:
    recording = settled(keyless, record(keyless, Script(chunks=2, chunk_bytes=20_000)).id)

    made = keyless.recorder.compose(recording.id)

    assert made.parts == 2
    assert made.bytes > 39_000


def test_the_app_runs_on_the_deployed_settings_and_holds_no_key(keyless: Stack) -> None:
    environment = keyless.environment()

    settings = set(environment) - set(keyless.platform())
    told = " ".join(environment.values()).casefold()
    assert settings == set(app_settings())
    assert "accountkey=" not in told
    assert "accesskey=" not in told
