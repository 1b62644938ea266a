"""Microsoft's SDKs of ACS behind one set of methods: for Python, and for JavaScript in a process of its own."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, cast

from azure.communication.callautomation import (
    AzureBlobContainerRecordingStorage,
    CallAutomationClient,
    ChannelAffinity,
    CommunicationUserIdentifier,
)
from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpResponse

from local.node import find_node, find_package

JAVASCRIPT_SDK = "@azure/communication-call-automation"
DRIVER = Path(__file__).with_name("javascript_sdk.cjs")
END_SECONDS = 10.0


class RefusedError(Exception):
    """ACS refused, or the SDK did before it asked: then there is no status."""

    def __init__(self, status: int | None, code: str | None, message: str, thrown: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.thrown = thrown


@dataclass(frozen=True, kw_only=True)
class Start:
    """A start with every option that the SDKs have. The locator is `serverCallId`, `groupCallId`, and so on."""

    locator: str
    value: str
    content: str = "audio"
    channel: str = "unmixed"
    format: str = "wav"
    paused: bool = False
    callback: str | None = None
    order: tuple[str, ...] = ()
    channels: Mapping[str, int] | None = None
    container: str | None = None


class Sdk(Protocol):
    """What both SDKs can do with recordings; any method may raise RefusedError."""

    def start(self, start: Start) -> str: ...

    def state(self, recording_id: str) -> str: ...

    def pause(self, recording_id: str) -> None: ...

    def resume(self, recording_id: str) -> None: ...

    def stop(self, recording_id: str) -> None: ...

    def download(self, url: str, path: Path, offset: int | None = None, length: int | None = None) -> None: ...

    def delete(self, url: str) -> None: ...


class PythonSdk:
    """`azure-communication-callautomation`; the environment leads it to the simulator."""

    def __init__(self, client: CallAutomationClient) -> None:
        self.client = client

    def start(self, start: Start) -> str:
        names = {"serverCallId": "server_call_id", "groupCallId": "group_call_id", "roomId": "room_id"}
        options: dict[str, Any] = {
            names.get(start.locator, "call_connection_id"): start.value,
            "recording_content_type": start.content,
            "recording_channel_type": start.channel,
            "recording_format_type": start.format,
            "pause_on_start": start.paused,
            "recording_state_callback_url": start.callback,
            "audio_channel_participant_ordering": [CommunicationUserIdentifier(one) for one in start.order],
            "channel_affinity": [
                ChannelAffinity(target_participant=CommunicationUserIdentifier(one), channel=channel)
                for one, channel in (start.channels or {}).items()
            ],
        }
        if start.container:
            options["recording_storage"] = AzureBlobContainerRecordingStorage(start.container)
        return str(self.asked(self.client.start_recording, **options).recording_id)

    def state(self, recording_id: str) -> str:
        return str(self.asked(self.client.get_recording_properties, recording_id).recording_state)

    def pause(self, recording_id: str) -> None:
        self.asked(self.client.pause_recording, recording_id)

    def resume(self, recording_id: str) -> None:
        self.asked(self.client.resume_recording, recording_id)

    def stop(self, recording_id: str) -> None:
        self.asked(self.client.stop_recording, recording_id)

    def download(self, url: str, path: Path, offset: int | None = None, length: int | None = None) -> None:
        response = self.asked(self.client.download_recording, url, offset=offset, length=length)
        with path.open("wb") as file:
            for part in response.iter_bytes():
                file.write(part)

    def delete(self, url: str) -> None:
        self.asked(self.client.delete_recording, url)

    def asked(self, operation: Any, *given: Any, **options: Any) -> Any:
        try:
            return operation(*given, **options)
        except HttpResponseError as error:
            cast("HttpResponse", error.response).read()  # the SDK leaves it unread, and the connection open
            code = error.error.code if error.error else None
            raise RefusedError(error.status_code, code, error.message, type(error).__name__) from error
        except ValueError as error:
            raise RefusedError(None, None, str(error), type(error).__name__) from error


class JavaScriptSdk:
    """`@azure/communication-call-automation` in one process; use it as a context manager."""

    def __init__(self, connection_string: str, environment: Mapping[str, str]) -> None:
        self.command = [str(find_node()), str(DRIVER), str(find_package(JAVASCRIPT_SDK)), connection_string]
        self.environment = os.environ | environment
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self.command, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self.process is not None
        with self.process as process:
            process.communicate(timeout=END_SECONDS)

    def start(self, start: Start) -> str:
        options: dict[str, Any] = {
            "recordingContent": start.content,
            "recordingChannel": start.channel,
            "recordingFormat": start.format,
            "pauseOnStart": start.paused,
            "recordingStateCallbackEndpointUrl": start.callback,
            "audioChannelParticipantOrdering": [{"communicationUserId": one} for one in start.order],
            "channelAffinity": [
                {"targetParticipant": {"communicationUserId": one}, "channel": channel}
                for one, channel in (start.channels or {}).items()
            ],
        }
        if start.locator == "callConnectionId":
            options["callConnectionId"] = start.value
        else:
            kind = start.locator.removesuffix("Id").removesuffix("Call") + "CallLocator"
            options["callLocator"] = {"kind": kind, "id": start.value}
        if start.container:
            options["recordingStorage"] = {
                "recordingStorageKind": "azureBlobStorage",
                "recordingDestinationContainerUrl": start.container,
            }
        return str(self.asked("start", without_nothing(options))["recordingId"])

    def state(self, recording_id: str) -> str:
        return str(self.asked("getState", recording_id)["recordingState"])

    def pause(self, recording_id: str) -> None:
        self.asked("pause", recording_id)

    def resume(self, recording_id: str) -> None:
        self.asked("resume", recording_id)

    def stop(self, recording_id: str) -> None:
        self.asked("stop", recording_id)

    def download(
        self,
        url: str,
        path: Path,
        offset: int | None = None,
        length: int | None = None,
        by: str = "downloadToPath",
    ) -> None:
        """Download by one of the three methods that the SDK has for it."""
        self.asked(by, url, str(path), without_nothing({"offset": offset, "length": length}))

    def delete(self, url: str) -> None:
        self.asked("delete", url)

    def asked(self, operation: str, *given: Any) -> Any:
        assert self.process is not None
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([operation, *given]) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            error = answer["error"]
            raise RefusedError(error.get("status"), error.get("code"), error.get("message", ""), error["thrown"])
        return answer["result"]


def without_nothing(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
