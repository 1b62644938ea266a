"""Every setting: what it may be, what it is when it is not set, and all that is wrong at once."""

import os
from datetime import timedelta

import pytest

from shared.connection_settings import StorageConnection
from shared.domain.errors import SettingsInvalid
from shared.settings import (
    ACS_CALLBACK_ISSUER,
    ACS_CALLBACK_JWKS_URL,
    BLOCK_BYTES_MAX,
    HOST_SUFFIXES,
    DeleteFromAcs,
    Settings,
    UnknownRecordings,
    VerifySource,
)
from tests.builders import TOPIC

CLIENT = "6F1C2D3E-0000-4000-8000-00000000000c"
CONNECTION = "UseDevelopmentStorage=true"
ACS = "endpoint=https://acs.example/;accesskey=c2VjcmV0"
REQUIRED = {"AzureWebJobsStorage": CONNECTION, "ACS_CONNECTION_STRING": ACS}


def read(**settings: str) -> Settings:
    return Settings.from_environment(REQUIRED | settings)


def wrong(environment: dict[str, str]) -> dict[str, str]:
    """What each wrong setting must be, by name; nothing when all are right."""
    try:
        Settings.from_environment(environment)
    except SettingsInvalid as refused:
        return dict(refused.wrong)
    return {}


def test_two_settings_are_enough() -> None:
    settings = read()

    assert settings.runtime_storage == settings.recordings_storage == StorageConnection(connection_string=CONNECTION)
    assert (settings.acs_connection_string, settings.acs_endpoint) == (ACS, None)


DEFAULTS = {
    "recordings_container": "recordings",
    "acs_retention": timedelta(hours=24),
    "acs_topic": None,
    "delete_from_acs": DeleteFromAcs.AFTER_STORE,
    "unknown_recordings": UnknownRecordings.STORE,
    "verify_source": VerifySource.ONCE,
    "recording_host_suffixes": HOST_SUFFIXES,
    "byos_containers": (),
    "callback_url": None,
    "callback_hosts": (),
    "callback_audience": None,
    "exports_container": "exports",
    "export_mp3": False,
    "callback_issuer": ACS_CALLBACK_ISSUER,
    "callback_jwks_url": ACS_CALLBACK_JWKS_URL,
    "transfer_block_bytes": None,
    "claim": timedelta(seconds=300),
    "retry_first": timedelta(seconds=60),
    "retry_max": timedelta(seconds=900),
    "max_recording": timedelta(hours=24),
    "client_id": None,
}


@pytest.mark.parametrize(("field", "value"), DEFAULTS.items())
def test_what_is_not_set_has_its_default(field: str, value: object) -> None:
    assert getattr(read(), field) == value


@pytest.mark.parametrize("name", ["RECORDINGS_CONTAINER", "DELETE_FROM_ACS", "CLAIM_SECONDS", "CALLBACK_URL"])
def test_what_is_set_to_nothing_is_not_set(name: str) -> None:
    assert read(**{name: "  "}) == read()


GIVEN = [
    ("RECORDINGS_CONTAINER", "calls-2026", "recordings_container", "calls-2026"),
    ("EXPORTS_CONTAINER", "files-2026", "exports_container", "files-2026"),
    ("EXPORT_MP3", "true", "export_mp3", True),
    ("EXPORT_MP3", "false", "export_mp3", False),
    ("ACS_RETENTION_HOURS", "48", "acs_retention", timedelta(hours=48)),
    ("ACS_TOPIC", TOPIC, "acs_topic", TOPIC),
    ("ACS_TOPIC", TOPIC.lower(), "acs_topic", TOPIC.lower()),
    ("ACS_TOPIC", f"{TOPIC}/", "acs_topic", f"{TOPIC}/"),
    ("DELETE_FROM_ACS", "never", "delete_from_acs", DeleteFromAcs.NEVER),
    ("UNKNOWN_RECORDINGS", "manage", "unknown_recordings", UnknownRecordings.MANAGE),
    ("UNKNOWN_RECORDINGS", "ignore", "unknown_recordings", UnknownRecordings.IGNORE),
    ("VERIFY_SOURCE", "double-read", "verify_source", VerifySource.DOUBLE_READ),
    ("RECORDING_HOST_SUFFIXES", ".a.example, .b.example", "recording_host_suffixes", (".a.example", ".b.example")),
    ("BYOS_CONTAINERS", "https://a.example/x/,https://b.example/y", "byos_containers", ("https://a.example/x", "https://b.example/y")),
    ("BYOS_CONTAINERS", "http://127.0.0.1:10000/a/own", "byos_containers", ("http://127.0.0.1:10000/a/own",)),
    ("CALLBACK_URL", "https://app.example/api/callbacks/recording-state", "callback_url", "https://app.example/api/callbacks/recording-state"),
    ("CALLBACK_URL", "http://127.0.0.1:7071/back", "callback_url", "http://127.0.0.1:7071/back"),
    ("CALLBACK_HOSTS", "app.example,127.0.0.1, localhost", "callback_hosts", ("app.example", "127.0.0.1", "localhost")),
    ("CALLBACK_AUDIENCE", "resource", "callback_audience", "resource"),
    ("CALLBACK_JWKS_URL", "https://keys.example/", "callback_jwks_url", "https://keys.example"),
    ("TRANSFER_BLOCK_BYTES", str(BLOCK_BYTES_MAX), "transfer_block_bytes", BLOCK_BYTES_MAX),
    ("CLAIM_SECONDS", "1", "claim", timedelta(seconds=1)),
    ("RETRY_FIRST_SECONDS", "1", "retry_first", timedelta(seconds=1)),
    ("RETRY_MAX_SECONDS", "3600", "retry_max", timedelta(hours=1)),
    ("MAX_RECORDING_HOURS", "1", "max_recording", timedelta(hours=1)),
    ("AZURE_CLIENT_ID", CLIENT, "client_id", CLIENT),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "field", "value"), GIVEN)
def test_what_is_set_is_used(name: str, text: str, field: str, value: object) -> None:
    assert getattr(read(**{name: f" {text} "}), field) == value


@pytest.mark.parametrize(("claim", "patience"), [("", timedelta(minutes=15)), ("2", timedelta(seconds=6))])
def test_the_patience_with_a_message_is_three_claims(claim: str, patience: timedelta) -> None:
    assert read(CLAIM_SECONDS=claim).message_patience == patience


MALFORMED = [
    ("RECORDINGS_CONTAINER", "Calls"),
    ("RECORDINGS_CONTAINER", "a--b"),
    ("RECORDINGS_CONTAINER", "ab"),
    ("RECORDINGS_CONTAINER", "a" * 64),
    ("RECORDINGS_CONTAINER", "rejected-events"),
    ("RECORDINGS_CONTAINER", "dead-letters"),
    ("EXPORTS_CONTAINER", "Exports"),
    ("EXPORTS_CONTAINER", "dead-letters"),
    ("EXPORTS_CONTAINER", "recordings"),
    ("EXPORT_MP3", "yes"),
    ("EXPORT_MP3", "True"),
    ("ACS_TOPIC", "acs-calls"),
    ("ACS_TOPIC", "/subscriptions/x"),
    ("ACS_TOPIC", "/subscriptions/x/resourceGroups/g"),
    ("ACS_TOPIC", TOPIC.replace("CommunicationServices", "emailServices")),
    ("ACS_TOPIC", f"{TOPIC}/providers/Microsoft.EventGrid/eventSubscriptions/x"),
    ("ACS_TOPIC", f"https://management.azure.com{TOPIC}"),
    ("ACS_RETENTION_HOURS", "0"),
    ("ACS_RETENTION_HOURS", "a day"),
    ("ACS_RETENTION_HOURS", "-1"),
    ("ACS_RETENTION_HOURS", "999999999999"),
    ("ACS_RETENTION_HOURS", "٣"),
    ("DELETE_FROM_ACS", "always"),
    ("DELETE_FROM_ACS", "After-Store"),
    ("UNKNOWN_RECORDINGS", "drop"),
    ("VERIFY_SOURCE", "twice"),
    ("RECORDING_HOST_SUFFIXES", "asm.skype.com"),
    ("RECORDING_HOST_SUFFIXES", ".com"),
    ("BYOS_CONTAINERS", "own"),
    ("BYOS_CONTAINERS", "http://account.blob.core.windows.net/own"),
    ("BYOS_CONTAINERS", "https://account.blob.core.windows.net/own?sig=x"),
    ("BYOS_CONTAINERS", "https://account.blob.core.windows.net"),
    ("BYOS_CONTAINERS", "https://account.blob.core.windows.net/"),
    ("BYOS_CONTAINERS", "https://account.blob.core.windows.net/own,https://account.blob.core.windows.net"),
    ("BYOS_CONTAINERS", "https://account.blob.core.windows.net//own"),
    ("BYOS_CONTAINERS", "http://127.0.0.1:10000/account"),
    ("CALLBACK_URL", "http://app.example/back"),
    ("CALLBACK_URL", "https://user:word@app.example/back"),
    ("CALLBACK_HOSTS", "https://app.example"),
    ("CALLBACK_HOSTS", "app.example:8443"),
    ("CALLBACK_HOSTS", "app.example/back"),
    ("CALLBACK_HOSTS", "*.example"),
    ("CALLBACK_HOSTS", ".example"),
    ("CALLBACK_HOSTS", "App.example"),
    ("CALLBACK_HOSTS", "me@app.example"),
    ("CALLBACK_JWKS_URL", "keys"),
    ("ACS_ENDPOINT", "acs.communication.azure.com"),
    ("ACS_ENDPOINT", "https://["),
    ("ACS_ENDPOINT", "https://acs.example/x"),
    ("ACS_ENDPOINT", "https://acs.example:99999"),
    ("ACS_ENDPOINT", "https://a b.example"),
    ("ACS_ENDPOINT", "https://acs.exa\nmple"),
    ("ACS_ENDPOINT", "https://.example"),
    ("ACS_ENDPOINT", "https://*.example"),
    ("ACS_ENDPOINT", f"https://{'a' * 64}.example"),
    ("ACS_ENDPOINT", "https://\u00e4cs.example"),
    ("ACS_CONNECTION_STRING", "endpoint=acs.example;accesskey=x"),
    ("ACS_CONNECTION_STRING", "accesskey=c2VjcmV0"),
    ("ACS_CONNECTION_STRING", "endpoint=https://acs.example/"),
    ("ACS_CONNECTION_STRING", "endpoint=https://acs.example/;accesskey=abcde"),
    ("ACS_CONNECTION_STRING", "endpoint=https://acs.example/;accesskey=KEY;"),
    ("ACS_CONNECTION_STRING", "endpoint=http://acs.example/;accesskey=c2VjcmV0"),
    ("ACS_CONNECTION_STRING", "https://acs.example/"),
    ("ACS_CONNECTION_STRING", "endpoint=https://acs.example/; accesskey=c2VjcmV0"),
    ("ACS_CONNECTION_STRING", "endpoint= https://acs.example/;accesskey=c2VjcmV0"),
    ("ACS_CONNECTION_STRING", "endpoint=https://acs.example/x;accesskey=c2VjcmV0"),
    ("ACS_CONNECTION_STRING", "endpoint=https://acs.example:x/;accesskey=c2VjcmV0"),
    ("ACS_CONNECTION_STRING", "endpoint=https://acs.example\n/;accesskey=c2VjcmV0"),
    ("AZURE_CLIENT_ID", "my-identity"),
    ("CALLBACK_JWKS_URL", "https://keys.example:99999/keys"),
    ("CALLBACK_URL", "http://127.0.0.1:99999/back"),
    ("BYOS_CONTAINERS", "https://account.blob.core.windows.net/o wn"),
    ("TRANSFER_BLOCK_BYTES", "0"),
    ("TRANSFER_BLOCK_BYTES", str(BLOCK_BYTES_MAX + 1)),
    ("CLAIM_SECONDS", "1.5"),
    ("CLAIM_SECONDS", "9" * 5000),
    ("RETRY_FIRST_SECONDS", "0"),
    ("RETRY_MAX_SECONDS", "x"),
    ("MAX_RECORDING_HOURS", "0"),
]


@pytest.mark.parametrize(("name", "text"), MALFORMED)
def test_what_is_malformed_is_named(name: str, text: str) -> None:
    assert list(wrong(REQUIRED | {name: text})) == [name]


@pytest.mark.parametrize("name", sorted({name for name, _ in MALFORMED}))
def test_a_value_is_never_repeated(name: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        read(**{name: "Hunter:2"})

    assert "hunter" not in str(refused.value).lower()


EVERY = [
    *("EXPORTS_CONTAINER", "EXPORT_MP3"),
    *("RECORDINGS_CONTAINER", "ACS_CONNECTION_STRING", "ACS_ENDPOINT", "ACS_RETENTION_HOURS", "ACS_TOPIC"),
    *("DELETE_FROM_ACS", "UNKNOWN_RECORDINGS", "VERIFY_SOURCE", "RECORDING_HOST_SUFFIXES", "BYOS_CONTAINERS"),
    *("CALLBACK_URL", "CALLBACK_HOSTS", "CALLBACK_AUDIENCE", "CALLBACK_ISSUER", "CALLBACK_JWKS_URL"),
    "TRANSFER_BLOCK_BYTES",
    *("CLAIM_SECONDS", "RETRY_FIRST_SECONDS", "RETRY_MAX_SECONDS", "MAX_RECORDING_HOURS", "AZURE_CLIENT_ID"),
    *("AzureWebJobsStorage", "RecordingsStorage", "RecordingsStorage__clientId", "RecordingsStorage__accountName"),
]
SECRET = "https://vault.example/secrets/word"


@pytest.mark.parametrize("reference", ["@Microsoft.KeyVault(SecretUri={})", " @microsoft.appConfiguration({})"])
@pytest.mark.parametrize("name", EVERY)
def test_a_reference_that_is_not_resolved_is_a_wrong_setting_whichever_it_is(name: str, reference: str) -> None:
    beside = {"CALLBACK_AUDIENCE": "resource", "RecordingsStorage__blobServiceUri": "https://b.example"}
    if name in {"CALLBACK_AUDIENCE", "RecordingsStorage", "RecordingsStorage__accountName"}:
        beside = {}

    told = wrong(REQUIRED | beside | {name: reference.format(SECRET)})

    assert list(told) == [name]
    assert "has not resolved" in told[name]
    assert SECRET not in told[name]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    told = wrong({"DELETE_FROM_ACS": "x", "CLAIM_SECONDS": "x", "ACS_TOPIC": "@Microsoft.KeyVault(x)"})

    assert set(told) == {
        "AzureWebJobsStorage",
        "ACS_CONNECTION_STRING",
        "ACS_TOPIC",
        "DELETE_FROM_ACS",
        "CLAIM_SECONDS",
    }


def test_the_error_says_it_all_in_one_line() -> None:
    with pytest.raises(SettingsInvalid) as refused:
        Settings.from_environment({"AzureWebJobsStorage": CONNECTION, "CLAIM_SECONDS": "-"})

    assert str(refused.value) == (
        "2 of the app's settings are wrong: ACS_CONNECTION_STRING must be set, or ACS_ENDPOINT: one of the two says "
        "which ACS resource; CLAIM_SECONDS must be a whole number from 1 to 1,000,000."
    )


@pytest.mark.parametrize(
    "text", ["accesskey=c2VjcmV0;endpoint=https://acs.example/", "Endpoint=https://a/;AccessKey=eA==;"]
)
def test_the_parts_of_the_acs_connection_string_come_in_any_order(text: str) -> None:
    assert read(ACS_CONNECTION_STRING=text).acs_connection_string == text


def test_an_endpoint_loses_its_trailing_slash() -> None:
    identity = {"AzureWebJobsStorage__accountName": "runtime", "ACS_ENDPOINT": "https://acs.communication.azure.com/"}

    assert Settings.from_environment(identity).acs_endpoint == "https://acs.communication.azure.com"


def test_a_longest_wait_below_the_first_is_refused() -> None:
    assert list(wrong(REQUIRED | {"RETRY_MAX_SECONDS": "59"})) == ["RETRY_MAX_SECONDS"]


def test_waits_are_compared_only_when_both_are_numbers() -> None:
    assert list(wrong(REQUIRED | {"RETRY_FIRST_SECONDS": "x", "RETRY_MAX_SECONDS": "30"})) == ["RETRY_FIRST_SECONDS"]


def test_an_issuer_without_an_audience_verifies_nothing() -> None:
    assert "nothing would be verified" in wrong(REQUIRED | {"CALLBACK_ISSUER": "x"})["CALLBACK_AUDIENCE"]


@pytest.mark.parametrize("name", ["SWEEP_SCHEDULE", "TRANSFER_WRITERS", "TRANSFER_PARALLEL_RANGES"])
def test_what_the_version_before_had_is_ignored(name: str) -> None:
    assert read(**{name: "nonsense"}) == read()


def test_the_process_s_environment_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (REQUIRED | {"MAX_RECORDING_HOURS": "2"}).items():
        monkeypatch.setenv(name, value)

    assert Settings.from_environment(os.environ).max_recording == timedelta(hours=2)


def test_nothing_is_recorded_into_the_container_that_is_emptied_after_a_day() -> None:
    account = {"RecordingsStorage__blobServiceUri": "https://rec.blob.core.windows.net/"}

    assert list(wrong(REQUIRED | account | {"BYOS_CONTAINERS": "https://rec.blob.core.windows.net/exports"})) == [
        "EXPORTS_CONTAINER"
    ]
    assert wrong(REQUIRED | account | {"BYOS_CONTAINERS": "https://other.blob.core.windows.net/exports"}) == {}
