"""Mutated URLs at the matcher: whatever it accepts, every client would connect to the host and path that it read.

SOAK=1 takes all of them, `make test` a sample.
"""

import os
import re
from collections.abc import Callable
from functools import partial

import pytest

from shared.domain.acs_urls import Location, own_location, parse_location
from shared.domain.errors import NotAllowed, NotUnderstood
from shared.settings import HOST_SUFFIXES
from tests.wire import hostile_urls, parsers
from tests.wire.mutated_urls import COUNT, document_of, mutated_urls, sample

SOAK = bool(os.environ.get("SOAK"))
SAMPLE = 2_000
OWN = document_of(7)
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
