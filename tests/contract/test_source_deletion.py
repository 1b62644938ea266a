"""The copy is verified immediately before every single DELETE request, whatever goes wrong."""

import base64
import itertools
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests
from azure.communication.callautomation import CallAutomationClient
from azure.core.credentials import AccessToken

from shared.adapters.acs_client import connect
from shared.adapters.acs_contents import SdkSource
from shared.domain.errors import (
    CatalogConflict,
    CatalogUnavailable,
    ContentConflict,
    RecorderError,
    SourceUnavailable,
    StoreUnavailable,
)
from shared.pipeline.deletion import CopyMissing
from tests.fakes import Fault, World
from tests.fakes.acs import FakeSource

from .conftest import HOST_SUFFIXES, no_credential
from .played import Answer, cut, nobody, silence, transport
from .source_under_test import SDK_WARNINGS, SimulatorSourceUnderTest, SourceUnderTest, received

pytestmark = SDK_WARNINGS
DOCUMENT = "0-wus-d4-0123456789abcdef0123456789abcdef"
URL = f"https://us-storage.asm.skype.com/v1/objects/{DOCUMENT}"
CONNECTION_STRING = "endpoint=https://acs.example.communication.azure.com/;accesskey=c2VjcmV0"
CLAIMS = base64.urlsafe_b64encode(b'{"access_token": {"nbf": {"essential": true, "value": "1"}}}').decode()
CHALLENGE = {"WWW-Authenticate": f'Bearer realm="", error="insufficient_claims", claims="{CLAIMS}"'}

FAULTS: dict[str, Answer | Exception] = {
    "503": Answer(503),
    "503 and wait": Answer(503, {"Retry-After": "0"}),
    "429": Answer(429),
    "429 and wait": Answer(429, {"Retry-After": "0"}),
    "500": Answer(500),
    "408": Answer(408),
    "401": Answer(401),
    "401 with a challenge": Answer(401, CHALLENGE),
    "302": Answer(302, {"Location": URL.replace("us-storage", "eu-storage")}),
    "307": Answer(307, {"Location": URL.replace("us-storage", "in-storage")}),
    "reset": cut(),
    "time-out": silence(),
    "no connection": nobody(),
    "404": Answer(404),
    "202": Answer(202),
    "204": Answer(204),
}
REPEATING = ("401", "401 with a challenge", "302", "307", "503")


class Signed:
    """An identity whose token is there at once, whatever claims are asked for."""

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken("token", int(time.time()) + 3600)


class Wire:
    """What happened, in its order: verifications, and requests that went out."""

    def __init__(self, answers: Iterable[Answer | Exception]) -> None:
        self.answers: Iterator[Answer | Exception] = iter(answers)
        self.happened: list[str] = []

    def reverify(self) -> None:
        self.happened.append("reverify")

    def play(self, request: requests.PreparedRequest) -> Answer | Exception:
        self.happened.append(str(request.method))
        return next(self.answers, Answer(200))

    def source(self, *, by_identity: bool) -> tuple[CallAutomationClient, SdkSource]:
        client = (
            connect("https://acs.example.communication.azure.com", None, Signed, transport=transport(self.play))
            if by_identity
            else connect(None, CONNECTION_STRING, no_credential, transport=transport(self.play))
        )
        return client, SdkSource(client, HOST_SUFFIXES)


def sequences(length: int, faults: Iterable[str]) -> list[tuple[str, ...]]:
    return [sequence for count in range(length + 1) for sequence in itertools.product(faults, repeat=count)]


@pytest.mark.parametrize("by_identity", [False, True], ids=["by key", "by identity"])
@pytest.mark.parametrize(
    "names",
    [
        pytest.param(sequences(2, FAULTS), id="all"),
        pytest.param(sequences(3, REPEATING), id="those that repeat"),
        pytest.param(sequences(5, REPEATING), id="those that repeat, up to five", marks=pytest.mark.prove),
    ],
)
def test_the_copy_is_verified_immediately_before_every_request(
    names: list[tuple[str, ...]], *, by_identity: bool
) -> None:
    wire = Wire([])
    client, source = wire.source(by_identity=by_identity)
    with client:
        for sequence in names:
            wire.answers, wire.happened = (FAULTS[name] for name in sequence), []

            with suppress(SourceUnavailable):
                source.delete(URL, wire.reverify)

            requests_sent = wire.happened.count("DELETE")
            assert requests_sent > 0
            assert wire.happened == ["reverify", "DELETE"] * requests_sent, sequence


@pytest.mark.parametrize("fault", ["503", "503 and wait", "429", "500", "408", "reset", "time-out", "202", "204"])
def test_nothing_but_a_redirect_or_a_refused_signature_makes_a_deletion_ask_again(fault: str) -> None:
    wire = Wire([FAULTS[fault]])
    client, source = wire.source(by_identity=False)

    with client, pytest.raises(SourceUnavailable):
        source.delete(URL, wire.reverify)

    assert wire.happened == ["reverify", "DELETE"]


def test_a_challenge_is_answered_after_another_verification() -> None:
    wire = Wire([FAULTS["401 with a challenge"]])
    client, source = wire.source(by_identity=True)

    with client:
        source.delete(URL, wire.reverify)

    assert wire.happened == ["reverify", "DELETE", "reverify", "DELETE"]


@pytest.mark.parametrize(
    "error", [CopyMissing(""), ContentConflict(""), CatalogConflict(), CatalogUnavailable(""), StoreUnavailable("")]
)
@pytest.mark.parametrize("before", [(), ("302",), ("401",), ("401", "302", "401 with a challenge")])
def test_what_the_verification_raises_passes_through_and_no_request_is_sent(
    before: tuple[str, ...], error: RecorderError
) -> None:
    wire = Wire(FAULTS[name] for name in before)
    client, source = wire.source(by_identity=False)
    verifications_left = len(before)

    def reverify() -> None:
        nonlocal verifications_left
        if verifications_left == 0:
            raise error
        verifications_left -= 1

    with client, pytest.raises(type(error)) as caught:
        source.delete(URL, reverify)

    assert caught.value is error
    assert wire.happened == ["DELETE"] * len(before)


def test_a_fetch_needs_no_verification() -> None:
    wire = Wire([Answer(404)])
    client, source = wire.source(by_identity=False)

    with client, pytest.raises(SourceUnavailable), source.open(f"{URL}/content/video", 0, 1):
        pass

    assert wire.happened == ["GET"]


def test_an_undisturbed_deletion_verifies_once(source_under_test: SourceUnderTest) -> None:
    verifications: list[bool] = []

    source_under_test.source.delete(source_under_test.keep().delete_url, lambda: verifications.append(True))

    assert verifications == [True]


def test_a_deletion_that_the_verification_forbids_does_not_happen(source_under_test: SourceUnderTest) -> None:
    kept = source_under_test.keep()

    def reverify() -> None:
        raise CopyMissing("It is gone.")

    with pytest.raises(CopyMissing):
        source_under_test.source.delete(kept.delete_url, reverify)

    with source_under_test.source.open(kept.url, 0, 10) as answer:
        assert received(answer, 10) == kept.content[:10]


def test_a_redirected_deletion_is_verified_again(simulated_source: SimulatorSourceUnderTest) -> None:
    kept, seen = simulated_source.keep(), list[int]()
    simulated_source.admin.change_settings(delete_redirects=True)
    elsewhere = kept.delete_url.replace("us-storage", "eu-storage")

    simulated_source.source.delete(elsewhere, lambda: seen.append(len(simulated_source.admin.requests("delete"))))

    assert seen == [0, 1]
    assert len(simulated_source.admin.requests("delete")) == 2


def test_a_fake_that_is_asked_again_verifies_again() -> None:
    world, verifications = World(), list[bool]()
    source = FakeSource(world)
    world.fail("source.delete", Fault.ASKED_AGAIN, times=2)

    source.delete(URL, lambda: verifications.append(True))

    assert len(verifications) == world.counts["source.delete"] == 3
