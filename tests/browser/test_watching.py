"""The tests of the console are worth something: what a browser objects to is noticed, and it has the codecs."""

from playwright.sync_api import Route

from shared.api.console_files import console_headers
from tests.browser.conftest import OpenPage, Watched, faults_of_access

ADDRESS = "http://console.localhost/"
QUIET = "<!doctype html><html lang='en'><title>Quiet</title><main><h1>Quiet</h1></main></html>"
COMPLAINTS = {
    "an error of a script": ("<script src='throws.js'></script>", "error: thrown"),
    "a promise that nobody awaits": ("<script src='rejects.js'></script>", "error: rejected"),
    "a script that the policy forbids": ("<script>document.title = 'ran'</script>", "policy: script-src-elem inline"),
    "a style that the policy forbids": ("<p style='color: red'>red</p>", "policy: style-src-attr inline"),
    "markup from a text": ("<script src='writes.js'></script>", "policy: require-trusted-types-for trusted-types-sink"),
    "an origin that the policy forbids": (
        "<img alt='' src='http://elsewhere.localhost/x.svg'>",
        "policy: img-src http://elsewhere.localhost/x.svg",
    ),
    "a request without an answer": ("<img alt='' src='aborted.svg'>", "request: http://console.localhost/aborted.svg"),
    "a file that is not there": ("<img alt='' src='missing.svg'>", "404 (Not Found)"),
}
SCRIPTS = {
    "throws.js": "throw new Error('thrown')",
    "rejects.js": "Promise.reject(new Error('rejected'))",
    "writes.js": "document.body.innerHTML = '<b>text</b>'",
}
KINDS = ("audio/wav", "audio/mpeg", 'video/mp4; codecs="avc1.42E01E, mp4a.40.2"')


def opened(open_page: OpenPage, body: str = "") -> Watched:
    """A page with this in it, under the console's policy."""

    def answer(route: Route) -> None:
        name = route.request.url.removeprefix(ADDRESS)
        if name == "aborted.svg":
            route.abort()
        elif name in SCRIPTS:
            route.fulfill(body=SCRIPTS[name], content_type="text/javascript")
        else:
            headers = {**console_headers(None), "Content-Type": "text/html"}
            route.fulfill(body=QUIET.replace("</main>", f"{body}</main>"), headers=headers, status=404 if name else 200)

    watched = open_page()
    watched.page.route("**/*", answer)
    watched.page.goto(ADDRESS)
    return watched


def test_a_quiet_page_has_no_complaint(open_page: OpenPage) -> None:
    watched = opened(open_page)

    assert watched.complaints == []


def test_every_complaint_is_noticed(open_page: OpenPage) -> None:
    watched = opened(open_page, "".join(body for body, _ in COMPLAINTS.values()))

    told = "\n".join(watched.unexpected)
    assert [what for what, (_, said) in COMPLAINTS.items() if said not in told] == []
    watched.expect("")


def test_what_is_expected_is_no_complaint(open_page: OpenPage) -> None:
    watched = opened(open_page, COMPLAINTS["an error of a script"][0])
    watched.expect("thrown")

    assert (len(watched.complaints), watched.unexpected) == (1, [])


def test_axe_names_what_it_objects_to(open_page: OpenPage) -> None:
    watched = opened(open_page, "<button></button>")

    assert faults_of_access(watched.page) == ["button-name (critical): <button></button>"]


def test_the_browser_plays_what_acs_records(open_page: OpenPage) -> None:
    page = open_page().page
    says = {kind: page.evaluate("(type) => document.createElement('video').canPlayType(type)", kind) for kind in KINDS}

    assert [kind for kind in KINDS if says[kind] not in {"maybe", "probably"}] == []
