"""Mutated URLs at the matcher: whatever it accepts, every client would connect to the host and path that it read.

SOAK=1 takes all of them, `make test` a sample.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import pytest

from shared.api.request_bodies import parse_start_request
from shared.domain.acs_urls import LOCATION, Location, in_own_storage, own_location, parse_location
from shared.domain.errors import InvalidRequest, NotAllowed, NotUnderstood
from shared.settings import HOST_SUFFIXES
from tests.builders import CONTAINER, start_body
from tests.wire import hostile_urls, parsers
from tests.wire.mutated_urls import COUNT, document_of, mutated_forms, mutated_urls, sample

SOAK = bool(os.environ.get("SOAK"))
SAMPLE = 2_000
OWN = document_of(7)
CALLER = "caller.example"
CALLBACK = f"https://{CALLER}/hooks/recording?id=1"
matcher = partial(parse_location, host_suffixes=HOST_SUFFIXES)


def sdk_like(url: str) -> Location:
    """A matcher with a rule less: its host may be anything that ends well."""
    found = re.match(r"https://(?P<host>.+?)/v1/objects/(?P<document>[A-Za-z0-9-]{1,128})", url, re.DOTALL)
    if found is None or not found["host"].endswith(HOST_SUFFIXES):
        raise NotAllowed(url)
    return Location(found["host"], found["document"], None)


@pytest.mark.parametrize("content", [None, "video", "acsmetadata"])
def test_no_hostile_url_is_where_a_chunk_lies(content: str | None) -> None:
    for name, url in hostile_urls.hostile_urls(OWN, content).items():
        with pytest.raises(NotUnderstood) as refusal:
            own_location(OWN, url, HOST_SUFFIXES)

        has_the_form = not isinstance(refusal.value, NotAllowed)
        assert has_the_form == name.startswith(hostile_urls.ANOTHER)


@pytest.mark.timeout(1800 if SOAK else 60)
def test_every_client_would_connect_to_what_the_matcher_reads_in_a_mutated_url(figure: Callable[..., None]) -> None:
    numbers = range(COUNT) if SOAK else sample(SAMPLE)
    taken = 0
    differing = []
    for url, location in parsers.accepted(mutated_urls(numbers), matcher):
        taken += 1
        differing += parsers.differences(url, location)

    assert taken > len(numbers) / 20
    assert differing == []
    figure(
        "wire.matcher.soak" if SOAK else "wire.matcher",
        "{urls} mutated URLs at the matcher, which takes {taken}: urllib, urllib3, requests, yarl and httpx read"
        " another host, port or path than it does in {differing}",
        urls=len(numbers),
        taken=taken,
        differing=len(differing),
    )


def test_a_matcher_with_a_rule_less_is_caught() -> None:
    taken = list(parsers.accepted(mutated_urls(sample(SAMPLE)), sdk_like))

    assert [said for url, location in taken for said in parsers.differences(url, location)] != []


def test_mutated_urls_are_the_same_each_time_and_differ_from_each_other() -> None:
    urls = dict(mutated_urls(sample(SAMPLE)))

    assert urls == dict(mutated_urls(sample(SAMPLE)))
    assert len(set(urls.values())) == SAMPLE


def taken_by_start(**fields: str) -> bool:
    try:
        parse_start_request(start_body(**fields), (CONTAINER,), (CALLER,))
    except InvalidRequest:
        return False
    return True


def lookalikes(url: str) -> Iterator[str]:
    """Hostile forms of a URL, and mutations of it."""
    host = url.split("/")[2]
    yield from (hostile.replace(hostile_urls.PLACE, host) for hostile in hostile_urls.hostile_urls(OWN, None).values())
    yield from (url.replace("/2026", f"/{dots}/2026") for dots in (".", "..", "...", "%2e", ".%2e", "%252e"))
    yield from mutated_forms(url, SAMPLE)


def test_a_callback_url_that_is_passed_on_leads_every_client_to_an_allowed_host() -> None:
    urls = [url for url in lookalikes(CALLBACK) if taken_by_start(recordingStateCallbackUrl=url)]

    targets = {target[:3] for url in urls for _, target in parsers.read(url) if not isinstance(target, str)}
    assert len(urls) > SAMPLE / 20
    assert targets == {("https", CALLER, parsers.HTTPS_PORT)}


def test_a_container_that_is_passed_on_is_the_operator_s_for_every_client() -> None:
    urls = [url for url in lookalikes(f"{CONTAINER}/2026") if taken_by_start(recordingStorageContainerUrl=url)]

    assert len(urls) > SAMPLE / 50
    assert [url for url in urls for _, target in parsers.read(url) if not in_container(target, url)] == []


def test_a_file_in_the_operator_s_container_lies_there_for_every_client() -> None:
    urls = [url for url in lookalikes(f"{CONTAINER}/2026/11/a.wav") if in_own_storage(url, (CONTAINER,))]

    assert len(urls) > SAMPLE / 50
    assert [url for url in urls for _, target in parsers.read(url) if not in_container(target, url)] == []


def in_container(target: parsers.Target | str, url: str) -> bool:
    """Whether a client would connect to the operator's account, and ask for the path as it stands in the container."""
    host, container = CONTAINER.split("/")[2:]
    path = url.removeprefix(f"https://{host}")
    return target == ("https", host, parsers.HTTPS_PORT, path) and path.startswith(f"/{container}")


LABELS = r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+)"
# Rules of the matcher: what stands in its pattern, and what stands there when the rule is taken out.
RULES: Mapping[str, tuple[str, str]] = {
    "the scheme": ("https://", "(?:https?|HTTPS|ftp)://"),
    "no user": ("https://", "https://(?:[^/@]*@)?"),
    "no port": (LABELS, LABELS + "(?::[0-9]+)?"),
    "the characters of a host": (LABELS, "[^/]+)"),
    "the length of a label": ("{1,63}", "+"),
    "the length of a host": ("{1,253}/", "+/"),
    "the beginning of the path": ("/v1/objects/", "/+[vV]1/+[oO]bjects/+"),
    "the characters of a document's id": ("[A-Za-z0-9-]{1,128})", "[^/]*)"),
    "the length of a document's id": ("{1,128}", "+"),
    "the characters of a content": ("[a-z0-9]{1,32}", "[^/]*"),
    "nothing behind": ("))?", "))?(?:[/?# ].*)?"),
}


def taken_by(pattern: re.Pattern[str], suffixes: tuple[str, ...]) -> list[str]:
    """The hostile URLs, of those that do not have the right form, that a matcher takes."""
    hostile = [hostile_urls.hostile_urls(OWN, content) for content in ("video", None)]
    return [
        name
        for urls in hostile
        for name, url in urls.items()
        if not name.startswith(hostile_urls.ANOTHER)
        and (found := pattern.fullmatch(url))
        and found["host"].lower().endswith(suffixes)
    ]


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_of_the_matcher_keeps_a_hostile_url_out(rule: str) -> None:
    stands, instead = RULES[rule]
    assert stands in LOCATION.pattern
    # What is looked ahead for ends a host at its path: it lets a port through here, which is another rule.
    loose = re.compile(LOCATION.pattern.replace(stands, instead).replace("{1,253}/)", "{1,253}[:/])"), re.DOTALL)

    assert taken_by(loose, HOST_SUFFIXES) != []


@pytest.mark.parametrize("suffixes", [("",), tuple(suffix[1:] for suffix in HOST_SUFFIXES)], ids=["none", "no dot"])
def test_the_suffixes_of_hosts_keep_hostile_urls_out(suffixes: tuple[str, ...]) -> None:
    assert taken_by(LOCATION, suffixes) != []
    assert taken_by(LOCATION, HOST_SUFFIXES) == []
