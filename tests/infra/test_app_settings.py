"""With default parameters, Azure gives the app the settings that the code has as defaults, and an identity."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from shared.api.request_bodies import EVENT_BYTES_MAX
from shared.connection_settings import StorageConnection
from shared.settings import DeleteFromAcs, Settings

from .bicep_tree import ROOT, app_settings, settings_taken
from .evaluate import resolved_settings

ACS_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Communication/communicationServices/acs-x"
KNOWN = {
    "insights.properties.ConnectionString": "InstrumentationKey=0",
    "runtimeBlobEndpoint": "https://run.blob.core.windows.net/",
    "runtimeQueueEndpoint": "https://run.queue.core.windows.net/",
    "runtimeTableEndpoint": "https://run.table.core.windows.net/",
    "recordingsBlobEndpoint": "https://rec.blob.core.windows.net/",
    "recordingsStorage.outputs.blobEndpoint": "https://rec.blob.core.windows.net/",
    "identityClientId": "11111111-1111-1111-1111-111111111111",
    "acsEndpoint": "https://acs-x.communication.azure.com",
    "acsId": ACS_ID,
    "acsImmutableResourceId": "22222222-2222-2222-2222-222222222222",
    "eventsTopicEndpoint": "https://evgt-events-x.westeurope-1.eventgrid.azure.net/api/events",
    "site.properties.defaultHostName": "func-x.azurewebsites.net",
}
CALLBACK_URL = "https://func-x.azurewebsites.net/api/callbacks/recording-state"


def read_settings(given: dict[str, str] | None = None, **parameters: str) -> Settings:
    return Settings.from_environment(resolved_settings({**KNOWN, **parameters}, given))


def test_defaults_in_bicep_are_those_of_the_code() -> None:
    runtime = {name: text for name, text in resolved_settings(KNOWN).items() if name.startswith("AzureWebJobs")}
    least = {**runtime, "ACS_ENDPOINT": KNOWN["acsEndpoint"], "AZURE_CLIENT_ID": KNOWN["identityClientId"]}
    least |= {"RecordingsStorage__blobServiceUri": KNOWN["recordingsBlobEndpoint"]}
    least |= {"RecordingsStorage__clientId": KNOWN["identityClientId"]}
    least |= {"ACS_TOPIC": ACS_ID, "CALLBACK_URL": CALLBACK_URL, "EVENTS_TOPIC_ENDPOINT": KNOWN["eventsTopicEndpoint"]}

    plain = Settings.from_environment(least)

    assert read_settings() == plain


def test_the_app_holds_no_key() -> None:
    found = read_settings()

    assert found.acs_connection_string is None
    assert found.runtime_storage.connection_string is None
    assert found.recordings_storage == StorageConnection(
        blob_uri=KNOWN["recordingsBlobEndpoint"], client_id=KNOWN["identityClientId"]
    )


def test_state_callbacks_come_to_this_app_unless_switched_off() -> None:
    assert read_settings().callback_url == CALLBACK_URL
    assert read_settings(stateCallbacks="false").callback_url is None


def test_verified_callbacks_are_for_this_acs_resource() -> None:
    assert read_settings(verifyCallbacks="true").callback_audience == KNOWN["acsImmutableResourceId"]


def test_the_container_of_acs_itself_is_allowed_to_callers() -> None:
    found = read_settings({"BYOS_CONTAINERS": "https://a/b"}, acsOwnStorage="true")

    assert found.byos_containers == ("https://rec.blob.core.windows.net/recorded-by-acs", "https://a/b")


def test_every_http_request_of_an_instance_has_a_thread() -> None:
    assert resolved_settings({**KNOWN, "httpConcurrency": "64"})["PYTHON_THREADPOOL_THREAD_COUNT"] == "64"
    assert resolved_settings({**KNOWN, "httpConcurrency": "1"})["PYTHON_THREADPOOL_THREAD_COUNT"] == "16"


def test_no_body_is_read_that_is_longer_than_the_longest_event() -> None:
    bytes_max = int(resolved_settings(KNOWN)["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"])

    assert EVENT_BYTES_MAX < bytes_max < 1.2 * EVENT_BYTES_MAX


def test_callers_callbacks_go_nowhere_unless_a_host_is_named() -> None:
    assert read_settings().callback_hosts == ()
    assert read_settings({"CALLBACK_HOSTS": "a.example,b.example"}).callback_hosts == ("a.example", "b.example")


def test_expressions_are_given_as_they_are_written() -> None:
    assert app_settings()["ACS_TOPIC"] == "acsId"


def test_what_an_operator_gives_reaches_the_app() -> None:
    found = read_settings({"DELETE_FROM_ACS": "never", "CLAIM_SECONDS": "600"})

    assert found.delete_from_acs is DeleteFromAcs.NEVER
    assert found.claim == timedelta(minutes=10)


def test_what_an_operator_may_give_is_listed_and_explained() -> None:
    listed = (ROOT / "docs" / "deploy.md").read_text().partition("**Settings of the app.**")[2].partition("\n\n")[0]
    explained = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE)

    assert set(re.findall(r"`([A-Z0-9_]+)`", listed)) == set(settings_taken())
    assert set(settings_taken()) <= set(explained)


@pytest.mark.parametrize("name", sorted({*app_settings(), "ACS_CONNECTION_STRING", "AzureWebJobsStorage"}))
def test_an_operator_cannot_give_what_the_template_sets(name: str) -> None:
    assert name not in settings_taken()
