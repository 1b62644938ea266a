"""The HTTP response of a function: status, headers, cookies and bytes as it set them."""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from local.host.http_messages import Response
from local.host.protocol import SameSite

if TYPE_CHECKING:
    from local.host.bindings import Function
    from local.host.protocol import TypedData
    from local.host.worker import Outcome

SAME_SITE = {SameSite.Lax: "lax", SameSite.Strict: "strict", SameSite.ExplicitNone: "none"}


def response_of(function: Function, outcome: Outcome) -> Response:
    """500 with an empty body after an exception; 204 when the function has no HTTP output."""
    if outcome.failure is not None:
        return Response(500)
    returned = outcome.return_value
    if function.http_output is not None and function.http_output.parameter in outcome.outputs:
        returned = outcome.outputs[function.http_output.parameter]
    if returned is None or returned.kind is None:
        return Response(204)
    return http_response(returned.value) if returned.kind == "http" else plain_response(returned)


def plain_response(returned: TypedData) -> Response:
    if returned.kind == "bytes":
        return Response(200, returned.value)
    return Response.text(200, str(returned.value))


def http_response(http: Any) -> Response:
    body = http.body.value if http.body is not None else b""
    headers = [(str(name), str(value)) for name, value in http.headers.items()]
    headers += [("Set-Cookie", cookie_text(cookie)) for cookie in http.cookies or ()]
    return Response(int(http.status_code), body.encode() if isinstance(body, str) else bytes(body), tuple(headers))


def cookie_text(cookie: Any) -> str:
    """A Set-Cookie value; absent attributes are None, or nullables around an empty text."""
    attributes = [
        ("expires", format_datetime(cookie.expires.value, usegmt=False) if present(cookie.expires) else ""),
        ("max-age", f"{cookie.max_age.value:.0f}" if present(cookie.max_age) else ""),
        ("domain", cookie.domain.value if present(cookie.domain) else ""),
        ("path", cookie.path.value if present(cookie.path) else ""),
        ("samesite", SAME_SITE.get(cookie.same_site, "")),
    ]
    flags = [("secure", cookie.secure), ("httponly", cookie.http_only)]
    return "; ".join(
        [f"{cookie.name}={cookie.value}"]
        + [f"{name}={value}" for name, value in attributes if value]
        + [name for name, flag in flags if present(flag)]
    )


def present(nullable: Any) -> bool:
    return nullable is not None and bool(nullable.value)
