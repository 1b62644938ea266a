"""While a setting is wrong the app is there and says so, to whoever calls; once it is mended, all goes on."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import azure.functions as func
import pytest

from functions import create_app
from shared.domain.errors import SettingsInvalid
from shared.services import Services
from shared.settings import DELETION_POISON_QUEUE, TRANSFER_POISON_QUEUE
from tests.builders import OUR_ID, document_id, file_ready_event, keep_at_acs
from tests.fakes import ENVIRONMENT, Cloud
from tests.unit.app import App, Output, grid_event

WRONG = {"CLAIM_SECONDS": "Hunter:2", "ACS_TOPIC": "@Microsoft.KeyVault(SecretUri=https://vault.example/Hunter:2)"}
FUNCTIONS = {
    *("start_recording", "list_recordings", "get_recording", "pause_recording", "resume_recording", "stop_recording"),
    *(
        "recording_state",
        "health",
        "health_dependencies",
        "openapi_document",
        "console",
        "chunk_content",
        "chunk_metadata",
        "export_recording",
        "check_consistency",
        "rebuild_recordings",
        "replay_recording",
        "recording_events",
        "resend_events",
    ),
    *("replay_failed", "ingest_event", "recording_file_ready", "chunk_transfer", "chunk_deletion"),
    *("chunk_transfer_poisoned", "chunk_deletion_poisoned", "sweep"),
}
NEEDS_NO_SETTINGS = {"openapi_document", "console"}
TRIGGERS = {
    *("recording_file_ready", "chunk_transfer", "chunk_deletion", "sweep"),
    *("chunk_transfer_poisoned", "chunk_deletion_poisoned"),
}
WITH_OUTPUTS = {"replay_recording", "replay_failed", "ingest_event"}
OURS = json.dumps({"id": OUR_ID, "documentId": document_id()}).encode()


def functions_with(environment: dict[str, str]) -> dict[str, Callable[..., Any]]:
    indexed = create_app(Services(environment)).get_functions()
    return {str(function.get_function_name()): function.get_user_function() for function in indexed}


@pytest.fixture
def functions() -> dict[str, Callable[..., Any]]:
    return functions_with(ENVIRONMENT | WRONG)


def request() -> func.HttpRequest:
    """One that no route would take: what is wrong with the settings comes first."""
    route = {"id": "x", "documentId": "?"}
    return func.HttpRequest(method="POST", url="http://localhost/api/x", route_params=route, body=b"nonsense")


def triggered(name: str, functions: dict[str, Callable[..., Any]], body: bytes = OURS) -> None:
    arguments: dict[str, tuple[Any, ...]] = {
        "recording_file_ready": (grid_event(file_ready_event()), Output()),
        "chunk_transfer": (func.QueueMessage(id="1", body=body), Output(), Output()),
        "chunk_deletion": (func.QueueMessage(id="1", body=body), Output()),
        "chunk_transfer_poisoned": (func.QueueMessage(id="1", body=body),),
        "chunk_deletion_poisoned": (func.QueueMessage(id="1", body=body),),
        "sweep": (None, Output(), Output()),
    }
    functions[name](*arguments[name])


class Sealed(Mapping[str, str]):
    """An environment that must not be looked at."""

    def __getitem__(self, name: str) -> str:
        raise AssertionError(f"{name} was read.")

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("The names were read.")

    def __len__(self) -> int:
        return 0


def test_nothing_is_read_while_the_app_is_indexed() -> None:
    assert len(create_app(Services(Sealed())).get_functions()) == len(FUNCTIONS)


@pytest.mark.parametrize("environment", [{}, ENVIRONMENT, ENVIRONMENT | WRONG])
def test_every_function_is_indexed_whatever_the_settings_say(environment: dict[str, str]) -> None:
    assert set(functions_with(environment)) == FUNCTIONS


@pytest.mark.parametrize("name", sorted(FUNCTIONS - TRIGGERS - NEEDS_NO_SETTINGS))
def test_every_route_names_what_is_wrong_before_it_looks_at_the_request(
    functions: dict[str, Callable[..., Any]], name: str
) -> None:
    reply = functions[name](request(), *((Output(), Output()) if name in WITH_OUTPUTS else ()))

    problem = json.loads(reply.get_body())
    assert (reply.status_code, reply.mimetype) == (503, "application/problem+json")
    assert [setting["name"] for setting in problem["settings"]] == ["ACS_TOPIC", "CLAIM_SECONDS"]
    assert problem["settings"][1]["mustBe"] == "a whole number from 1 to 1,000,000"
    assert b"Hunter" not in reply.get_body()


@pytest.mark.parametrize("name", ["recording_file_ready", "chunk_transfer", "chunk_deletion", "sweep"])
def test_what_wakes_a_trigger_comes_again_and_one_error_line_says_why(
    functions: dict[str, Callable[..., Any]], name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SettingsInvalid):
        triggered(name, functions)

    (line,) = caplog.records
    assert line.levelno == logging.ERROR
    assert line.getMessage().startswith("settings_wrong ")
    assert "CLAIM_SECONDS must be a whole number" in line.getMessage()
    assert "Hunter" not in line.getMessage()


@pytest.mark.parametrize(
    ("name", "queue"),
    [("chunk_transfer_poisoned", TRANSFER_POISON_QUEUE), ("chunk_deletion_poisoned", DELETION_POISON_QUEUE)],
)
def test_a_poisoned_message_of_ours_is_told_and_may_go(
    functions: dict[str, Callable[..., Any]], name: str, queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    triggered(name, functions)

    wrong, poisoned = caplog.messages
    assert wrong.startswith("settings_wrong ")
    assert poisoned == f'message_poisoned {{"queue": "{queue}", "id": "{OUR_ID}", "documentId": "{document_id()}"}}'


def test_poison_that_is_none_of_ours_stays_on_its_queue_and_is_not_told_yet(
    functions: dict[str, Callable[..., Any]], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SettingsInvalid):
        triggered("chunk_transfer_poisoned", functions, b"junk")

    assert [line.partition(" ")[0] for line in caplog.messages] == ["settings_wrong"]


def test_settings_that_are_mended_while_the_process_lives_are_taken() -> None:
    environment = {**ENVIRONMENT, **WRONG}
    services = Services(environment)
    with pytest.raises(SettingsInvalid):
        _ = services.sweep

    environment |= {"CLAIM_SECONDS": "60", "ACS_TOPIC": ""}

    assert services.settings.claim.total_seconds() == 60


def test_what_came_while_the_settings_were_wrong_is_done_once_they_are_mended(cloud: Cloud) -> None:
    keep_at_acs(cloud, 1)
    event = file_ready_event(1)
    cloud.configure(UNKNOWN_RECORDINGS="manage")
    (message,) = App(cloud).event(event)
    cloud.configure(UNKNOWN_RECORDINGS="manage", **WRONG)
    broken = App(cloud)
    with pytest.raises(SettingsInvalid):
        broken.queue("chunk_transfer", message)
    broken.queue("chunk_transfer_poisoned", message)
    cloud.configure(UNKNOWN_RECORDINGS="manage")
    mended = App(cloud)
    cloud.world.advance(cloud.settings.message_patience)

    mended.functions["sweep"](None, mended.transfers, mended.deletions)
    mended.queue("chunk_transfer", mended.transfers.sent[0])
    mended.queue("chunk_deletion", mended.deletions.sent[0])

    assert cloud.recording().status == "completed"
