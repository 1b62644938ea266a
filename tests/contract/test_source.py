"""Every source hands out the bytes that were asked for, and says exactly which they are."""

from contextlib import suppress

import pytest

from shared.domain.errors import SourceMissing, Transient

from .source_under_test import SDK_WARNINGS, SourceUnderTest, fetched, received, unverified

pytestmark = SDK_WARNINGS
SIZE = 5000


def test_the_whole_content_is_handed_out(source_under_test: SourceUnderTest) -> None:
    kept = source_under_test.keep(3_000_000)

    assert fetched(source_under_test.source, kept.url) == kept.content


@pytest.mark.parametrize(
    ("offset", "length"),
    [(0, 1), (0, 12), (0, SIZE), (1, SIZE - 1), (1234, 2345), (SIZE - 1, 1), (SIZE - 1, 100), (0, SIZE + 1)],
)
def test_a_range_brings_exactly_its_bytes(source_under_test: SourceUnderTest, offset: int, length: int) -> None:
    kept = source_under_test.keep(SIZE)

    assert fetched(source_under_test.source, kept.url, offset, length) == kept.content[offset : offset + length]


@pytest.mark.parametrize(("offset", "length", "brought"), [(0, 12, 12), (4000, 1000, 1000), (4000, 5000, 1000)])
def test_an_answer_says_how_long_it_is_and_how_long_the_content(
    source_under_test: SourceUnderTest, offset: int, length: int, brought: int
) -> None:
    kept = source_under_test.keep(SIZE)

    with source_under_test.source.open(kept.url, offset, length) as answer:
        said = (answer.total, answer.length)

    assert said == (SIZE, brought)


@pytest.mark.parametrize("offset", [SIZE, SIZE + 1, 10**12])
def test_a_range_beyond_the_end_brings_nothing(source_under_test: SourceUnderTest, offset: int) -> None:
    kept = source_under_test.keep(SIZE)
    brought = b""

    with suppress(Transient):
        brought = fetched(source_under_test.source, kept.url, offset, 10)

    assert brought == b""


def test_an_answer_may_be_left_before_its_end(source_under_test: SourceUnderTest) -> None:
    kept = source_under_test.keep(3_000_000)

    with source_under_test.source.open(kept.url, 0, 3_000_000) as answer:
        first = received(answer, 10)

    assert kept.content.startswith(first)
    assert fetched(source_under_test.source, kept.url, 10, 20) == kept.content[10:30]


def test_metadata_are_handed_out_like_media(source_under_test: SourceUnderTest) -> None:
    kept = source_under_test.keep()

    assert fetched(source_under_test.source, kept.metadata_url).startswith(b"{")


def test_an_unknown_document_is_missing(source_under_test: SourceUnderTest) -> None:
    kept = source_under_test.keep()

    with pytest.raises(SourceMissing):
        fetched(source_under_test.source, kept.url.replace("d4-", "d5-x").replace("/content", "x/content"))


def test_a_deleted_document_is_missing_with_all_its_contents(source_under_test: SourceUnderTest) -> None:
    kept = source_under_test.keep()

    source_under_test.source.delete(kept.delete_url, unverified)

    for url in (kept.url, kept.metadata_url):
        with pytest.raises(SourceMissing):
            fetched(source_under_test.source, url)


def test_deleting_twice_is_fine(source_under_test: SourceUnderTest) -> None:
    kept = source_under_test.keep()

    for _ in range(2):
        source_under_test.source.delete(kept.delete_url, unverified)

    with pytest.raises(SourceMissing):
        fetched(source_under_test.source, kept.url)


def test_deleting_what_never_was_is_fine(source_under_test: SourceUnderTest) -> None:
    kept = source_under_test.keep()

    source_under_test.source.delete(kept.delete_url + "0", unverified)

    assert fetched(source_under_test.source, kept.url) == kept.content
