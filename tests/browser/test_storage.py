"""The page and storage, which is another origin: what it reads there, and what it says where it may not."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from acsrec import Recording
from local.provision import allow_pages
from local.simulator.scripts import Script
from local.stack import Stack
from tests.browser.conftest import OpenPage
from tests.e2e.steps import record, settled

READ = """async ([url, range]) => {
  const response = await fetch(url, { headers: { Range: range } });
  const { byteLength } = await response.arrayBuffer();
  return [response.status, response.headers.get("content-range"), byteLength];
}"""
PLAY = """(url) => new Promise((resolve) => {
  const audio = new Audio();
  audio.crossOrigin = "anonymous";
  audio.onloadedmetadata = () => resolve("loaded");
  audio.onerror = () => resolve(`error ${audio.error.code}`);
  audio.src = url;
})"""


@pytest.fixture(scope="module")
def saved(stack: Stack) -> Recording:
    """A completed recording of one file."""
    return settled(stack, record(stack, Script(chunk_bytes=100_000)).id)


@pytest.fixture
def link(stack: Stack, saved: Recording) -> str:
    return stack.recorder.content_link(saved.id, saved.chunks[0].document_id).url


@pytest.fixture
def _closed(stack: Stack) -> Iterator[None]:
    """Storage lets no page in, as an operator's own rules may have it."""
    with stack.blobs as blobs:
        blobs.set_service_properties(cors=[])
        yield
    allow_pages(stack.azurite.connection_string)


def test_the_page_reads_a_part_of_a_file_and_learns_its_length(
    open_page: OpenPage, console_url: str, saved: Recording, link: str
) -> None:
    page = open_page(console_url).page

    assert page.evaluate(READ, [link, "bytes=16-31"]) == [206, f"bytes 16-31/{saved.chunks[0].bytes}", 16]


def test_the_page_may_listen_into_what_it_plays(open_page: OpenPage, console_url: str, link: str) -> None:
    page = open_page(console_url).page

    assert page.evaluate(PLAY, link) == "loaded"


def test_the_page_verifies_the_files(open_page: OpenPage, console_url: str, saved: Recording) -> None:
    page = open_page(f"{console_url}&id={saved.id}").page
    page.get_by_role("button", name="Verify files").click()

    expect(page.get_by_text("in storage")).to_contain_text("equal what was proven")


@pytest.mark.usefixtures("_closed")
def test_where_storage_lets_no_page_in_the_page_says_so(
    open_page: OpenPage, console_url: str, saved: Recording
) -> None:
    watched = open_page(f"{console_url}&id={saved.id}")
    for part in ("CORS policy", "net::ERR_FAILED"):
        watched.expect(part)
    watched.page.get_by_role("button", name="Verify files").click()

    expect(watched.page.get_by_text("storage does not answer this page").first).to_be_visible()
