"""Which ids are told apart, and that a refused one of another kind is explained: never refused by ourselves."""

import json

import pytest

from local.simulator.identifiers import make_recording_id, make_server_call_id
from shared.api.http_replies import Reply, reply_or_problem
from shared.domain.call_locators import WANTED, IdForm, advice_on, form_of
from shared.domain.errors import AcsError, AcsRefused, AcsUnavailable
from shared.domain.identifiers import CallId, CallIdKind
from shared.domain.statuses import RecordingStatus
from tests.builders import a_start_request
from tests.fakes import Cloud

KEY = "case-42"
GUID = "411f0b00-b97f-49ad-a6ff-4f5a5d9a8f6e"
THREAD = "19:meeting_OTFmZDlmNTEtNDkwNC00YzFj@thread.v2"
JOIN_LINK = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_OTFm%40thread.v2/0?context=%7b%22Tid%22%7d"
# As they were in recorded sessions with ACS and in its documentation.
FORMS = [
    (
        "aHR0cHM6Ly9hcGkuZmxpZ2h0cHJveHkuc2t5cGUuY29tL2FwaS92Mi9jcC9jb252LXVzZWEyLTAxLWRjL2NvbnYvSWJyNUE/aT0xMC02MA==",
        "SERVER_CALL",
    ),
    ("aHR0cHM6Ly9hcGkuZmxpZ2h0cHJveHk", "SERVER_CALL"),
    (make_server_call_id(), "SERVER_CALL"),
    ("aHR0cHM6Ly9hcGkuZmxpZ2h0cHJveHkuc2t5cGUuY29tL2Fwa%3D%3D", "ESCAPED"),
    (GUID, "GUID"),
    (GUID.upper(), "GUID"),
    (JOIN_LINK, "URL"),
    ("https://teams.live.com/meet/9345667", "URL"),
    ("https://api.flightproxy.skype.com/api/v2/cp/conv/Ibr5A?i=10", "URL"),
    ("HTTPS://example.com/a b\n", "URL"),
    (THREAD, "THREAD"),
    ("19:uni01_uy5ucb66ljp3lgs7@thread.v2", "THREAD"),
    ("8:acs:70559d7c-67b2-444f-a1f3-8027a1412880_00000013-2463-8bd9-2c8a-084822007eb5", "USER"),
    ("8:orgid:b6374753-7068-4a5d-ae97-6823c76459e9", "USER"),
    ("4:+15551234567", "USER"),
    ("+15551234567", "USER"),
    (make_recording_id(), "RECORDING"),
    ("eyJhbGciOiJub25lIn0.eyJjYyI6Ikg0c0lBIn0.", "TOKEN"),
    ("99199690362660524", "NUMBER"),
    ("abc", "OTHER"),
    ("aHR0cHM6Ly9hcGku…", "OTHER"),
    (f" {GUID}", "OTHER"),
    (f"{GUID}\n", "OTHER"),
    ("{" + GUID + "}", "OTHER"),
    (GUID.replace("-", ""), "OTHER"),
    ("dGhpcyBpcyBubyBVUkw=", "OTHER"),
    ("", "OTHER"),
]
RIGHT = {
    CallIdKind.SERVER_CALL: {"SERVER_CALL"},
    CallIdKind.CALL_CONNECTION: {"GUID"},
    CallIdKind.GROUP_CALL: {"GUID"},
    CallIdKind.ROOM: set[str](),
}
FIELDS = {kind: kind.value for kind in WANTED}
UNKNOWN_CALL = AcsRefused("Invalid Join URL. (400/8527)", status=400, code="8527")


@pytest.mark.parametrize(("id", "form"), FORMS)
def test_an_id_is_recognised_by_its_form(id: str, form: str) -> None:
    assert form_of(id) is IdForm[form]


@pytest.mark.parametrize("kind", WANTED)
@pytest.mark.parametrize(("id", "form"), FORMS)
def test_there_is_advice_for_every_id_of_another_form_and_for_no_other(kind: CallIdKind, id: str, form: str) -> None:
    advice = advice_on(CallId(kind, id))

    assert bool(advice) is (form not in RIGHT[kind])
    assert not advice or advice.endswith(WANTED[kind])


@pytest.mark.parametrize(
    ("kind", "id", "advice"),
    [
        ("serverCallId", GUID, "The serverCallId looks like a GUID, as groupCallId, callConnectionId and callId are. "),
        ("serverCallId", JOIN_LINK, "The serverCallId looks like a URL, such as a meeting's join link. "),
        ("serverCallId", THREAD, "The serverCallId looks like the id of a Teams meeting or chat. "),
        (
            "groupCallId",
            "abc",
            "The groupCallId looks like none of ACS's ids of calls. groupCallId is a GUID: the groupId",
        ),
        ("callConnectionId", make_server_call_id(), "The callConnectionId looks like a serverCallId. "),
        ("roomId", GUID, "The roomId looks like a GUID, "),
        ("roomId", "99199690362660524", "roomId is the number that creating the room answered; "),
    ],
)
def test_the_advice_names_what_was_given_and_what_is_wanted(kind: str, id: str, advice: str) -> None:
    assert advice_on(CallId(CallIdKind(kind), id)).startswith(advice)


def test_a_server_call_id_comes_from_call_automation_or_from_the_client() -> None:
    advice = advice_on(CallId(CallIdKind.SERVER_CALL, GUID))

    assert all(word in advice for word in ("CallConnected", "createCall", "answerCall", "call.info.getServerCallId()"))


# In a start


def refused(cloud: Cloud, error: AcsError | None, **call: object) -> dict[str, object]:
    """The problem document of a start that ACS answers with an error, or that is repeated where none is given."""
    if error:
        cloud.acs.refuse("start", error)

    def act() -> Reply:
        cloud.services.starts.start(a_start_request(**{"serverCallId": None} | call), KEY)
        raise AssertionError("It was not refused.")

    document: dict[str, object] = json.loads(reply_or_problem("/", act).body)
    return document


@pytest.mark.parametrize("field", FIELDS.values())
@pytest.mark.parametrize(
    "error",
    [
        UNKNOWN_CALL,
        AcsRefused("Not a valid Base-64 string. (400/8523)", status=400, code="8523"),
        AcsRefused("Action is invalid when call is not in Established state (409/8501)", status=409, code="8501"),
        AcsRefused("Not found. (404/8522)", status=404, code="8522"),
        AcsUnavailable("The input is not a valid Base-64 string. (400)", status=400),
    ],
)
def test_a_refusal_has_acs_s_words_and_which_id_is_wanted(cloud: Cloud, error: AcsError, field: str) -> None:
    told = refused(cloud, error, **{field: "abc"})

    assert str(told["detail"]).startswith(str(error))
    assert WANTED[CallIdKind(field)] in str(told["detail"])
    assert told["acsStatus"] == error.status


def test_the_row_and_the_same_key_say_so_too(cloud: Cloud) -> None:
    refused(cloud, UNKNOWN_CALL, serverCallId=GUID)

    again = refused(cloud, None, serverCallId=GUID)

    assert "The serverCallId looks like a GUID" in str(cloud.recording().shown_failure)
    assert "The serverCallId looks like a GUID" in str(again["detail"])
    assert again["acsCode"] == "8527"


def test_an_id_of_the_right_form_gets_acs_s_words_alone(cloud: Cloud) -> None:
    assert refused(cloud, UNKNOWN_CALL, serverCallId=make_server_call_id())["detail"] == str(UNKNOWN_CALL)


@pytest.mark.parametrize(
    "error",
    [
        AcsRefused("Recording is already in progress (400/8553)", status=400, code="8553"),
        AcsUnavailable("Denied (401/Denied)", status=401, code="Denied"),
        AcsUnavailable("Managed identity (400/7510)", status=400, code="7510"),
        AcsUnavailable("Too many requests. (429/8516)", status=429, code="8516"),
        AcsUnavailable("The app's identity got no token (ReadTimeout), so the request was not sent."),
    ],
)
def test_a_refusal_that_is_not_about_the_id_gives_no_advice_on_it(cloud: Cloud, error: AcsError) -> None:
    assert "looks like" not in str(refused(cloud, error, serverCallId="abc")["detail"])


@pytest.mark.parametrize("field", FIELDS.values())
def test_an_id_of_an_unknown_form_is_asked_for_all_the_same(cloud: Cloud, field: str) -> None:
    recording = cloud.services.starts.start(a_start_request(**{"serverCallId": None, field: "abc"}), KEY)

    assert recording.status is RecordingStatus.STARTING
