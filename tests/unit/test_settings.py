"""Every setting: what it may be, what it is when it is not set, and all that is wrong at once."""

import os
from datetime import timedelta

import pytest

from shared.errors import SettingsInvalid
from shared.settings import (
    ACS_CALLBACK_ISSUER,
    ACS_CALLBACK_JWKS_URL,
    BLOCK_BYTES_MAX,
    HOST_SUFFIXES,
    DeleteFromAcs,
    Settings,
    StorageConnection,
    UnknownRecordings,
    VerifySource,
)

CONNECTION = "UseDevelopmentStorage=true"
ACS = "endpoint=https://acs.example/;accesskey=c2VjcmV0"
REQUIRED = {"AzureWebJobsStorage": CONNECTION, "ACS_CONNECTION_STRING": ACS}
IDENTITY = {
    "AzureWebJobsStorage__blobServiceUri": "https://account.blob.core.windows.net",
    "AzureWebJobsStorage__queueServiceUri": "https://account.queue.core.windows.net",
    "AzureWebJobsStorage__tableServiceUri": "https://account.table.core.windows.net",
    "AzureWebJobsStorage__credential": "managedidentity",
    "AzureWebJobsStorage__clientId": "client",
    "ACS_ENDPOINT": "https://acs.communication.azure.com/",
}


def read(**settings: str) -> Settings:
    return Settings.from_environment(REQUIRED | settings)


def problems(environment: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsInvalid) as refused:
        Settings.from_environment(environment)
    return refused.value.problems


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
    "callback_audience": None,
    "callback_issuer": ACS_CALLBACK_ISSUER,
    "callback_jwks_url": ACS_CALLBACK_JWKS_URL,
    "sweep_schedule": "0 * * * * *",
    "transfer_block_bytes": 4 * 1024 * 1024,
    "transfer_writers": 2,
    "transfer_parallel_ranges": 1,
    "claim": timedelta(seconds=900),
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
    ("ACS_RETENTION_HOURS", "48", "acs_retention", timedelta(hours=48)),
    ("ACS_TOPIC", "/subscriptions/x", "acs_topic", "/subscriptions/x"),
    ("DELETE_FROM_ACS", "never", "delete_from_acs", DeleteFromAcs.NEVER),
    ("UNKNOWN_RECORDINGS", "manage", "unknown_recordings", UnknownRecordings.MANAGE),
    ("UNKNOWN_RECORDINGS", "ignore", "unknown_recordings", UnknownRecordings.IGNORE),
    ("VERIFY_SOURCE", "double-read", "verify_source", VerifySource.DOUBLE_READ),
    ("RECORDING_HOST_SUFFIXES", ".a.example, .b.example", "recording_host_suffixes", (".a.example", ".b.example")),
    ("BYOS_CONTAINERS", "https://a.example/x/,https://b.example/y", "byos_containers", ("https://a.example/x", "https://b.example/y")),
    ("BYOS_CONTAINERS", "http://127.0.0.1:10000/a/own", "byos_containers", ("http://127.0.0.1:10000/a/own",)),
    ("CALLBACK_URL", "https://app.example/api/callbacks/recording-state", "callback_url", "https://app.example/api/callbacks/recording-state"),
    ("CALLBACK_URL", "http://127.0.0.1:7071/back", "callback_url", "http://127.0.0.1:7071/back"),
    ("CALLBACK_AUDIENCE", "resource", "callback_audience", "resource"),
    ("CALLBACK_JWKS_URL", "https://keys.example/", "callback_jwks_url", "https://keys.example"),
    ("SWEEP_SCHEDULE", "*/30 * * * * *", "sweep_schedule", "*/30 * * * * *"),
    ("TRANSFER_BLOCK_BYTES", str(BLOCK_BYTES_MAX), "transfer_block_bytes", BLOCK_BYTES_MAX),
    ("TRANSFER_WRITERS", "32", "transfer_writers", 32),
    ("TRANSFER_PARALLEL_RANGES", "4", "transfer_parallel_ranges", 4),
    ("CLAIM_SECONDS", "1", "claim", timedelta(seconds=1)),
    ("RETRY_FIRST_SECONDS", "1", "retry_first", timedelta(seconds=1)),
    ("RETRY_MAX_SECONDS", "3600", "retry_max", timedelta(hours=1)),
    ("MAX_RECORDING_HOURS", "1", "max_recording", timedelta(hours=1)),
    ("AZURE_CLIENT_ID", "client", "client_id", "client"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "field", "value"), GIVEN)
def test_what_is_set_is_used(name: str, text: str, field: str, value: object) -> None:
    assert getattr(read(**{name: f" {text} "}), field) == value


MALFORMED = [
    ("RECORDINGS_CONTAINER", "Calls"),
    ("RECORDINGS_CONTAINER", "a--b"),
    ("RECORDINGS_CONTAINER", "ab"),
    ("RECORDINGS_CONTAINER", "a" * 64),
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
    ("CALLBACK_URL", "http://app.example/back"),
    ("CALLBACK_URL", "https://user:word@app.example/back"),
    ("CALLBACK_JWKS_URL", "keys"),
    ("ACS_ENDPOINT", "acs.communication.azure.com"),
    ("ACS_ENDPOINT", "https://["),
    ("ACS_CONNECTION_STRING", "endpoint=acs.example;accesskey=x"),
    ("ACS_CONNECTION_STRING", "accesskey=x"),
    ("SWEEP_SCHEDULE", "every minute"),
    ("TRANSFER_BLOCK_BYTES", "0"),
    ("TRANSFER_BLOCK_BYTES", str(BLOCK_BYTES_MAX + 1)),
    ("TRANSFER_WRITERS", "33"),
    ("TRANSFER_PARALLEL_RANGES", "0"),
    ("CLAIM_SECONDS", "1.5"),
    ("CLAIM_SECONDS", "9" * 5000),
    ("RETRY_FIRST_SECONDS", "0"),
    ("RETRY_MAX_SECONDS", "x"),
    ("MAX_RECORDING_HOURS", "0"),
]


@pytest.mark.parametrize(("name", "text"), MALFORMED)
def test_what_is_malformed_is_named(name: str, text: str) -> None:
    (problem,) = problems(REQUIRED | {name: text})

    assert problem.startswith(name)


def test_a_key_that_is_malformed_is_not_repeated() -> None:
    assert "c2VjcmV0" not in " ".join(problems(REQUIRED | {"ACS_CONNECTION_STRING": "accesskey=c2VjcmV0"}))


def test_everything_that_is_wrong_is_told_at_once() -> None:
    told = problems({"DELETE_FROM_ACS": "x", "CLAIM_SECONDS": "x"})

    assert [problem.split()[0] for problem in told] == [
        "AzureWebJobsStorage",
        "Neither",
        "DELETE_FROM_ACS",
        "CLAIM_SECONDS",
    ]


def test_a_problem_reads_as_a_list() -> None:
    with pytest.raises(SettingsInvalid, match=r"(?s)cannot start with these settings:\n- .*\n- "):
        Settings.from_environment({})


def test_identity_needs_the_uris_of_all_three_services() -> None:
    told = problems({"ACS_CONNECTION_STRING": ACS, "AzureWebJobsStorage__blobServiceUri": "https://x"})

    assert "AzureWebJobsStorage__queueServiceUri and AzureWebJobsStorage__tableServiceUri must be" in told[0]


def test_with_an_identity_no_key_is_needed() -> None:
    settings = Settings.from_environment(IDENTITY)

    assert settings.runtime_storage == StorageConnection(
        blob_uri="https://account.blob.core.windows.net",
        table_uri="https://account.table.core.windows.net",
        client_id="client",
    )


def test_an_endpoint_loses_its_trailing_slash() -> None:
    assert Settings.from_environment(IDENTITY).acs_endpoint == "https://acs.communication.azure.com"


def test_recordings_may_go_to_another_account() -> None:
    settings = read(RecordingsStorage="another")

    assert settings.recordings_storage == StorageConnection(connection_string="another")


def test_recordings_may_go_to_another_account_by_identity() -> None:
    settings = read(RecordingsStorage__blobServiceUri="https://b.example", RecordingsStorage__clientId="c")

    assert settings.recordings_storage == StorageConnection(blob_uri="https://b.example", client_id="c")


def test_a_longest_wait_below_the_first_is_refused() -> None:
    assert problems(REQUIRED | {"RETRY_MAX_SECONDS": "59"})[0].startswith("RETRY_MAX_SECONDS")


def test_an_issuer_without_an_audience_verifies_nothing() -> None:
    assert "nothing would be verified" in problems(REQUIRED | {"CALLBACK_ISSUER": "x"})[0]


def test_the_process_s_environment_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (REQUIRED | {"MAX_RECORDING_HOURS": "2"}).items():
        monkeypatch.setenv(name, value)

    assert Settings.from_environment(os.environ).max_recording == timedelta(hours=2)
