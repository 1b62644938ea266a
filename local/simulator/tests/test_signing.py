"""Who may call: golden vectors of the SDK's own signing, and everything that must be refused."""

import base64
import time
from email.utils import parsedate_to_datetime

import jwt
import pytest
import requests
from azure.communication.callautomation import CallAutomationClient
from azure.core.credentials import AccessToken, AzureKeyCredential, TokenCredential
from azure.core.exceptions import ClientAuthenticationError

from local.simulator.clock import Clock
from local.simulator.resource import ENDPOINT_HOST
from local.simulator.settings import CurrentSettings, Settings
from local.simulator.signing import Authenticator, UnauthorizedError, sign
from local.simulator.simulator import Simulator
from local.simulator.wire import Request

from .support import SDK_WARNINGS, Acs, content_url

pytestmark = SDK_WARNINGS

KEY = b"0123456789abcdef0123456789abcdef"
DATE = "Sat, 04 Feb 2023 00:52:55 GMT"
EMPTY = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


@pytest.mark.parametrize(
    ("method", "target", "content_hash", "signature"),
    [
        (
            "POST",
            "/calling/recordings?api-version=2026-03-12",
            "hqrQXFlbMWcMjb0m97tuYj1okBnLQ73SvEQtAPhwD10=",
            "LX8cOXXPDZuFrz5vKpDfythvssSm0A3q2M13rKyTT7c=",
        ),
        (
            "DELETE",
            "/calling/recordings/abc?api-version=2026-03-12",
            EMPTY,
            "0P4zzYLqJ6JcagCNHtojU7tFZtKGvJH8thiCUtomk60=",
        ),
        ("GET", "/v1/objects/0-wus-d4-abc/content/video", EMPTY, "ZuG+5TNsrkCsvd2vPxUkqU7UeZOsI+bn/w0HyHucJ54="),
    ],
)
def test_signatures_are_those_of_the_sdk(method: str, target: str, content_hash: str, signature: str) -> None:
    assert sign(KEY, method, target, DATE, "contoso.communication.azure.com", content_hash) == signature


def test_a_wrong_key_is_refused(simulator: Simulator, acs: Acs) -> None:
    recording_id = acs.start()
    other_key = AzureKeyCredential("bm90IHRoZSBrZXk=")
    with (
        CallAutomationClient(simulator.components.resource.endpoint, other_key) as stranger,
        pytest.raises(ClientAuthenticationError) as error,
    ):
        stranger.get_recording_properties(recording_id)

    assert error.value.error is not None
    assert error.value.error.code == "Denied"


@pytest.mark.parametrize("wrong", ["authorization", "x-ms-content-sha256", "x-ms-date", "x-ms-host"])
def test_content_needs_every_signed_header(wrong: str, simulator: Simulator, acs: Acs) -> None:
    url = content_url(acs.document())
    path = url.removeprefix("https://us-storage.asm.skype.com")
    key = base64.b64decode(simulator.components.resource.access_key)
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
    signature = sign(key, "GET", path, date, ENDPOINT_HOST, EMPTY)
    headers = {
        "x-ms-host": ENDPOINT_HOST,
        "x-ms-date": date,
        "x-ms-content-sha256": EMPTY,
        "authorization": f"HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={signature}",
    }
    assert requests.get(url, headers=headers, timeout=5).status_code == 200

    refused = requests.get(url, headers=headers | {wrong: "something else"}, timeout=5)

    assert refused.status_code == 401
    assert refused.json()["title"] == "Unauthorized"
    assert "error" not in refused.json()


def test_a_request_signed_twenty_minutes_ago_is_refused(acs: Acs) -> None:
    recording_id = acs.start()

    acs.admin.change_settings(clock_skew_seconds=1200)
    with pytest.raises(ClientAuthenticationError):
        acs.state(recording_id)

    acs.admin.change_settings(clock_skew_seconds=600)
    assert acs.state(recording_id) == "active"


def test_answers_are_dated_with_the_clock_of_the_service(acs: Acs) -> None:
    document = acs.document()
    acs.admin.change_settings(clock_skew_seconds=600)

    response = acs.download(content_url(document))

    response.read()
    assert 595 < parsedate_to_datetime(response.headers["Date"]).timestamp() - time.time() < 605


class LocalToken(TokenCredential):
    """A token nobody signed, as the SDK asks for it."""

    def __init__(self, audience: str, lifetime_seconds: int = 3600) -> None:
        self.expires_on = int(time.time()) + lifetime_seconds
        claims = {"aud": audience, "exp": self.expires_on}
        self.token = jwt.encode(claims, "", algorithm="none")

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        assert scopes == ("https://communication.azure.com//.default",)
        return AccessToken(self.token, int(time.time()) + 3600)


@pytest.mark.parametrize("audience", ["https://communication.azure.com", "https://communication.azure.com/"])
def test_a_bearer_token_is_accepted_for_api_and_content_when_switched_on(
    audience: str, simulator: Simulator, acs: Acs
) -> None:
    document = acs.document()
    acs.admin.change_settings(auth="either")
    with CallAutomationClient(simulator.components.resource.endpoint, LocalToken(audience)) as bearer:
        entra = Acs(bearer, acs.admin)

        assert entra.state(entra.start()) == "active"
        assert entra.fetch(document) == acs.fetch(document)
    assert {entry.auth for entry in acs.admin.requests()} == {"hmac", "bearer"}


@pytest.mark.parametrize(
    ("token", "auth"),
    [
        (LocalToken("https://management.azure.com"), "bearer"),
        (LocalToken("https://communication.azure.com", lifetime_seconds=-5), "bearer"),
        (LocalToken("https://communication.azure.com"), "hmac"),
    ],
)
def test_a_token_that_is_not_for_us_now_is_refused(
    token: LocalToken, auth: str, simulator: Simulator, acs: Acs
) -> None:
    recording_id = acs.start()
    acs.admin.change_settings(auth=auth)
    with (
        CallAutomationClient(simulator.components.resource.endpoint, token) as bearer,
        pytest.raises(ClientAuthenticationError),
    ):
        Acs(bearer, acs.admin).state(recording_id)


def test_a_body_that_was_changed_on_the_way_is_refused() -> None:
    authenticator = Authenticator("MDEyMw==", ENDPOINT_HOST, CurrentSettings(Settings()), Clock())
    authorization = "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=x"
    headers = {"authorization": authorization, "x-ms-content-sha256": EMPTY, "x-ms-date": DATE}
    request = Request(method="POST", target="/", host=ENDPOINT_HOST, headers=headers, body=b"changed")

    with pytest.raises(UnauthorizedError, match="body"):
        authenticator.check(request, content=False)
