"""Microsoft's SDKs for Python and JavaScript, side by side: what both do, and where they differ."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.communication.callautomation import CallAutomationClient
from azure.core.exceptions import IncompleteReadError

from local.node import find_package
from local.simulator.client import SimulatorAdmin
from local.simulator.faults import InjectedFault
from local.simulator.scripts import Script
from local.simulator.settings import Settings
from local.simulator.simulator import Options, Simulator
from local.simulator.start_request import StartRecordingRequest
from local.simulator.views import CallView, DocumentView

from .memory_blobs import MemoryBlobs
from .sdks import JAVASCRIPT_SDK, JavaScriptSdk, PythonSdk, RefusedError, Sdk, Start
from .support import SDK_WARNINGS, content_url, object_url
from .webhook import wait_until

pytestmark = SDK_WARNINGS

QUICK = Settings(active_delay_seconds=0.0, ready_delay_seconds=0.0, retry_delays_seconds=(0.01,), room_id_accepted=True)
PYTHON, JAVASCRIPT = "Python", "JavaScript"
BYTES = 300_000
ELSEWHERE = "eu-storage.asm.skype.com"


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """One for all tests here: each works on a call of its own."""
    options = Options(directory=tmp_path_factory.mktemp("sdks"), settings=QUICK)
    with Simulator(options, lambda _: MemoryBlobs()) as running, pytest.MonkeyPatch.context() as environment:
        for name, value in running.environment().items():
            environment.setenv(name, value)
        yield running


@pytest.fixture(scope="module")
def python(simulator: Simulator) -> Iterator[PythonSdk]:
    with CallAutomationClient.from_connection_string(simulator.connection_string, retry_total=0) as client:
        yield PythonSdk(client)


@pytest.fixture(scope="module")
def javascript(simulator: Simulator) -> Iterator[JavaScriptSdk]:
    if find_package(JAVASCRIPT_SDK) is None:
        pytest.skip(f"{JAVASCRIPT_SDK} is not installed in local/node_modules: run `make setup`")
    with JavaScriptSdk(simulator.connection_string, simulator.environment()) as sdk:
        yield sdk


@pytest.fixture(params=[PYTHON, JAVASCRIPT])
def sdk(request: pytest.FixtureRequest) -> Sdk:
    found: Sdk = request.getfixturevalue(request.param.lower())
    return found


def of_call(call: CallView) -> Start:
    return Start(locator="serverCallId", value=call.server_call_id)


def recorded(sdk: Sdk, admin: SimulatorAdmin) -> DocumentView:
    """Let the SDK record a call from start to stop; the file that ACS has then."""
    recording_id = sdk.start(of_call(admin.place_call(script=Script(chunk_bytes=BYTES))))
    wait_until(lambda: sdk.state(recording_id) == "active")
    sdk.stop(recording_id)
    return admin.wait_for_files(recording_id).documents[0]


def refusal(refused: pytest.ExceptionInfo[RefusedError]) -> tuple[int | None, str | None]:
    return refused.value.status, refused.value.code


# What both do.


def test_a_start_with_every_option_arrives_whole(sdk: Sdk, simulator: Simulator, admin: SimulatorAdmin) -> None:
    call = admin.place_call()
    container = "https://a.blob.core.windows.net/c/folder"

    recording_id = sdk.start(
        Start(
            locator="serverCallId",
            value=call.server_call_id,
            paused=True,
            callback="https://127.0.0.1:1/callback",
            order=("8:acs:alice", "8:acs:bob"),
            channels={"8:acs:bob": 3},
            container=container,
        )
    )

    arrived = {one.recording_id: one.request for one in simulator.components.recordings.all()}[recording_id]
    assert arrived == StartRecordingRequest(
        locator_kind="serverCallId",
        locator_value=call.server_call_id,
        content_type="audio",
        channel_type="unmixed",
        format_type="wav",
        callback_uri="https://127.0.0.1:1/callback",
        pause_on_start=True,
        participant_order=("8:acs:alice", "8:acs:bob"),
        channel_affinity=(("8:acs:bob", 3),),
        container_url=container,
    )


@pytest.mark.parametrize("locator", ["serverCallId", "groupCallId", "roomId", "callConnectionId"])
def test_a_call_is_named_in_each_way(locator: str, sdk: Sdk, admin: SimulatorAdmin) -> None:
    call = admin.place_call(room="99500000000000") if locator == "roomId" else admin.place_call()
    names = {
        "serverCallId": call.server_call_id,
        "groupCallId": call.group_call_id,
        "roomId": call.room_id,
        "callConnectionId": call.call_connection_id,
    }

    recording_id = sdk.start(Start(locator=locator, value=str(names[locator])))

    assert admin.recording(recording_id).call_id == call.call_id
    sdk.stop(recording_id)  # a room has one call


@pytest.mark.parametrize(
    ("content", "channel", "media_format"),
    [("audioVideo", "mixed", "mp4"), ("audio", "mixed", "mp3"), ("audio", "mixed", "wav"), ("audio", "unmixed", "wav")],
)
def test_each_kind_of_file_can_be_asked_for(
    content: str, channel: str, media_format: str, sdk: Sdk, admin: SimulatorAdmin
) -> None:
    value = admin.place_call().server_call_id

    recording_id = sdk.start(
        Start(locator="serverCallId", value=value, content=content, channel=channel, format=media_format)
    )

    found = admin.recording(recording_id)
    assert (found.content_type, found.channel_type, found.format_type) == (content, channel, media_format)


def test_a_recording_is_paused_resumed_and_stopped(sdk: Sdk, admin: SimulatorAdmin) -> None:
    recording_id = sdk.start(of_call(admin.place_call()))
    wait_until(lambda: sdk.state(recording_id) == "active")

    sdk.pause(recording_id)
    assert sdk.state(recording_id) == "inactive"
    sdk.resume(recording_id)
    assert sdk.state(recording_id) == "active"
    sdk.stop(recording_id)
    for refused in (sdk.state, sdk.pause, sdk.resume, sdk.stop):
        with pytest.raises(RefusedError) as error:
            refused(recording_id)
        assert refusal(error) == (404, "8522")


def test_a_second_start_is_refused_with_its_code(sdk: Sdk, admin: SimulatorAdmin) -> None:
    call = admin.place_call()
    sdk.start(of_call(call))

    with pytest.raises(RefusedError) as error:
        sdk.start(of_call(call))

    assert refusal(error) == (400, "8553")


def test_a_file_is_downloaded_byte_for_byte_and_then_deleted(sdk: Sdk, admin: SimulatorAdmin, tmp_path: Path) -> None:
    document = recorded(sdk, admin)

    sdk.download(content_url(document), tmp_path / "content")
    sdk.download(f"{object_url(document)}/content/acsmetadata", tmp_path / "metadata")
    sdk.delete(object_url(document))

    assert (tmp_path / "content").read_bytes() == admin.content(document.document_id)
    assert (tmp_path / "metadata").read_bytes() == admin.metadata(document.document_id)
    assert [one.reason for one in admin.violations() if one.document_id == document.document_id] == []


def test_what_is_deleted_is_not_found(sdk: Sdk, admin: SimulatorAdmin, tmp_path: Path) -> None:
    document = recorded(sdk, admin)
    sdk.delete(object_url(document))

    with pytest.raises(RefusedError) as of_download:
        sdk.download(content_url(document), tmp_path / "content")
    with pytest.raises(RefusedError, match="The document not found") as of_deletion:
        sdk.delete(object_url(document))

    assert (refusal(of_download), refusal(of_deletion)) == ((404, None), (404, None))


def test_a_part_of_a_file_is_downloaded(sdk: Sdk, admin: SimulatorAdmin, tmp_path: Path) -> None:
    document = recorded(sdk, admin)

    sdk.download(content_url(document), tmp_path / "part", offset=10, length=5)

    assert (tmp_path / "part").read_bytes() == admin.content(document.document_id)[10:15]


def test_no_signature_goes_to_a_host_that_is_not_of_acs(sdk: Sdk, admin: SimulatorAdmin, tmp_path: Path) -> None:
    asked = len(admin.requests())

    with pytest.raises(RefusedError, match="is not a valid Azure Communication Services recording endpoint"):
        sdk.download("https://example.com/v1/objects/0-wus-d1-0/content/video", tmp_path / "content")

    assert len(admin.requests()) == asked


# Where they differ: the table in README.md has each.


@pytest.mark.parametrize("by", ["downloadToPath", "downloadToStream", "downloadStreaming"])
def test_javascript_has_three_ways_to_download(
    by: str, javascript: JavaScriptSdk, admin: SimulatorAdmin, tmp_path: Path
) -> None:
    document = recorded(javascript, admin)

    javascript.download(content_url(document), tmp_path / "content", by=by)

    assert (tmp_path / "content").read_bytes() == admin.content(document.document_id)


def test_neither_gets_a_file_of_another_region_python_after_the_redirect(
    python: PythonSdk, admin: SimulatorAdmin, tmp_path: Path
) -> None:
    with pytest.raises(RefusedError) as error:
        python.download(content_url(recorded(python, admin), ELSEWHERE), tmp_path / "content")

    assert error.value.status == 401


def test_neither_gets_a_file_of_another_region_javascript_at_the_redirect(
    javascript: JavaScriptSdk, admin: SimulatorAdmin, tmp_path: Path
) -> None:
    with pytest.raises(RefusedError) as error:
        javascript.download(content_url(recorded(javascript, admin), ELSEWHERE), tmp_path / "content")

    assert error.value.status == 302


def test_the_first_bytes_alone_are_the_whole_file_in_python(
    python: PythonSdk, admin: SimulatorAdmin, tmp_path: Path
) -> None:
    document = recorded(python, admin)

    python.download(content_url(document), tmp_path / "content", offset=0, length=5)

    assert (tmp_path / "content").read_bytes() == admin.content(document.document_id)


def test_the_first_bytes_alone_are_refused_by_javascript(
    javascript: JavaScriptSdk, admin: SimulatorAdmin, tmp_path: Path
) -> None:
    with pytest.raises(RefusedError, match="offset value must not be empty"):
        javascript.download(content_url(recorded(javascript, admin)), tmp_path / "content", offset=0, length=5)


def test_python_signs_the_query_of_a_file_and_javascript_does_not(
    python: PythonSdk, javascript: JavaScriptSdk, admin: SimulatorAdmin, tmp_path: Path
) -> None:
    url = f"{content_url(recorded(python, admin))}?v=1"

    python.download(url, tmp_path / "content")
    with pytest.raises(RefusedError) as error:
        javascript.download(url, tmp_path / "content")

    assert refusal(error) == (401, None)


def test_what_javascript_throws_for_a_storage_host_is_no_error(javascript: JavaScriptSdk) -> None:
    with pytest.raises(RefusedError) as of_storage:
        javascript.delete("https://us-storage.asm.skype.com/v1/objects/0-wus-d1-0")
    with pytest.raises(RefusedError) as of_the_api:
        javascript.state("0")

    assert (of_storage.value.thrown, of_the_api.value.thrown) == ("object", "RestError")


def test_a_start_that_names_no_call_is_sent_by_javascript_only(python: PythonSdk, javascript: JavaScriptSdk) -> None:
    with pytest.raises(RefusedError) as by_the_sdk:
        python.asked(python.client.start_recording)
    with pytest.raises(RefusedError) as by_acs:
        javascript.asked("start", {})

    assert (refusal(by_the_sdk), refusal(by_acs)) == ((None, None), (400, "8523"))


def test_a_file_that_breaks_off_is_an_error_in_python(python: PythonSdk, admin: SimulatorAdmin, tmp_path: Path) -> None:
    url = content_url(recorded(python, admin))
    admin.add_fault(InjectedFault(action="truncate", kind="content", times=1))

    with pytest.raises(IncompleteReadError):
        python.download(url, tmp_path / "content")


def test_a_file_that_breaks_off_is_an_error_of_the_stream_in_javascript(
    javascript: JavaScriptSdk, admin: SimulatorAdmin, tmp_path: Path
) -> None:
    url = content_url(recorded(javascript, admin))
    admin.add_fault(InjectedFault(action="truncate", kind="content", times=1))

    with pytest.raises(RefusedError, match="aborted") as error:
        javascript.download(url, tmp_path / "content", by="downloadStreaming")

    assert refusal(error) == (None, "ECONNRESET")
