"""Faults on demand: each does what it says, to whom it says, as often as it says."""

import time
from email.utils import parsedate_to_datetime

import pytest
from azure.communication.callautomation import CallAutomationClient
from azure.core.exceptions import AzureError, HttpResponseError

from local.simulator.client import AdminError
from local.simulator.faults import Action, InjectedFault
from local.simulator.simulator import Simulator
from local.simulator.views import DocumentView

from .support import SDK_WARNINGS, Acs, content_url, refusal, refused

pytestmark = SDK_WARNINGS


def failure(acs: Acs, fault: InjectedFault) -> HttpResponseError:
    document = acs.document()
    with pytest.raises(HttpResponseError) as error:
        acs.faulty(fault, document)
    return error.value


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("tooManyRequests", 429),
        ("internalError", 500),
        ("unavailable", 503),
        ("badRequestHtml", 400),
        ("unauthorized", 401),
        ("notReady", 404),
    ],
)
def test_an_error_answers_instead_of_the_service(acs: Acs, action: Action, status: int) -> None:
    error = failure(acs, InjectedFault(action=action, kind="content"))

    assert error.status_code == status
    assert acs.admin.requests("content")[-1].fault == action
    assert acs.admin.faults()[0].hits == 1


def test_any_status_can_be_asked_for(acs: Acs) -> None:
    assert failure(acs, InjectedFault(action="status", status=418)).status_code == 418


def test_a_server_error_of_the_api_has_its_code(acs: Acs) -> None:
    acs.admin.add_fault(InjectedFault(action="internalError", kind="start"))

    with pytest.raises(HttpResponseError) as error:
        acs.start()

    assert refusal(error) == (500, "9999")
    assert acs.admin.recordings() == []


def test_retry_after_comes_in_seconds(acs: Acs) -> None:
    error = failure(acs, InjectedFault(action="tooManyRequests", retry_after_seconds=7))

    assert refused(error).headers["Retry-After"] == "7"


def test_retry_after_comes_as_a_date(acs: Acs) -> None:
    error = failure(acs, InjectedFault(action="unavailable", retry_after_seconds=60, retry_after_as_date=True))

    until = parsedate_to_datetime(refused(error).headers["Retry-After"]).timestamp() - time.time()
    assert 50 < until < 61


def test_html_comes_with_400(acs: Acs) -> None:
    error = failure(acs, InjectedFault(action="badRequestHtml"))

    assert refused(error).text().startswith("<!DOCTYPE")


def test_a_lost_answer_leaves_its_effect(acs: Acs) -> None:
    recording_id = acs.start()
    acs.admin.add_fault(InjectedFault(action="loseResponse", kind="stop"))

    with pytest.raises(AzureError):
        acs.client.stop_recording(recording_id)

    assert acs.admin.recording(recording_id).state == "ended"


def test_a_start_repeated_after_a_lost_answer_yields_the_same_recording(acs: Acs, simulator: Simulator) -> None:
    call = acs.admin.place_call()
    acs.admin.add_fault(InjectedFault(action="loseResponse", kind="start"))

    with CallAutomationClient.from_connection_string(simulator.connection_string) as retrying:
        headers = {"Repeatability-Request-ID": "24e4b374-bbf0-4d27-a543-4186ef4adf67"}
        with pytest.raises(AzureError):
            retrying.start_recording(server_call_id=call.server_call_id, headers=dict(headers), retry_total=0)
        started = retrying.start_recording(server_call_id=call.server_call_id, headers=dict(headers))

    assert [recording.recording_id for recording in acs.admin.recordings()] == [started.recording_id]


def test_an_answer_can_be_late(acs: Acs) -> None:
    begun = time.monotonic()

    acs.faulty(InjectedFault(action="delay", seconds=0.2), acs.document()).read()

    assert time.monotonic() - begun > 0.2


def test_a_document_becomes_ready_after_a_while(acs: Acs) -> None:
    document = acs.document()
    with pytest.raises(HttpResponseError):
        acs.faulty(InjectedFault(action="notReady", seconds=0.1), document)

    time.sleep(0.1)

    assert acs.fetch(document)


def test_a_redirect_goes_wherever_it_is_told(acs: Acs) -> None:
    document = acs.document()
    acs.admin.add_fault(InjectedFault(action="redirect", location="http://169.254.169.254/metadata", kind="content"))

    with pytest.raises(HttpResponseError) as error:
        acs.fetch(document, permit_redirects=False)

    assert refused(error.value).headers["Location"] == "http://169.254.169.254/metadata"


def test_a_redirect_can_lead_to_itself(acs: Acs) -> None:
    document = acs.document()
    acs.admin.add_fault(InjectedFault(action="redirectLoop", times=None))

    with pytest.raises(HttpResponseError) as error:
        acs.fetch(document, permit_redirects=False)

    assert refused(error.value).headers["Location"] == content_url(document)


def test_the_clock_of_the_service_can_be_wrong(acs: Acs) -> None:
    assert failure(acs, InjectedFault(action="clockSkew", seconds=3600)).status_code == 401


def test_a_fault_hits_only_what_it_names(acs: Acs) -> None:
    document = acs.document()
    acs.admin.add_fault(InjectedFault(action="unavailable", path="/acsmetadata$", times=None))

    assert acs.fetch(document)
    with pytest.raises(HttpResponseError):
        acs.fetch_metadata(document)


def test_a_fault_hits_as_often_as_asked_and_is_gone_when_cleared(acs: Acs) -> None:
    document = acs.document()
    acs.admin.add_fault(InjectedFault(action="unavailable", skip=1, times=2))
    outcomes = [succeeds(acs, document) for _ in range(5)]
    assert outcomes == [True, False, False, True, True]

    acs.admin.add_fault(InjectedFault(action="unavailable", times=None))
    acs.admin.clear_faults()
    assert succeeds(acs, document)


def test_a_probable_fault_is_the_same_for_the_same_seed(acs: Acs) -> None:
    document, outcomes = acs.document(), []
    for _ in range(2):
        acs.admin.clear_faults()
        acs.admin.add_fault(InjectedFault(action="unavailable", probability=0.5, seed=1, times=None))
        outcomes.append([succeeds(acs, document) for _ in range(12)])

    assert outcomes[0] == outcomes[1]
    assert {True, False} == set(outcomes[0])


def test_a_fault_that_makes_no_sense_is_refused(acs: Acs) -> None:
    with pytest.raises(AdminError, match="regular expression"):
        acs.admin.add_fault(InjectedFault(action="unavailable", path="("))


def succeeds(acs: Acs, document: DocumentView) -> bool:
    try:
        return acs.download(content_url(document)).read() != b""
    except HttpResponseError:
        return False
