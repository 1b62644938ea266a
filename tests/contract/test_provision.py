"""`make provision` makes in any account what the app works with, and says in one sentence why it cannot."""

import json
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from infra.package import ROOT
from local.azurite import LOOPBACK, Azurite, Ports
from local.provision import QUEUES, TABLES, main
from shared.adapters.storage_accounts import StorageAccount
from shared.settings import EVENT_CONTAINERS

NO_FILE = Path("not-there.json")
UNUSED = Azurite(ports=Ports(1, 1, 1)).connection_string  # nothing listens on port 1


def there(account: StorageAccount) -> set[str]:
    """The names of every table and container in the account."""
    return {one.name for one in account.tables.list_tables()} | {one.name for one in account.blobs.list_containers()}


@pytest.mark.stack
def test_it_makes_what_the_app_works_with_and_may_be_run_twice(
    azurite: Azurite, account: StorageAccount, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {"STORAGE": azurite.connection_string}

    assert [main(environment, NO_FILE), main(environment, NO_FILE)] == [0, 0]

    assert {*TABLES, *EVENT_CONTAINERS, "recordings", "exports"} <= there(account)
    with QueueServiceClient.from_connection_string(azurite.connection_string) as queues:
        assert set(QUEUES) <= {queue.name for queue in queues.list_queues()}
    told = capsys.readouterr().out
    assert all(name in told for name in (*TABLES, *QUEUES, *EVENT_CONTAINERS, azurite.blob_url))
    assert "AccountKey" not in told


@pytest.mark.stack
def test_pages_may_play_the_recordings(azurite: Azurite, account: StorageAccount) -> None:
    account.blobs.set_service_properties(cors=[])

    assert main({"STORAGE": azurite.connection_string}, NO_FILE) == 0

    assert [rule.allowed_origins for rule in account.blobs.get_service_properties()["cors"]] == ["*"]


@pytest.mark.stack
def test_the_file_of_core_tools_names_accounts_and_container(
    azurite: Azurite, account: StorageAccount, tmp_path: Path
) -> None:
    file = tmp_path / "local.settings.json"
    values = {"AzureWebJobsStorage": azurite.connection_string, "RecordingsStorage": "", "RECORDINGS_CONTAINER": "mine"}
    file.write_text(json.dumps({"IsEncrypted": False, "Values": values}))

    assert main({}, file) == 0

    assert "mine" in there(account)


@pytest.mark.stack
def test_recordings_may_have_an_account_of_their_own(azurite: Azurite, account: StorageAccount) -> None:
    environment = {"RecordingsStorage": azurite.connection_string, "RECORDINGS_CONTAINER": "apart"}

    assert main({"AzureWebJobsStorage": UNUSED, **environment}, NO_FILE) == 1
    assert "apart" not in there(account)
    assert main({"AzureWebJobsStorage": azurite.connection_string, **environment}, NO_FILE) == 0
    assert "apart" in there(account)


@pytest.mark.stack
def test_a_refusal_is_told_with_the_service_s_code(azurite: Azurite, capsys: pytest.CaptureFixture[str]) -> None:
    assert main({"STORAGE": azurite.connection_string, "RECORDINGS_CONTAINER": "No_Name"}, NO_FILE) == 1

    assert "refuses: 400 InvalidResourceName. " in capsys.readouterr().err


def test_an_account_that_does_not_answer_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main({"STORAGE": UNUSED}, NO_FILE) == 1

    told = capsys.readouterr()
    assert told.err.startswith(f"provision: nothing answers for the storage account of http://{LOOPBACK}:1/")
    assert "Start Azurite" in told.err
    assert (told.out, told.err.count("\n")) == ("", 1)


@pytest.mark.parametrize("string", ["garbage", "AccountName=mine", "AccountName=mine;AccountKey=no base64"])
def test_what_the_app_could_not_use_is_refused_by_name(string: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main({"AzureWebJobsStorage": string}, NO_FILE) == 1

    told = capsys.readouterr().err
    assert told.startswith("provision: AzureWebJobsStorage must be a connection string with AccountName and AccountKey")
    assert told.count("\n") == 1


@pytest.mark.parametrize("name", ["AzureWebJobsStorage", "RecordingsStorage"])
def test_an_account_for_an_identity_is_not_taken_for_azurite(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main({f"{name}__accountName": "mine"}, NO_FILE) == 1

    told = capsys.readouterr()
    assert told.err.startswith(f"provision: {name}__… names an account for an identity")
    assert told.out == ""


@pytest.mark.parametrize("text", ["", "[]", '{"Values": []}', "{}", '{"Values": {"STORAGE": '])
def test_a_settings_file_that_is_none_is_named(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "local.settings.json"
    file.write_text(text)

    assert main({}, file) == 1

    assert "local.settings.json has no settings" in capsys.readouterr().err


def test_the_example_file_names_azurite() -> None:
    values = json.loads((ROOT / "local.settings.example.json").read_bytes())["Values"]

    with BlobServiceClient.from_connection_string(values["AzureWebJobsStorage"]) as blobs:
        assert blobs.url == f"http://{LOOPBACK}:10000/devstoreaccount1/"
