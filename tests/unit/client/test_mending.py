"""What `acsrec smoke` names as mending: real commands of docs/deploy.md, for the deployment behind the address."""

import re
from pathlib import Path

import msgspec
import pytest

from acsrec.mending import APP_SETTINGS, VARIABLES, Deployment, change
from acsrec.replies import Chunk, Recording
from acsrec.smoke_steps import Step
from tests.builders import a_chunk
from tests.unit.client.fake_app import answer, shown

ROOT = Path(__file__).parents[3]
SOURCE = (ROOT / "client" / "acsrec" / "mending.py").read_text()
DOCUMENT = (ROOT / "docs" / "deploy.md").read_text()
FAMILY = re.compile(r"""["'(](az(?:d)? [a-z][a-z -]*?)(?= -| [{A-Z"']|["'])""")
UNIQUE_HOST = "https://func-calls-a1b2c3d4e5f6a7b8.westeurope-01.azurewebsites.net"


def a_pending_chunk(failure: str | None) -> Chunk:
    document = answer(shown(chunks=[a_chunk(failure=failure)])).content
    return msgspec.json.decode(document, type=Recording).chunks[0]


def families() -> set[str]:
    return set(FAMILY.findall(SOURCE))


def test_every_kind_of_command_is_one_of_the_document() -> None:
    assert {"az functionapp keys list", "azd hooks run postdeploy", "azd provision"} <= families()
    assert [command for command in families() if command not in DOCUMENT] == []


def test_what_commands_ask_azd_for_is_there() -> None:
    outputs = set(re.findall(r"^output (\w+)", (ROOT / "infra" / "main.bicep").read_text(), re.MULTILINE))
    asked = set(re.findall(r"""(?:from_azd\(["']|get-value )([A-Z_]+)""", SOURCE))

    assert asked
    assert asked <= outputs


def test_the_subscription_the_container_and_the_variables_are_those_of_the_templates() -> None:
    module = (ROOT / "infra" / "modules" / "eventgrid-subscription.bicep").read_text()
    variables = re.findall(r"azd env set ([A-Z_]+) ", SOURCE)

    assert "name: 'recording-file-ready'" in module
    assert "rejected-events" in DOCUMENT
    assert [name for name in variables if f"| `{name}` |" not in DOCUMENT] == []


def test_settings_with_a_variable_are_those_of_both_tables() -> None:
    row = re.compile(r"^\| `([A-Z_]+)` \|", re.MULTILINE)
    settings = set(row.findall((ROOT / "docs" / "settings.md").read_text()))

    assert settings & set(row.findall(DOCUMENT)) == VARIABLES


def test_settings_of_the_object_are_those_that_the_document_lists() -> None:
    listed = DOCUMENT.partition("**Settings of the app.**")[2].partition(" takes\n")[2].partition(";")[0]

    assert set(re.findall(r"`([A-Z_]+)`", listed)) == APP_SETTINGS


def test_a_change_of_a_setting_takes_no_other_away() -> None:
    look, command = change(CLAIM_SECONDS="VALUE")

    assert look == "azd env get-values"
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(command.partition("'")[2].removesuffix("'"))


def test_no_change_takes_no_command() -> None:
    assert change() == ()


def test_the_document_has_every_step() -> None:
    rows = re.findall(r"^\| ((?:`[a-z]+`(?:, )?)+) \| .* \| .* \|$", DOCUMENT, re.MULTILINE)

    assert [step for row in rows for step in re.findall(r"`([a-z]+)`", row) if step in list(Step)] == list(Step)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://func-calls.azurewebsites.net", "func-calls"),
        ("https://func-calls.azurewebsites.net/api", "func-calls"),
        (UNIQUE_HOST, "func-calls"),
        ("https://recorder.example.com", '"$(azd env get-value AZURE_FUNCTION_APP_NAME)"'),
    ],
)
def test_the_app_s_name_is_in_its_address_or_azd_knows_it(url: str, name: str) -> None:
    assert f" -n {name} " in Deployment(url).take_key


@pytest.mark.parametrize(
    ("failure", "mends"),
    [
        ("ACS answered 401. Check the role. The next try is planned.", "azd env set ACS_VAULT_REFERENCE"),
        ("Blob Storage answered 403 (AuthorizationFailure) for a. The next try is planned.", "azd provision"),
        ("ACS answered 500. The next try is planned.", "acsrec show"),
        (None, "az functionapp restart"),
    ],
)
def test_a_failure_tells_who_refuses(failure: str | None, mends: str) -> None:
    mending = Deployment("https://a.azurewebsites.net").download("id", a_pending_chunk(failure))

    assert any(command.startswith(mends) for command in mending.commands)
