"""`acsrec smoke` against the app on its fakes: what it shows when all is well, and when one thing is not."""

from collections.abc import Callable

import httpx
import pytest

from acsrec.queries import Filters
from acsrec.smoke import NEEDS, Outcome, Smoke, StepResult
from acsrec.smoke_steps import Step, Steps
from shared.domain.errors import AcsError, AcsRefused, AcsUnavailable, SourceUnavailable, TopicUnavailable
from tests.builders import SERVER_CALL_ID, Event, announced_chunk, file_ready_event
from tests.fakes import Cloud, Fault
from tests.unit.client.app_on_fakes import TOPIC, AppOnFakes
from tests.unit.client.fake_app import KEY, problem

OFTEN = 500
PATIENCE_SECONDS = 120.0
RECORD_SECONDS = 10.0
NO_PERMISSION = "ACS answered 403. Check that the app's identity has its role on the ACS resource."
TOPIC_FORBIDS = "Event Grid answered 403."

type Results = dict[Step, StepResult]
type Harm = Callable[[AppOnFakes], None]


@pytest.fixture
def azure() -> AppOnFakes:
    """All is well, and there is a topic."""
    return AppOnFakes(Cloud(EVENTS_TOPIC_ENDPOINT=TOPIC))


def steps_of(azure: AppOnFakes, call: Filters, key: str = KEY) -> Steps:
    return Steps(azure.client(key), call, RECORD_SECONDS, azure.patience(PATIENCE_SECONDS))


def results_of(smoke: Smoke) -> Results:
    return {result.step: result for result in smoke.run()}


def run(azure: AppOnFakes, key: str = KEY) -> Results:
    return results_of(Smoke(steps_of(azure, {"server_call_id": SERVER_CALL_ID}, key)))


def steps_that(outcome: Outcome, results: Results) -> set[Step]:
    return {step for step, result in results.items() if result.outcome is outcome}


def told(results: Results, step: Step) -> str:
    """What a step says, and what to do: all that a person sees of it."""
    result = results[step]
    mending = (result.mending.advice, *result.mending.commands) if result.mending else ()
    return "\n".join([result.detail, *mending])


def needing(step: Step) -> set[Step]:
    """The steps that can show nothing without one."""
    direct = {one for one, needed in NEEDS.items() if needed is step}
    return direct.union(*map(needing, direct))


# How one thing is harmed, and nothing else.


def setting_wrong(azure: AppOnFakes) -> None:
    azure.cloud.configure(ACS_RETENTION_HOURS="soon")


def acs_closed(azure: AppOnFakes) -> None:
    azure.cloud.world.fail("probe.acs", Fault.ERROR_BEFORE)


def call_unknown(azure: AppOnFakes) -> None:
    azure.cloud.acs.refuse("start", AcsRefused("No such call. (404/8522)", status=404, code="8522"))


def stop_unconfirmed(azure: AppOnFakes) -> None:
    azure.cloud.world.fail("acs.stop", Fault.ERROR_BEFORE, OFTEN)


def nothing_announced(azure: AppOnFakes) -> None:
    azure.announce = lambda _: None


def download_forbidden(azure: AppOnFakes) -> None:
    azure.cloud.source.refusal = NO_PERMISSION


def deletion_forbidden(azure: AppOnFakes) -> None:
    def refuse(*_: object) -> None:
        raise SourceUnavailable(NO_PERMISSION)

    azure.cloud.source.on_delete = refuse


def more_to_follow(azure: AppOnFakes) -> None:
    chunk = announced_chunk(0, endReason="ChunkMaximumTimeExceeded")
    azure.announce = lambda recording_id: file_ready_event([chunk], recording_id=recording_id)


def storage_closed(azure: AppOnFakes) -> None:
    azure.storage = lambda _: httpx.Response(403)


def topic_forbids(azure: AppOnFakes) -> None:
    def refuse(_: object) -> None:
        raise TopicUnavailable(TOPIC_FORBIDS)

    azure.cloud.topic.on_taken = refuse


@pytest.mark.parametrize(
    ("step", "harm", "says", "mends"),
    [
        (
            Step.HEALTH,
            setting_wrong,
            "ACS_RETENTION_HOURS: ",
            "azd env set APP_SETTINGS '{…, \"ACS_RETENTION_HOURS\": VALUE}'",
        ),
        (Step.DEPENDENCIES, acs_closed, "no admission: acs", "azd provision"),
        (Step.START, call_unknown, "8522", "acsrec smoke --server-call-id"),
        (Step.DELIVERY, nothing_announced, "no file was announced yet", "azd hooks run postdeploy"),
        (Step.DOWNLOAD, download_forbidden, NO_PERMISSION, "azd env set ACS_VAULT_REFERENCE"),
        (Step.STOP, stop_unconfirmed, "Whether it records is not known", "acsrec stop"),
        (Step.DELETION, deletion_forbidden, "The copy is safe", "azd env set ACS_VAULT_REFERENCE"),
        (Step.COMPLETION, more_to_follow, "says that another follows", "acsrec replay"),
        (Step.COPY, storage_closed, "storage refuses the link (403)", "azd provision"),
        (Step.EVENTS, topic_forbids, TOPIC_FORBIDS, "az role assignment list --scope"),
    ],
)
def test_only_the_step_that_is_harmed_fails_and_names_its_mending(
    azure: AppOnFakes, step: Step, harm: Harm, says: str, mends: str
) -> None:
    harm(azure)

    results = run(azure)

    assert steps_that(Outcome.FAILED, results) == {step}, results
    assert steps_that(Outcome.SKIPPED, results) == needing(step)
    assert says in results[step].detail
    assert any(line.startswith(mends) for line in told(results, step).splitlines())


def test_only_the_key_fails_where_it_is_wrong_and_the_command_takes_one_from_azure(azure: AppOnFakes) -> None:
    results = run(azure, key="wrong")

    assert steps_that(Outcome.FAILED, results) == {Step.KEY}
    assert steps_that(Outcome.PASSED, results) == {Step.HEALTH}
    assert "export ACSREC_KEY=$(az functionapp keys list" in told(results, Step.KEY)


def test_all_passes_where_all_is_well(azure: AppOnFakes) -> None:
    assert steps_that(Outcome.PASSED, run(azure)) == set(Step)


def test_what_a_patience_is_for_is_waited_for_and_no_longer(azure: AppOnFakes) -> None:
    nothing_announced(azure)

    assert PATIENCE_SECONDS <= run(azure)[Step.DELIVERY].seconds < PATIENCE_SECONDS + 5


def test_what_comes_within_the_patience_is_well(azure: AppOnFakes) -> None:
    azure.cloud.world.fail("topic.send", Fault.ERROR_BEFORE)
    azure.cloud.world.fail("source.open", Fault.ERROR_BEFORE)

    assert steps_that(Outcome.PASSED, run(azure)) == set(Step)


# Health: nothing answers, or something else than the app.


def answers(status: int, content: bytes = b"<html>") -> Harm:
    def harm(azure: AppOnFakes) -> None:
        azure.before = lambda _: httpx.Response(status, content=content, headers={"Content-Type": "text/html"})

    return harm


def unreachable(azure: AppOnFakes) -> None:
    def fail(request: httpx.Request) -> None:
        raise httpx.ConnectError("name or service not known", request=request)

    azure.before = fail


@pytest.mark.parametrize(
    ("harm", "mends"),
    [
        (unreachable, "az functionapp show"),
        (answers(404), "azd deploy"),
        (answers(403), "az functionapp show"),
        (answers(301), "begin with https"),
        (answers(503), "az functionapp restart"),
        (answers(200), "az functionapp restart"),
    ],
)
def test_what_answers_instead_of_the_app_says_what_to_look_at(azure: AppOnFakes, harm: Harm, mends: str) -> None:
    harm(azure)

    results = run(azure)

    assert steps_that(Outcome.FAILED, results) == {Step.HEALTH}
    assert mends in told(results, Step.HEALTH)


def test_a_setting_without_a_variable_is_mended_by_provisioning(azure: AppOnFakes) -> None:
    azure.cloud.configure(EVENTS_TOPIC_ENDPOINT="http://nowhere")

    text = told(run(azure), Step.HEALTH)

    assert "EVENTS_TOPIC_ENDPOINT: " in text
    assert "azd env set" not in text
    assert "azd provision" in text


def test_every_dependency_that_is_closed_is_named_with_its_roles(azure: AppOnFakes) -> None:
    for name in ("tables", "recordingsStorage"):
        azure.cloud.world.fail(f"probe.{name}", Fault.ERROR_BEFORE)

    text = told(run(azure), Step.DEPENDENCIES)

    assert "no admission: tables, recordingsStorage" in text
    assert "Storage Table Data Contributor" in text
    assert "Storage Blob Data Contributor" in text


# The start, and that nothing is left recording.


@pytest.mark.parametrize(
    ("refusal", "mends"),
    [
        (AcsUnavailable("No permission. (401/7504)", status=401, code="7504"), "azd env set ACS_VAULT_REFERENCE"),
        (AcsUnavailable("Forbidden.", status=403), "azd env set ACS_VAULT_REFERENCE"),
        (AcsRefused("Terminated. (409/8528)", status=409, code="8528"), "a call that is going on"),
        (AcsRefused("Not allowed. (403/7605)", status=403, code="7605"), "may be recorded"),
        (AcsUnavailable("Throttled.", status=429, code="8529"), "Wait a minute"),
    ],
)
def test_what_acs_refuses_a_start_for_says_what_to_do(azure: AppOnFakes, refusal: AcsError, mends: str) -> None:
    for _ in range(OFTEN):
        azure.cloud.acs.refuse("start", refusal)
    smoke = Smoke(steps_of(azure, {"server_call_id": SERVER_CALL_ID}))

    results = results_of(smoke)

    assert steps_that(Outcome.FAILED, results) == {Step.START}
    assert str(refusal) in results[Step.START].detail
    assert mends in told(results, Step.START)
    assert not smoke.may_record


def test_a_recording_that_is_in_the_way_is_named_and_not_stopped(azure: AppOnFakes) -> None:
    running = azure.client().start({"serverCallId": SERVER_CALL_ID})

    results = run(azure)

    assert steps_that(Outcome.FAILED, results) == {Step.START}
    assert f"acsrec show {running.id}" in told(results, Step.START)
    assert len(azure.cloud.acs.recordings) == 1


def test_a_start_whose_answer_is_lost_is_asked_for_again_and_is_one_start(azure: AppOnFakes) -> None:
    azure.cloud.acs.honours_repeatability = True
    azure.cloud.world.fail("acs.start", Fault.ERROR_AFTER, 4)

    assert steps_that(Outcome.PASSED, run(azure)) == set(Step)
    assert len(azure.cloud.acs.started) == 1


def test_a_start_that_is_still_in_flight_is_asked_for_again(azure: AppOnFakes) -> None:
    first = [problem(409)]
    azure.before = lambda request: first.pop() if first and request.method == "POST" else None

    assert steps_that(Outcome.PASSED, run(azure)) == set(Step)


def test_a_start_that_acs_never_answers_says_that_the_call_may_be_recorded(azure: AppOnFakes) -> None:
    azure.cloud.world.fail("acs.start", Fault.TIME_OUT, OFTEN)
    smoke = Smoke(steps_of(azure, {"server_call_id": SERVER_CALL_ID}))

    results = results_of(smoke)

    assert steps_that(Outcome.FAILED, results) == {Step.START}
    assert smoke.may_record


def test_a_start_to_which_the_app_gave_no_answer_says_how_to_find_it(azure: AppOnFakes) -> None:
    def lose(request: httpx.Request) -> None:
        if request.method == "POST":
            raise httpx.ReadTimeout("timed out", request=request)

    azure.before = lose

    assert "acsrec list --tag acsrec=smoke" in told(run(azure), Step.START)


def test_a_recording_that_does_not_begin_is_stopped(azure: AppOnFakes) -> None:
    azure.begins = False
    smoke = Smoke(steps_of(azure, {"server_call_id": SERVER_CALL_ID}))

    results = results_of(smoke)

    assert steps_that(Outcome.FAILED, results) == {Step.START}
    assert (azure.cloud.acs.recordings, smoke.may_record) == ({}, False)


def test_whoever_interrupts_leaves_nothing_recording(azure: AppOnFakes) -> None:
    smoke = Smoke(steps_of(azure, {"server_call_id": SERVER_CALL_ID}))
    results = smoke.run()
    assert [next(results).step for _ in range(4)][-1] is Step.START
    azure.cloud.world.fail("acs.stop", Fault.ERROR_BEFORE, 2)  # as ACS may, for a moment

    results.close()

    assert (azure.cloud.acs.recordings, smoke.may_record) == ({}, False)


def test_an_end_that_acs_does_not_confirm_is_not_claimed(azure: AppOnFakes) -> None:
    stop_unconfirmed(azure)
    smoke = Smoke(steps_of(azure, {"server_call_id": SERVER_CALL_ID}))

    results_of(smoke)

    assert smoke.may_record


def test_a_call_that_ended_by_itself_is_as_good(azure: AppOnFakes) -> None:
    smoke = Smoke(steps_of(azure, {"server_call_id": SERVER_CALL_ID}))
    results = smoke.run()
    first = [next(results) for _ in range(4)]
    azure.cloud.acs.hang_up(next(iter(azure.cloud.acs.recordings)))

    rest = list(results)

    assert {result.outcome for result in [*first, *rest]} == {Outcome.PASSED}


# From the event to the end.


def announced(*chunks: Event) -> Harm:
    def harm(azure: AppOnFakes) -> None:
        azure.announce = lambda recording_id: file_ready_event(chunks, recording_id=recording_id)

    return harm


def no_workers(azure: AppOnFakes) -> None:
    azure.has_queue_triggers = False


def other_bytes(azure: AppOnFakes) -> None:
    azure.storage = lambda request: httpx.Response(200, content=b"x" + azure.stored(request).content[1:])


ELSEWHERE = "https://recordings.example.com/v1/objects/x/content/video"
OTHER_DOCUMENT = "https://storage.asm.skype.com/v1/objects/another"


@pytest.mark.parametrize(
    ("step", "harm", "mends"),
    [
        (Step.DELIVERY, announced(), "Events arrive"),
        (Step.DOWNLOAD, announced(announced_chunk(0, contentLocation=ELSEWHERE)), '"RECORDING_HOST_SUFFIXES": "SUFFIX'),
        (Step.DOWNLOAD, no_workers, "az functionapp restart"),
        (Step.DELETION, announced(announced_chunk(0, deleteLocation=OTHER_DOCUMENT)), "names another document"),
        (Step.COPY, other_bytes, "chunk-altered"),
    ],
)
def test_what_else_may_be_wrong_is_told_apart(azure: AppOnFakes, step: Step, harm: Harm, mends: str) -> None:
    harm(azure)

    results = run(azure)

    assert steps_that(Outcome.FAILED, results) == {step}, results
    assert mends in told(results, step)


@pytest.mark.parametrize(
    ("step", "harm"),
    [
        (Step.DELIVERY, announced()),
        (Step.DOWNLOAD, announced(announced_chunk(0, contentLocation=ELSEWHERE))),
        (Step.DELETION, announced(announced_chunk(0, deleteLocation=OTHER_DOCUMENT))),
    ],
)
def test_what_no_patience_mends_is_told_at_once(azure: AppOnFakes, step: Step, harm: Harm) -> None:
    harm(azure)

    assert run(azure)[step].seconds < 5


def test_a_route_that_the_app_does_not_have_is_of_another_version(azure: AppOnFakes) -> None:
    azure.before = lambda request: httpx.Response(404) if request.url.path.endswith("/events") else None

    results = run(azure)

    assert steps_that(Outcome.FAILED, results) == {Step.EVENTS}
    assert "azd deploy" in told(results, Step.EVENTS)


def test_where_nothing_is_to_be_deleted_that_is_said_and_is_well() -> None:
    results = run(AppOnFakes(Cloud(EVENTS_TOPIC_ENDPOINT=TOPIC, DELETE_FROM_ACS="never")))

    assert steps_that(Outcome.PASSED, results) == set(Step)
    assert "DELETE_FROM_ACS" in results[Step.DELETION].detail


def test_where_there_is_no_topic_that_is_said_and_is_well() -> None:
    results = run(AppOnFakes(Cloud()))

    assert steps_that(Outcome.PASSED, results) == set(Step)
    assert "no topic" in results[Step.EVENTS].detail


def test_without_a_call_nothing_is_recorded_and_what_needs_none_is_shown(azure: AppOnFakes) -> None:
    results = results_of(Smoke(steps_of(azure, {})))

    assert steps_that(Outcome.PASSED, results) == {Step.HEALTH, Step.KEY, Step.DEPENDENCIES}
    assert steps_that(Outcome.FAILED, results) == set()
    assert azure.cloud.acs.started == []


def test_the_recording_can_be_found_by_its_tag(azure: AppOnFakes) -> None:
    run(azure)

    assert azure.cloud.recording().tags == {"acsrec": "smoke"}


@pytest.mark.parametrize("harm", [storage_closed, other_bytes, unreachable, nothing_announced])
def test_nothing_that_is_told_has_the_key_or_a_link_in_it(azure: AppOnFakes, harm: Harm) -> None:
    harm(azure)

    results = run(azure)

    texts = [told(results, step) for step in results]
    assert [text for text in texts if KEY in text or "sig=" in text] == []
