"""Which URLs we go to. The oracle: whatever is accepted, every URL parser sees the same allowed host in it."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from urllib3.util import parse_url
from yarl import URL

from shared.domain.acs_urls import Location, in_own_storage, own_location, parse_location
from shared.domain.errors import NotUnderstood
from shared.settings import HOST_SUFFIXES
from tests.builders import CONTAINER

DOCUMENT = "0-eus-d12-801b3f3fc462fe8a01e6810cbff729b8"
PATH = f"/v1/objects/{DOCUMENT}"
GOOD = f"https://storage.asm.skype.com{PATH}"

ACCEPTED = {
    GOOD: Location("storage.asm.skype.com", DOCUMENT, None),
    f"{GOOD}/content/video": Location("storage.asm.skype.com", DOCUMENT, "video"),
    f"https://US-Storage.ASM.skype.com{PATH}/content/audio": Location("us-storage.asm.skype.com", DOCUMENT, "audio"),
    f"https://eu-prod.asyncgw.teams.microsoft.com{PATH}": Location(
        "eu-prod.asyncgw.teams.microsoft.com", DOCUMENT, None
    ),
    f"https://x.ams.gov.teams.microsoft.us{PATH}/content/deletedata": Location(
        "x.ams.gov.teams.microsoft.us", DOCUMENT, "deletedata"
    ),
}

LABEL = "a" * 63
ACCEPTED |= {
    f"https://{LABEL}.asm.skype.com{PATH}": Location(f"{LABEL}.asm.skype.com", DOCUMENT, None),
    f"https://{'a.' * 118}bcd.asm.skype.com{PATH}": Location(f"{'a.' * 118}bcd.asm.skype.com", DOCUMENT, None),
}

HOSTILE = [
    # S7. Names that no resolver takes: a label has 1 to 63 characters, a host at most 253.
    f"https://{LABEL}a.asm.skype.com{PATH}",
    f"https://{LABEL}.{LABEL}a.asm.skype.com{PATH}",
    f"https://a..asm.skype.com{PATH}",
    f"https://{'a.' * 118}bcde.asm.skype.com{PATH}",
    f"https://{f'{LABEL}.' * 5}asm.skype.com{PATH}",
    "",
    "storage.asm.skype.com",
    f"http://storage.asm.skype.com{PATH}",
    f"HTTPS://storage.asm.skype.com{PATH}",
    f"ftp://storage.asm.skype.com{PATH}",
    f"//storage.asm.skype.com{PATH}",
    f"https:storage.asm.skype.com{PATH}",
    f"https:/storage.asm.skype.com{PATH}",
    f"https:///storage.asm.skype.com{PATH}",
    f"https:\\\\storage.asm.skype.com{PATH}",
    f"https://evil.example{PATH}",
    f"https://asm.skype.com{PATH}",
    f"https://.asm.skype.com{PATH}",
    f"https://evilasm.skype.com{PATH}",
    f"https://storage.asm.skype.com.evil.example{PATH}",
    f"https://storage.asm.skype.com.{PATH}",
    f"https://storage..asm.skype.com{PATH}",
    f"https://evil.example/.asm.skype.com{PATH}",
    f"https://evil.example#.asm.skype.com{PATH}",
    f"https://evil.example?.asm.skype.com{PATH}",
    f"https://evil.example\\.asm.skype.com{PATH}",
    f"https://evil.example\\@storage.asm.skype.com{PATH}",
    f"https://evil.example%2f.asm.skype.com{PATH}",
    f"https://evil.example%00.asm.skype.com{PATH}",
    f"https://evil.example%23.asm.skype.com{PATH}",
    f"https://evil.example\t.asm.skype.com{PATH}",
    f"https://evil.example\n.asm.skype.com{PATH}",
    f"https://evil.example .asm.skype.com{PATH}",
    f"https://evil@storage.asm.skype.com{PATH}",
    f"https://user:word@storage.asm.skype.com{PATH}",
    f"https://storage.asm.skype.com@evil.example{PATH}",
    f"https://storage.asm.skype.com:443{PATH}",
    f"https://storage.asm.skype.com:8443{PATH}",
    f"https://storage.asm.skype.com:{PATH}",
    f"https://127.0.0.1{PATH}",
    f"https://[::1]{PATH}",
    f"https://2130706433{PATH}",
    f"https://localhost{PATH}",
    f"https://169.254.169.254{PATH}",
    f"https://storage.asm.\uff53kype.com{PATH}",
    f"https://storage.asm.skype.com\u200b{PATH}",
    f"https://storage\u3002asm.skype.com{PATH}",
    f"https://stórage.asm.skype.com{PATH}",
    f"{GOOD}?x=1",
    f"{GOOD}?",
    f"{GOOD}#",
    f"{GOOD}#frame",
    f"{GOOD}/",
    f"{GOOD}//content/video",
    f"{GOOD}/content",
    f"{GOOD}/content/",
    f"{GOOD}/content/Video",
    f"{GOOD}/content/{'a' * 33}",
    f"{GOOD}/content/video/more",
    f"{GOOD}/content/../../../calling",
    f"{GOOD}/content/%76ideo",
    f"{GOOD}\n",
    f"{GOOD}\r\nHost: evil.example",
    f" {GOOD}",
    f"{GOOD} ",
    "https://storage.asm.skype.com/v1/objects/",
    "https://storage.asm.skype.com/v1/objects/..",
    "https://storage.asm.skype.com/v1/objects/%2e%2e",
    "https://storage.asm.skype.com/v1/objects/a_b",
    "https://storage.asm.skype.com/v2/objects/a",
    "https://storage.asm.skype.com/v1/../v1/objects/a",
    f"https://storage.asm.skype.com/v1/objects/{'a' * 129}",
    f"https://{'a.' * 2000}asm.skype.com{PATH}",
]

# Pieces of which hostile URLs are made; shuffled and joined they are stranger than any list.
PIECES = [
    *["https", "http", ":", "//", "/", "\\", "@", "?", "#", ".", "..", ":443", "%2f", "%00", "\t", "\n", " ", "[::1]"],
    *[
        "storage",
        ".asm.skype.com",
        ".asyncgw.teams.microsoft.com",
        "evil.example",
        "user",
        "\uff53",
        "\u3002",
        "\u200b",
        "A",
    ],
    *["/v1/objects/", DOCUMENT, "/content/", "video", "acsmetadata", "https://storage.asm.skype.com/v1/objects/"],
]


def host_by_every_parser(url: str) -> set[str | None]:
    return {urlsplit(url).hostname, parse_url(url).host, URL(url).host}


def check(url: str) -> None:
    """Whatever is accepted is at an allowed host for every parser, as it came and as it was rebuilt."""
    try:
        location = parse_location(url, HOST_SUFFIXES)
    except NotUnderstood:
        return
    assert host_by_every_parser(url) == host_by_every_parser(location.url) == {location.host}
    assert location.host.endswith(HOST_SUFFIXES)
    assert urlsplit(url).path == urlsplit(location.url).path == URL(location.url).raw_path


@pytest.mark.parametrize(("url", "location"), ACCEPTED.items())
def test_the_known_forms_are_accepted(url: str, location: Location) -> None:
    assert parse_location(url, HOST_SUFFIXES) == location


@pytest.mark.parametrize("url", ACCEPTED)
def test_a_location_is_rebuilt_from_its_parts(url: str) -> None:
    location = parse_location(url, HOST_SUFFIXES)

    assert parse_location(location.url, HOST_SUFFIXES) == location


@pytest.mark.parametrize("url", HOSTILE, ids=range(len(HOSTILE)))
def test_everything_else_is_not_understood(url: str) -> None:
    with pytest.raises(NotUnderstood):
        parse_location(url, HOST_SUFFIXES)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_parsers_agree_on_whatever_is_accepted(url: str) -> None:
    check(url)


@settings(max_examples=150)
@given(
    url=st.sampled_from(list(ACCEPTED)),
    at=st.integers(0, 60),
    inserted=st.sampled_from([*PIECES, "-", "0", "a"]),
    removed=st.integers(0, 2),
)
def test_parsers_agree_after_a_small_change_of_a_good_url(url: str, at: int, inserted: str, removed: int) -> None:
    check(url[:at] + inserted + url[at + removed :])


def test_a_refused_url_is_not_repeated() -> None:
    with pytest.raises(NotUnderstood) as refused:
        parse_location(f"{GOOD}?sig=secret", HOST_SUFFIXES)

    assert "secret" not in str(refused.value)


def test_a_refused_host_is_named_beside_the_setting() -> None:
    with pytest.raises(NotUnderstood, match=r"evil\.example.*RECORDING_HOST_SUFFIXES"):
        parse_location(f"https://evil.example{PATH}", HOST_SUFFIXES)


def test_a_chunk_names_only_its_own_document() -> None:
    with pytest.raises(NotUnderstood, match="names another document"):
        own_location("0-eus-d12-other", GOOD, HOST_SUFFIXES)


def test_a_blob_in_a_container_of_the_operator_is_own_storage() -> None:
    assert in_own_storage(f"{CONTAINER}/2026/a.wav", (f"{CONTAINER}2", CONTAINER))


@pytest.mark.parametrize(
    "url",
    [
        CONTAINER,
        f"{CONTAINER}/",
        f"{CONTAINER}2/a.wav",
        f"{CONTAINER}/a.wav?sig=1",
        f"{CONTAINER}/a.wav#x",
        f"{CONTAINER}/../other/a.wav",
        f"{CONTAINER}/a/../../other/a.wav",
        f"{CONTAINER}/a//b.wav",
        f"{CONTAINER}/%2e%2e/a.wav",
        f"{CONTAINER}/a b.wav",
        f"{CONTAINER}/a\\b.wav",
        f"https://x@{CONTAINER.removeprefix('https://')}/a.wav",
        "https://other.blob.core.windows.net/own/a.wav",
    ],
)
def test_what_lies_elsewhere_is_not_own_storage(url: str) -> None:
    assert not in_own_storage(url, (CONTAINER,))


def test_without_containers_nothing_is_own_storage() -> None:
    assert not in_own_storage(f"{CONTAINER}/a.wav", ())
