"""What the app's process connects to while URLs come from people who mean harm: ACS, storage, identity, keys and topic.

A process of its own is watched from inside by an audit hook, and from outside by a proxy that everything goes through.
SOAK=1 takes all, `make test` a part: of the URLs to delete at every twelfth leads through a whole transfer there.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from local.azurite import Azurite
from local.simulator.resource import ENDPOINT_HOST, ISSUER_HOST
from shared.domain.statuses import ChunkStatus, FailureKind
from shared.settings import HOST_SUFFIXES
from tests.wire import jobs, leaks, redirected, verdict
from tests.wire.hostile_urls import EVIL, PLACE, TEMPLATES, VICTIM
from tests.wire.mutated_urls import sample
from tests.wire.program import DONE, Announced, Asked, Job
from tests.wire.proxy import LOOPBACK
from tests.wire.surroundings import TOPIC_HOST, Run, Surroundings, surroundings

SOAK = bool(os.environ.get("SOAK"))
pytestmark = [pytest.mark.stack, pytest.mark.timeout(2400 if SOAK else 120)]
EVERY = 1 if SOAK else 12
MUTATED = sample(20_000 if SOAK else 2_000)
HONEST = 3  # chunks for each route, beside one that is read in another region
ANY_STATUS = tuple(f", {status}" for status in redirected.STATUSES)


@dataclass(frozen=True)
class Given:
    """What the process was given, and the document that is not to be asked for."""

    announced: dict[str, list[Announced]]
    asked: list[Asked]
    redirected: list[Asked]
    victim: str

    @property
    def chunks(self) -> list[Announced]:
        return [chunk for listed in self.announced.values() for chunk in listed]

    def hostile(self, *positions: str) -> list[Announced]:
        begins = tuple(f"{route}, {position}: " for route in jobs.ROUTES for position in positions)
        return [chunk for chunk in self.chunks if chunk.case.startswith(begins)]

    @property
    def own(self) -> dict[str, str | None]:
        """By case, the only document that may be asked for."""
        chunks = {chunk.case: chunk.document for chunk in self.chunks}
        return chunks | {each.case: each.document for each in self.asked}


@pytest.fixture(scope="module")
def around(azurite: Azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    with surroundings(tmp_path_factory.mktemp("wire"), azurite) as running:
        yield running


@pytest.fixture(scope="module")
def ran(around: Surroundings) -> tuple[Given, Run]:
    """One run, of which each test tells a fact."""
    recording = around.recording(len(jobs.ROUTES) * (jobs.kept_for(EVERY) + HONEST) + 2)
    documents = jobs.documents_of(recording)
    victim, elsewhere = documents.kept_one().document_id, documents.kept_one()
    announced = {}
    for route in jobs.ROUTES:
        honest = [jobs.honest(documents.kept_one(), f"{route}, honest {number}") for number in range(HONEST)]
        announced[route] = [*honest, *jobs.hostile_chunks(route, documents, victim, EVERY)]
    announced[jobs.ROUTES[0]] += jobs.mutated_chunks(MUTATED)
    redirects = jobs.redirects(documents, victim, everything=SOAK)
    around.simulator.redirects = redirects.answers
    asked = [*jobs.hostile_questions(documents), *jobs.mutated_questions(MUTATED), *redirects.questions]
    asked.append(jobs.read_elsewhere(elsewhere))
    job = Job(
        announced=announced,
        call_id=recording.call_id,
        topic=around.simulator.components.resource.resource_id,
        asked=asked,
        redirected=list(redirected.STATUSES),
    )
    return Given(announced, asked, redirects.questions, victim), around.run(job)


def test_nobody_is_connected_to_but_acs_storage_identity_keys_and_topic(ran: tuple[Given, Run]) -> None:
    _, run = ran

    assert verdict.outside(run) == []


def test_each_of_them_is_connected_to_and_seen_from_inside_and_from_outside(
    ran: tuple[Given, Run], around: Surroundings
) -> None:
    _, run = ran
    blobs, identity = around.azurite.ports.blob, around.identity.server.server_port

    assert {f"{host}:443" for host in (ENDPOINT_HOST, ISSUER_HOST, TOPIC_HOST, PLACE)} <= set(run.tunnels)
    assert {f"{LOOPBACK}:{blobs}", f"{LOOPBACK}:{identity}"} <= set(run.tunnels)
    assert {verdict.target_of(line) for line in run.lines if line.kind == "request"} == set(run.tunnels)


def test_no_document_is_asked_for_but_the_chunk_s_own(ran: tuple[Given, Run], around: Surroundings) -> None:
    given, run = ran

    assert verdict.other_documents(run, given.own) == []
    asked = {verdict.document_of(line) for line in verdict.to_acs(verdict.requests(run, given.own))}
    assert given.victim not in asked
    log = [each for each in around.admin.requests() if each.host.endswith(HOST_SUFFIXES)]
    assert {each.path.split("/")[3] for each in log} <= asked


def test_a_chunk_whose_content_or_metadata_lie_at_a_hostile_url_is_refused_and_nobody_is_asked(
    ran: tuple[Given, Run],
) -> None:
    given, run = ran
    chunks = given.hostile("content", "metadata")

    kinds = {chunk.case: run.results.rows[chunk.document].failure_kind for chunk in chunks}
    assert {case for case, kind in kinds.items() if kind != FailureKind.REJECTED} == set()
    assert list(verdict.requests(run, [chunk.case for chunk in chunks])) == []


def test_a_chunk_that_is_to_be_deleted_at_a_hostile_url_is_copied_and_stays_at_acs(
    ran: tuple[Given, Run], around: Surroundings
) -> None:
    given, run = ran
    chunks = given.hostile("delete")
    rows = {chunk.case: run.results.rows[chunk.document] for chunk in chunks}
    worked = {run.results.rows[chunk.document].status for chunk in chunks if chunk.worked}

    assert {case for case, row in rows.items() if row.delete_location or not row.left_at_acs} == set()
    assert worked == {ChunkStatus.STORED}
    methods = {line.what.split()[0] for line in verdict.to_acs(verdict.requests(run, [each.case for each in chunks]))}
    assert methods == {"GET"}
    assert around.admin.violations() == []


def test_the_adapters_ask_nobody_for_a_hostile_url(ran: tuple[Given, Run]) -> None:
    given, run = ran
    cases = [each.case for each in given.asked if each.document is None]

    assert len(cases) > len(TEMPLATES)
    assert {run.results.answers[case].split(":")[0] for case in cases} == {"SourceUnavailable", "StoreUnavailable"}
    assert list(verdict.requests(run, cases)) == []


def test_no_hostile_redirect_is_followed(ran: tuple[Given, Run]) -> None:
    given, run = ran
    cases = [each.case for each in given.redirected]

    assert {run.results.answers[case].split(":")[0] for case in cases} == {"SourceUnavailable"}
    assert [line.case for line in verdict.requests(run, cases)] == cases  # one request each


def test_what_is_honest_is_copied_deleted_and_followed_to_its_region(ran: tuple[Given, Run]) -> None:
    given, run = ran
    honest = [chunk.document for chunk in given.chunks if "honest" in chunk.case]

    assert {run.results.rows[document].status for document in honest} == {ChunkStatus.DELETED.value}
    assert run.results.answers[given.asked[-1].case] == DONE


def test_no_service_is_followed_to_where_it_redirects(ran: tuple[Given, Run]) -> None:
    _, run = ran
    answers = {case: answer for case, answer in run.results.answers.items() if case.endswith(ANY_STATUS)}

    # Whatever ACS answers but a refusal, it let the app ask.
    assert {case for case, answer in answers.items() if answer == DONE} == {
        f"probe of ACS, {status}" for status in redirected.STATUSES
    }
    sent = Counter(line.case for line in verdict.requests(run, answers) if "/token" not in line.what)
    assert {case: count for case, count in sent.items() if count > 1} == {}
    assert len(sent) >= len(answers) - len(redirected.STATUSES)  # all but identity's


def test_without_a_proxy_the_same_hosts_are_looked_up(ran: tuple[Given, Run], around: Surroundings) -> None:
    given, proxied = ran
    asked = [each for each in given.asked if "redirect" not in each.case]

    direct = around.run(Job(asked=asked), proxied=False)

    cases = [each.case for each in asked]
    assert verdict.hosts(direct, cases) == verdict.hosts(proxied, cases)
    assert all(host.endswith(HOST_SUFFIXES) for host in verdict.hosts(direct, cases))


@pytest.fixture(scope="module")
def leaking(around: Surroundings) -> Run:
    around.simulator.redirects = {leaks.OWN: (307, f"https://{PLACE}/v1/objects/{VICTIM}")}
    return around.run(Job(), module="tests.wire.leaks")


@pytest.mark.parametrize("leak", leaks.LEAKS)
def test_a_leak_is_named_with_what_leaked(leaking: Run, leak: str) -> None:
    said = verdict.outside(leaking) + verdict.other_documents(leaking, dict.fromkeys(leaks.LEAKS, leaks.OWN))

    assert [each for each in said if each.startswith(leaks.LEAKS[leak][1]) and each.endswith(f"in {leak}")]


def test_a_leak_through_the_proxy_is_seen_by_the_proxy(leaking: Run) -> None:
    assert {f"{EVIL}:443", f"{EVIL}:80"} <= set(leaking.tunnels)


def test_the_figures_of_the_run(ran: tuple[Given, Run], figure: Callable[..., None]) -> None:
    given, run = ran
    end = ".soak" if SOAK else ""
    outside, others = len(verdict.outside(run)), len(verdict.other_documents(run, given.own))
    assert (outside, others) == (0, 0)
    said = "{outside} connections to any other host, {others} requests for another document"
    figure(
        f"wire.urls{end}",
        "{urls} hostile URLs, each as content, metadata and delete location through Event Grid's route and POST"
        f" /api/events, and at the adapter: {said}",
        urls=len(TEMPLATES),
        outside=outside,
        others=others,
    )
    figure(
        f"wire.redirects{end}",
        "{redirects} redirects of ACS to {targets} targets, for GET and DELETE, with {statuses} statuses: {followed}"
        f" followed, {said}",
        redirects=len(given.redirected),
        targets=len({each.case.partition(": ")[2] for each in given.redirected}),
        statuses=len(redirected.STATUSES),
        followed=sum(1 for _ in verdict.requests(run, [each.case for each in given.redirected]))
        - len(given.redirected),
        outside=outside,
        others=others,
    )
    figure(
        f"wire.mutated{end}",
        f"{{urls}} mutated URLs as content through Event Grid's route, and read and deleted at the adapter: {said}",
        urls=len(MUTATED),
        outside=outside,
        others=others,
    )
    figure(
        f"wire.services{end}",
        "{questions} questions to ACS, storage, identity, keys and topic, each answered with a redirect: {outside}"
        " connections to any other host",
        questions=sum(case.endswith(ANY_STATUS) for case in run.results.answers),
        outside=outside,
    )
