"""A URL that is not where recordings lie is not asked: no request leaves the app, not even to open a tunnel."""

import pytest

from shared.domain.errors import SourceUnavailable

from .source_under_test import SDK_WARNINGS, SimulatorSourceUnderTest, fetched, unverified

pytestmark = SDK_WARNINGS
PLACE = "us-storage.asm.skype.com"
OBJECT = "/v1/objects/0-wus-d4-0123456789abcdef0123456789abcdef"

HOSTILE = [
    f"https://evil.example@{PLACE}{OBJECT}",
    f"https://{PLACE}@evil.example{OBJECT}",
    f"https://user:password@{PLACE}{OBJECT}",
    f"https://evil.example\\@{PLACE}{OBJECT}",
    f"https://evil.example\\.asm.skype.com{OBJECT}",
    f"https://evil.example%2f.asm.skype.com{OBJECT}",
    f"https://evil.example%00.asm.skype.com{OBJECT}",
    f"https://evil.example\t.asm.skype.com{OBJECT}",
    f"https://evil.example\n.asm.skype.com{OBJECT}",
    f"https://evil.example#.asm.skype.com{OBJECT}",
    f"https://evil.example?.asm.skype.com{OBJECT}",
    f"https://.asm.skype.com{OBJECT}",
    f"https://asm.skype.com{OBJECT}",
    f"https://evilasm.skype.com{OBJECT}",
    f"https://{PLACE}.evil.example{OBJECT}",
    f"https://{PLACE}.{OBJECT}",
    f"https://{PLACE}:443{OBJECT}",
    f"https://{PLACE}:8443{OBJECT}",
    f"http://{PLACE}{OBJECT}",
    f"HTTPS://{PLACE}{OBJECT}",
    f"//{PLACE}{OBJECT}",
    f" https://{PLACE}{OBJECT}",
    f"https://{PLACE}{OBJECT}\n",
    f"https://{PLACE}{OBJECT}\r\nX-Injected: header",
    f"https://{PLACE}/v1/objects/../../urlp/v1/url/content",
    f"https://{PLACE}/v1/objects/%2e%2e/%2e%2e/urlp",
    f"https://{PLACE}{OBJECT}/../0-wus-d4-another",
    f"https://{PLACE}{OBJECT}/content/../../another",
    f"https://{PLACE}{OBJECT}/content/video/",
    f"https://{PLACE}{OBJECT}/content/video?url=https://evil.example",
    f"https://{PLACE}{OBJECT}/content/video#fragment",
    f"https://{PLACE}//v1/objects/0-wus-d4-ab",
    f"https://{PLACE}/V1/objects/0-wus-d4-ab",
    "https://us-prod.asyncgw.teams.microsoft.com/urlp/v1/url/content?url=https://evil.example",
    f"https://127.0.0.1{OBJECT}",
    f"https://[::1]{OBJECT}",
    f"https://[::ffff:127.0.0.1].asm.skype.com{OBJECT}",
    f"https://\u0430sm.skype.com{OBJECT}",
    f"https://us\u2024storage.asm.skype.com{OBJECT}",
    f"https://us-storage\uff0easm\uff0eskype\uff0ecom{OBJECT}",
    f"https://{PLACE}/v1/objects/{'0' * 129}",
    f"https://{PLACE}/v1/objects/0-wus-d4-\u0661",
    f"https://{'a' * 3000}.asm.skype.com{OBJECT}",
    "file:///etc/passwd",
    "https://",
    "",
]


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_url_is_never_asked_for(simulated_source: SimulatorSourceUnderTest, url: str) -> None:
    with pytest.raises(SourceUnavailable):
        fetched(simulated_source.source, url)

    assert simulated_source.admin.requests() == []


@pytest.mark.parametrize("url", HOSTILE)
def test_nothing_is_deleted_at_a_hostile_url(simulated_source: SimulatorSourceUnderTest, url: str) -> None:
    with pytest.raises(SourceUnavailable):
        simulated_source.source.delete(url, unverified)

    assert simulated_source.admin.requests() == []
