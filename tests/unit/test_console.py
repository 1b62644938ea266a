"""The console's files as they are served: known names only, under a policy that runs nothing else."""

import re
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest

from functions import create_app
from shared.api.console_files import CONSOLE, TYPES, console_files, console_headers
from tests.fakes import Cloud

ADDRESS = "http://localhost/api/console/"
NAMES = sorted(name for name in console_files() if name)


def served(cloud: Cloud, file: str = "", *, url: str | None = None, **headers: str) -> func.HttpResponse:
    functions = {one.get_function_name(): one.get_user_function() for one in create_app(cloud.services).get_functions()}
    request = func.HttpRequest(
        method="GET",
        url=ADDRESS + file if url is None else url,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        route_params={"file": file} if file else {},
        body=b"",
    )
    response: Any = functions["console"](request)
    assert isinstance(response, func.HttpResponse)
    return response


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


def test_the_address_without_the_slash_leads_to_the_one_with_it(cloud: Cloud) -> None:
    response = served(cloud, url="http://localhost/api/console?x=1")

    assert (response.status_code, response.headers["Location"]) == (308, "console/")


@pytest.mark.parametrize("name", NAMES)
def test_every_file_is_served_as_it_is(cloud: Cloud, name: str) -> None:
    response = served(cloud, name)

    assert (response.status_code, response.get_body()) == (200, (CONSOLE / name).read_bytes())
    assert response.mimetype == TYPES[Path(name).suffix]


def test_the_page_is_there_under_no_name_and_its_own(cloud: Cloud) -> None:
    assert served(cloud).get_body() == served(cloud, "index.html").get_body() == (CONSOLE / "index.html").read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        "app.py",
        "../host.json",
        "..%2Fhost.json",
        "vendor/lit-html/LICENSE",
        "vendor/README.md",
        "player",
        "player/",
        "APP.js",
        "x/console",
        "app.js/",
        "a\x00b",
        str(CONSOLE / "app.js"),
    ],
)
def test_a_name_that_is_none_of_them_is_unknown(cloud: Cloud, name: str) -> None:
    response = served(cloud, name)

    assert (response.status_code, response.mimetype) == (404, "application/problem+json")


def test_what_a_browser_has_already_is_not_sent_again(cloud: Cloud) -> None:
    first = served(cloud, "app.js")
    again = served(cloud, "app.js", if_none_match=f"W/{first.headers['ETag']}")

    assert (again.status_code, again.get_body()) == (304, b"")
    assert again.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", NAMES)
def test_every_file_bears_the_policy(cloud: Cloud, name: str) -> None:
    headers = served(cloud, name).headers

    assert {key: headers[key] for key in console_headers("x")} == console_headers("http://127.0.0.1:10000")


def test_the_policy_names_storage_as_the_only_other_origin() -> None:
    directives = dict(
        part.split(" ", 1)
        for part in console_headers("https://a.blob.core.windows.net")["Content-Security-Policy"].split("; ")
    )

    assert directives == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self' https://a.blob.core.windows.net",
        "media-src": "https://a.blob.core.windows.net",
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "lit-html",
    }


def test_with_wrong_settings_the_page_is_served_and_reaches_no_storage() -> None:
    cloud = Cloud(ACS_RETENTION_HOURS="no number")

    policy = served(cloud).headers["Content-Security-Policy"]

    assert "connect-src 'self';" in policy
    assert "media-src 'none';" in policy


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".js")])
def test_what_a_script_imports_is_served(name: str) -> None:
    imported = re.findall(r'(?:from|import)\s*"(\.[^"]+)"', (CONSOLE / name).read_text())

    assert {
        (CONSOLE / name).parent.joinpath(path).resolve().relative_to(CONSOLE).as_posix() for path in imported
    } <= set(NAMES)


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("vendor/")])
def test_a_file_is_short(name: str) -> None:
    limit = 700 if name.endswith(".css") else 400

    assert (CONSOLE / name).read_text().count("\n") <= limit
