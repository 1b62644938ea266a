"""What many tests do: record something, fetch it, delete it."""

from dataclasses import dataclass
from typing import Any, cast

import pytest
from azure.communication.callautomation import CallAutomationClient
from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpResponse

from local.simulator.client import SimulatorAdmin
from local.simulator.faults import InjectedFault
from local.simulator.scripts import Script
from local.simulator.views import CallView, DocumentView, RecordingView

from .webhook import wait_until

SDK_WARNINGS = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
"""The SDK still calls utcnow(), which Python 3.12 deprecates."""


@dataclass(frozen=True)
class Acs:
    """The SDK and the simulator's admin, together."""

    client: CallAutomationClient
    admin: SimulatorAdmin

    def start(self, call: CallView | None = None, media_format: str = "wav", **options: Any) -> str:
        """Start a recording and wait until it records; returns its id."""
        call = call or self.admin.place_call()
        content = "audioVideo" if media_format == "mp4" else "audio"
        chosen = {"recording_content_type": content, "recording_channel_type": "mixed"} | options
        started = self.client.start_recording(
            server_call_id=call.server_call_id, recording_format_type=media_format, **chosen
        )
        assert started.recording_id is not None
        recording_id = started.recording_id
        if not options.get("pause_on_start"):
            wait_until(lambda: self.state(recording_id) == "active")
        return recording_id

    def state(self, recording_id: str) -> str:
        return str(self.client.get_recording_properties(recording_id).recording_state)

    def record(self, script: Script | None = None, media_format: str = "wav", **options: Any) -> RecordingView:
        """Record a call from start to stop, and wait for the files."""
        call = self.admin.place_call(script=script)
        recording_id = self.start(call, media_format, **options)
        self.client.stop_recording(recording_id)
        return self.admin.wait_for_files(recording_id)

    def document(self, size: int = 5000, media_format: str = "wav") -> DocumentView:
        return self.record(Script(chunk_bytes=size), media_format).documents[0]

    def fetch(self, document: DocumentView, host: str | None = None, **options: Any) -> bytes:
        return self.download(content_url(document, host), **options).read()

    def faulty(self, fault: InjectedFault, document: DocumentView, ranged: str | None = None) -> HttpResponse:
        """Fetch a document's content with a fault in force."""
        self.admin.add_fault(fault)
        return self.download(content_url(document), headers={"Range": ranged} if ranged else {})

    def fetch_metadata(self, document: DocumentView) -> bytes:
        return self.download(f"{object_url(document)}/content/acsmetadata").read()

    def download(self, url: str, **options: Any) -> HttpResponse:
        try:
            # The SDK says Iterable[bytes] and returns a response: azure-sdk-for-python#42835.
            return cast("HttpResponse", self.client.download_recording(url, **options))
        except HttpResponseError as error:
            # The SDK leaves a refusal's body unread, and with it the connection open.
            refused(error).read()
            raise

    def delete(self, document: DocumentView) -> None:
        self.client.delete_recording(object_url(document))


def object_url(document: DocumentView, host: str | None = None) -> str:
    return f"https://{host or document.home_host}/v1/objects/{document.document_id}"


def content_url(document: DocumentView, host: str | None = None) -> str:
    return f"{object_url(document, host)}/content/video"


def refused(error: HttpResponseError) -> HttpResponse:
    """The answer behind an error; the SDK's types know less about it than there is."""
    return cast("HttpResponse", error.response)


def refusal(error: pytest.ExceptionInfo[HttpResponseError]) -> tuple[int | None, str | None]:
    """Status and code of a refusal, as the SDK understands them."""
    code = error.value.error.code if error.value.error else None
    return error.value.status_code, code
