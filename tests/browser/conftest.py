"""A real browser before the whole app: what people see, and what the browser objects to."""

import shutil
from collections.abc import Generator, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, Self

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request, sync_playwright

from local.azurite import SCRIPT
from local.stack import ROOT, Stack
from tests.browser.console_page import ScriptedApp
from tests.e2e.conftest import FAST_HOST, FAST_SETTINGS
from tests.infra.lacking import skip_without

AXE = ROOT / "local" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = ROOT / ".local" / "browser"  # of pages whose test failed
NAMES = ("chromium", "chromium-browser", "google-chrome")
# Root has no sandbox; no graphics card is there; nothing is asked of the browser's maker; sound needs no click.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
)
PATIENCE_MILLISECONDS = 15_000
WIDE = (1360, 860)
type Scheme = Literal["light", "dark"]

# What the browser says about the policy comes as an event of the page as well as a line of its console.
WATCH_POLICY = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""


@dataclass
class Watched:
    """A page, and all that was complained about on it."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, part: str) -> None:
        """Complaints with this in them are what the test provokes."""
        self.expected.append(part)

    @property
    def unexpected(self) -> list[str]:
        return [one for one in self.complaints if not any(part in one for part in self.expected)]

    def watch(self) -> Self:
        self.page.on("console", self.said)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("requestfailed", self.failed)
        return self

    def said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text} {message.location.get('url', '')}")

    def failed(self, request: Request) -> None:
        if (
            request.failure != "net::ERR_ABORTED"
        ):  # the page itself ended it, as a player does with what it has no use for
            self.complaints.append(f"request: {request.url} {request.failure}")


OPENED = pytest.StashKey[list[Watched]]()  # the pages of a test


class OpenPage(Protocol):
    """Opens pages, each with a store of its own."""

    def __call__(
        self,
        url: str = "about:blank",
        *,
        scheme: Scheme = "light",
        size: tuple[int, int] = WIDE,
        still: bool = True,
    ) -> Watched: ...


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        skip_without("A browser", f"what people see is not tested (any of {', '.join(NAMES)})")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The app with short waits; timers are fired by hand."""
    if not SCRIPT.exists():
        pytest.skip("Azurite is not installed: run `make setup` for the browser tests")
    with Stack(tmp_path_factory.mktemp("browser"), app_settings=FAST_SETTINGS, host_options=FAST_HOST) as running:
        yield running


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """Opens pages; the test fails in the end where a page complained of what the test did not expect."""
    opened = request.node.stash.setdefault(OPENED, [])
    with ExitStack() as contexts:

        def open_one(
            url: str = "about:blank", *, scheme: Scheme = "light", size: tuple[int, int] = WIDE, still: bool = True
        ) -> Watched:
            context: BrowserContext = browser.new_context(
                color_scheme=scheme,
                viewport={"width": size[0], "height": size[1]},
                reduced_motion="reduce" if still else "no-preference",
                locale="en-US",
                timezone_id="Europe/Berlin",
            )
            contexts.callback(context.close)
            context.set_default_timeout(PATIENCE_MILLISECONDS)
            context.add_init_script(WATCH_POLICY)
            watched = Watched(context.new_page()).watch()
            opened.append(watched)
            watched.page.goto(url)
            return watched

        yield open_one
        unexpected = [complaint for watched in opened for complaint in watched.unexpected]
        if unexpected:
            keep_pictures(request.node.name, opened)
    assert unexpected == []


@pytest.fixture
def watched(open_page: OpenPage) -> Watched:
    """A page of the console alone, before a scripted app."""
    return open_page()


@pytest.fixture
def page(watched: Watched) -> Page:
    return watched.page


@pytest.fixture
def app(page: Page) -> ScriptedApp:
    return ScriptedApp(page)


@pytest.fixture
def console_url(stack: Stack) -> str:
    """The console's address, with a key."""
    return f"{stack.host.url}/api/console/#key={stack.host.keys.default}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With a failure, a picture of each page that is open."""
    report = yield
    if report.when == "call" and report.failed:
        keep_pictures(item.name, item.stash.get(OPENED, []))
    return report


def keep_pictures(test: str, pages: list[Watched]) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    for number, watched in enumerate(pages):
        if not watched.page.is_closed():
            with suppress(Error):  # of a page that is too long for a picture, say: the failure itself is what counts
                watched.page.screenshot(path=PICTURES / f"{test}-{number}.png", full_page=True)


def faults_of_access(page: Page) -> list[str]:
    """What axe objects to on a page, a line each."""
    page.evaluate(Path(AXE).read_text())
    found: Any = page.evaluate("axe.run()")
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]
    ]
