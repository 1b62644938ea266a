"""Both storage accounts, by the convention of Azure Functions; whatever is not understood is named."""

from collections.abc import Iterator, Mapping

import pytest
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from shared.adapters.storage_accounts import StorageAccount
from shared.connection_settings import RECORDINGS, RUNTIME, StorageConnection
from shared.domain.errors import SettingsInvalid
from shared.settings import Settings

KEY = "c2VjcmV0a2V5"
CLIENT = "6f1c2d3e-0000-4000-8000-00000000000c"
ACCOUNT = f"AccountName=contoso;AccountKey={KEY}"
RUNTIME_IS_SET = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}
IDENTITY = {
    "AzureWebJobsStorage__blobServiceUri": "https://account.blob.core.windows.net",
    "AzureWebJobsStorage__queueServiceUri": "https://account.queue.core.windows.net",
    "AzureWebJobsStorage__tableServiceUri": "https://account.table.core.windows.net",
    "AzureWebJobsStorage__credential": "managedidentity",
    "AzureWebJobsStorage__clientId": CLIENT,
}
CONNECTIONS = [RUNTIME.name, RECORDINGS.name]


def read(settings: dict[str, str]) -> Settings:
    return Settings.from_environment({"ACS_ENDPOINT": "https://acs.example"} | settings)


def recordings(**settings: str) -> StorageConnection:
    named = {f"RecordingsStorage{name}": value for name, value in settings.items()}
    return read(RUNTIME_IS_SET | named).recordings_storage


def wrong(settings: dict[str, str]) -> dict[str, str]:
    """What each wrong setting must be, by name; nothing when all are right."""
    try:
        read(settings)
    except SettingsInvalid as refused:
        return dict(refused.wrong)
    return {}


def with_connection(connection: str, value: str) -> dict[str, str]:
    return RUNTIME_IS_SET | {connection: value}


def test_without_settings_of_their_own_recordings_go_to_the_runtime_account() -> None:
    settings = read(RUNTIME_IS_SET | {"RecordingsStorage": " ", "RecordingsStorage__accountName": ""})

    assert settings.recordings_storage == settings.runtime_storage


def test_with_an_identity_no_key_is_needed() -> None:
    assert read(IDENTITY).runtime_storage == StorageConnection(
        blob_uri="https://account.blob.core.windows.net",
        queue_uri="https://account.queue.core.windows.net",
        table_uri="https://account.table.core.windows.net",
        client_id=CLIENT,
    )


def test_the_name_of_an_account_is_enough_for_the_runtime() -> None:
    names = {"AzureWebJobsStorage__accountName": "contoso"}

    assert read(names).runtime_storage == StorageConnection(
        blob_uri="https://contoso.blob.core.windows.net",
        queue_uri="https://contoso.queue.core.windows.net",
        table_uri="https://contoso.table.core.windows.net",
    )


@pytest.mark.parametrize(
    ("name", "value", "uri"),
    [
        ("__accountName", "contosorecs", "https://contosorecs.blob.core.windows.net"),
        ("__blobServiceUri", "https://r.blob.core.windows.net/", "https://r.blob.core.windows.net/"),
        ("__serviceUri", "https://r.blob.core.usgovcloudapi.net", "https://r.blob.core.usgovcloudapi.net"),
        ("__serviceUri", "https://queue.blob.core.windows.net", "https://queue.blob.core.windows.net"),
        ("__serviceUri", "https://r.privatelink.blob.core.windows.net", "https://r.privatelink.blob.core.windows.net"),
        ("__serviceUri", "https://queue.example.com", "https://queue.example.com"),
        ("__serviceUri", "https://127.0.0.1:10000/account", "https://127.0.0.1:10000/account"),
        ("__serviceUri", "https://azurite:10000/account", "https://azurite:10000/account"),
    ],
)
def test_recordings_go_to_the_account_that_is_named_in_any_of_the_ways(name: str, value: str, uri: str) -> None:
    named = recordings(**{name: value, "__credential": "ManagedIdentity", "__clientId": CLIENT})

    assert named == StorageConnection(blob_uri=uri, client_id=CLIENT)
    assert StorageAccount(named, None).blobs.url.rstrip("/") == uri.rstrip("/")


def test_a_name_beside_its_own_addresses_is_no_contradiction() -> None:
    named = recordings(__accountName="contoso", __blobServiceUri="https://Contoso.blob.core.windows.net/")

    assert named.blob_uri == "https://Contoso.blob.core.windows.net/"


# Each is a setting that the version before ignored, so that recordings went to the runtime account.
NOT_UNDERSTOOD = [
    "RecordingsStorage_accountName",
    "RecordingsStorageAccountName",
    "RecordingsStorageConnection",
    "RecordingsStorage:accountName",
    "RecordingsStorage__accountname",
    "RecordingsStorage__AccountName",
    "recordingsstorage",
    "RECORDINGSSTORAGE__BLOBSERVICEURI",
    "RecordingsStorage__blobServiceUrl",
    "RecordingsStorage__fileServiceUri",
    "RecordingsStorage__tenantId",
    "RecordingsStorage__clientSecret",
    "RecordingsStorage__managedIdentityResourceId",
    "RecordingsStorage__credential__x",
    "AzureWebJobsRecordingsStorage",
    "AzureWebJobsRecordingsStorage__accountName",
    "CUSTOMCONNSTR_RecordingsStorage",
    "AzureWebJobsStorage__serviceUri",
    "AzureWebJobsStorage_blobServiceUri",
    "AzureWebJobsStorage__ClientID",
    "AzureWebJobsStorageConnectionString",
    "CUSTOMCONNSTR_AzureWebJobsStorage",
]


@pytest.mark.parametrize("name", NOT_UNDERSTOOD)
def test_what_begins_like_a_connection_and_is_not_understood_is_named(name: str) -> None:
    told = wrong(RUNTIME_IS_SET | {name: "https://secret.example"})

    assert list(told) == [name]
    assert "secret" not in told[name]


def test_a_name_that_differs_in_its_case_is_told_how_it_is_written() -> None:
    told = wrong(RUNTIME_IS_SET | {"recordingsStorage:ACCOUNTNAME": "contoso"})

    assert told["recordingsStorage:ACCOUNTNAME"] == "written RecordingsStorage__accountName, as an app setting"


class Caseless(Mapping[str, str]):
    """An environment as Windows has it: names are upper-cased when set and when asked for."""

    def __init__(self, content: Mapping[str, str]) -> None:
        self.content = {name.upper(): value for name, value in content.items()}

    def __getitem__(self, name: str) -> str:
        return self.content[name.upper()]

    def __iter__(self) -> Iterator[str]:
        return iter(self.content)

    def __len__(self) -> int:
        return len(self.content)


def test_where_names_have_no_case_the_right_ones_are_right() -> None:
    environment = Caseless(IDENTITY | {"ACS_ENDPOINT": "https://acs.example"})

    assert Settings.from_environment(environment).runtime_storage == read(IDENTITY).runtime_storage


# What the platform and its documentation have beside the two connections.
OTHERS = [
    "AzureWebJobsSecretStorageType",
    "AzureWebJobsSecretStorageKeyVaultUri",
    "AzureWebJobsDashboard",
    "AzureWebJobsFeatureFlags",
    "AzureWebJobsDisableHomepage",
    "AzureWebJobsScriptRoot",
    "AzureWebJobs.sweep.Disabled",
    "AzureWebJobs_sweep_Disabled",
    "APPSETTING_RecordingsStorage__accountName",
    "RECORDINGS_CONTAINER",
    "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
]


@pytest.mark.parametrize("name", OTHERS)
def test_the_platform_s_own_variables_are_nobody_s_business(name: str) -> None:
    assert wrong(RUNTIME_IS_SET | {name: "true-thing"}) == {}


@pytest.mark.parametrize("service", ["blob", "queue", "table"])
def test_identity_needs_the_addresses_of_all_three_services(service: str) -> None:
    missing = f"AzureWebJobsStorage__{service}ServiceUri"

    assert list(wrong({name: value for name, value in IDENTITY.items() if name != missing})) == [missing]


@pytest.mark.parametrize("name", ["__credential", "__clientId", "__tableServiceUri", "__queueServiceUri"])
def test_an_identity_without_an_address_is_an_account_that_was_meant(name: str) -> None:
    value = {"__credential": "managedidentity", "__clientId": CLIENT}.get(name, "https://x.example")

    assert list(wrong(RUNTIME_IS_SET | {f"RecordingsStorage{name}": value})) == ["RecordingsStorage__blobServiceUri"]


MALFORMED = [
    ("__accountName", "Contoso"),
    ("__accountName", "contoso.blob.core.windows.net"),
    ("__blobServiceUri", "http://r.blob.core.windows.net"),
    ("__blobServiceUri", "r.blob.core.windows.net"),
    ("__blobServiceUri", "https://r.blob.core.windows.net/?sv=2025&sig=x"),
    ("__serviceUri", "https://["),
    ("__serviceUri", "https://r.blob.core.windows.net/recordings"),
    ("__serviceUri", "https://r.queue.core.windows.net"),
    ("__serviceUri", "https://r.dfs.core.windows.net"),
    ("__blobServiceUri", "https://r.table.core.windows.net/"),
    ("__blobServiceUri", "https://127.0.0.1:10000/account/recordings"),
    ("__blobServiceUri", "https://r.blob.core.windows.net:99999"),
    ("__blobServiceUri", "https://r blob.core.windows.net"),
    ("__blobServiceUri", "https://r.blob.core.win\tdows.net"),
    ("__blobServiceUri", "https://r..blob.core.windows.net"),
    ("__blobServiceUri", "https://r.blob.core.windows.net\\x"),
    ("__blobServiceUri", "https://r\u00e9c.blob.core.windows.net"),
    ("__blobServiceUri", "https://me@r.blob.core.windows.net"),
]


@pytest.mark.parametrize(("name", "value"), MALFORMED)
def test_an_address_that_is_none_is_named(name: str, value: str) -> None:
    assert list(wrong(RUNTIME_IS_SET | {f"RecordingsStorage{name}": value})) == [f"RecordingsStorage{name}"]


@pytest.mark.parametrize("service", ["blob", "queue", "table"])
def test_an_address_of_another_service_of_the_runtime_is_named(service: str) -> None:
    name = f"AzureWebJobsStorage__{service}ServiceUri"

    assert list(wrong(IDENTITY | {name: "https://account.file.core.windows.net"})) == [name]


def test_another_credential_than_a_managed_identity_is_named() -> None:
    told = wrong(IDENTITY | {"AzureWebJobsStorage__credential": "clientsecret"})

    assert told == {"AzureWebJobsStorage__credential": "managedidentity, or not set"}


def test_an_identity_that_is_not_named_by_its_client_id_is_named() -> None:
    assert wrong(IDENTITY | {"AzureWebJobsStorage__clientId": "my-identity"}) == {
        "AzureWebJobsStorage__clientId": "a GUID"
    }


@pytest.mark.parametrize("name", ["__accountName", "__blobServiceUri", "__serviceUri", "__queueServiceUri"])
def test_two_accounts_under_one_name_are_a_contradiction(name: str) -> None:
    told = wrong(RUNTIME_IS_SET | {"RecordingsStorage": ACCOUNT, f"RecordingsStorage{name}": "https://another.example"})

    assert list(told) == [f"RecordingsStorage{name}"]


def test_a_reference_beside_a_connection_string_is_wrong_even_if_the_string_wins() -> None:
    beside = {"AzureWebJobsStorage__clientId": "@Microsoft.KeyVault(SecretUri=https://vault.example/x)"}

    assert list(wrong(RUNTIME_IS_SET | beside)) == ["AzureWebJobsStorage__clientId"]


def test_two_addresses_of_one_service_are_a_contradiction() -> None:
    two = {"RecordingsStorage__accountName": "one", "RecordingsStorage__blobServiceUri": "https://two.example"}

    assert list(wrong(RUNTIME_IS_SET | two)) == ["RecordingsStorage__blobServiceUri"]


def test_nothing_at_all_is_one_setting_that_is_missing() -> None:
    told = wrong({})

    assert list(told) == ["AzureWebJobsStorage"]
    assert "AzureWebJobsStorage__accountName" in told["AzureWebJobsStorage"]


USABLE = [
    "UseDevelopmentStorage=true",
    ACCOUNT,
    f"DefaultEndpointsProtocol=https;{ACCOUNT};EndpointSuffix=core.windows.net",
    f"EndpointSuffix=core.chinacloudapi.cn;AccountKey={KEY};AccountName=contoso;",
    f"{ACCOUNT};BlobEndpoint=http://127.0.0.1:1/contoso;TableEndpoint=http://127.0.0.1:3/contoso",
    f"{ACCOUNT};BlobEndpoint=http://host.docker.internal:1/contoso",
    f"{ACCOUNT};BlobEndpoint=https://files.contoso.example;BlobSecondaryEndpoint=https://contoso.example",
    f"{ACCOUNT};DefaultEndpointsProtocol=http",
    f"{ACCOUNT};DefaultEndpointsProtocol=HTTP;EndpointSuffix=core.windows.net",
    f"{ACCOUNT};SharedAccessSignature=sv=2025&sig=c2ln",
    ACCOUNT.lower(),
]
UNUSABLE = [
    "a",
    "AccountName=contoso",
    "AccountName=contoso;AccountKey=",
    "AccountName=contoso;AccountKey=abc",
    f"AccountKey={KEY}",
    f'"{ACCOUNT}"',
    f"{ACCOUNT};nonsense",
    f"{ACCOUNT};{ACCOUNT}",
    f"{ACCOUNT};BlobEndpoint=contoso",
    f"{ACCOUNT};DefaultEndpointsProtocol=ftp",
    "BlobEndpoint=https://contoso.blob.core.windows.net/;SharedAccessSignature=sv=2025&sig=c2ln",
    "UseDevelopmentStorage=false",
    "UseDevelopmentStorage=true;",
    f"{ACCOUNT};UseDevelopmentStorage=true",
    f"AccountName=contoso; AccountKey={KEY}",
    f"AccountName=contoso;\nAccountKey={KEY}",
    f"AccountName=con toso;AccountKey={KEY}",
    f"AccountName=Contoso;AccountKey={KEY}",
    f"AccountName=contoso/x;AccountKey={KEY}",
    f"AccountName=contoso\n;AccountKey={KEY}",
    "AccountName=contoso;AccountKey=c2Vj\tcmV0",
    "AccountName=contoso;AccountKey=a-b_",
    "AccountName=contoso;AccountKey=\u043a\u043b\u044e\u0447",
    f"{ACCOUNT};BlobSecondaryEndpoint=https://contoso.example",
    f"{ACCOUNT};TableSecondaryEndpoint=https://contoso.example",
    f"{ACCOUNT};BlobEndpoint=https://contoso.blob.core.windows.net/?sv=2025&sig=c2ln",
    f"{ACCOUNT};BlobEndpoint=https://contoso.blob.core.windows.net/recordings",
    f"{ACCOUNT};BlobEndpoint=https://contoso.queue.core.windows.net",
    f"{ACCOUNT};BlobEndpoint=https://me:word@contoso.blob.core.windows.net",
    f"{ACCOUNT};BlobEndpoint=https://contoso.blob.core.windows.net:99999",
    f"{ACCOUNT};TableEndpoint=https://con toso.example",
    f"{ACCOUNT};EndpointSuffix=core..net",
    f"{ACCOUNT};EndpointSuffix=core.windows.net/x",
    "DefaultEndpointsProtocol=https;AccountName=NAME;AccountKey=KEY;EndpointSuffix=core.windows.net",
]


@pytest.mark.parametrize("connection", CONNECTIONS)
@pytest.mark.parametrize("text", USABLE)
def test_a_connection_string_that_is_taken_makes_every_client(connection: str, text: str) -> None:
    assert wrong(with_connection(connection, text)) == {}

    for client in (BlobServiceClient, QueueServiceClient, TableServiceClient):
        assert client.from_connection_string(text).url
    queues = QueueServiceClient.from_connection_string(text)
    assert StorageAccount(StorageConnection(connection_string=text), None).queue_url == queues.url.rstrip("/")


@pytest.mark.parametrize("connection", CONNECTIONS)
@pytest.mark.parametrize("text", UNUSABLE)
def test_a_connection_string_that_cannot_sign_is_named_and_never_repeated(connection: str, text: str) -> None:
    told = wrong(with_connection(connection, text))

    assert list(told) == [connection]
    assert text not in told[connection] or text == "a"
