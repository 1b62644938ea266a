"""What each fault does: to the request, in place of the answer, or to the answer."""

import gzip
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from local.simulator.bodies import BytesBody, DamagedBody, SliceBody, whole
from local.simulator.clock import http_date
from local.simulator.event_topic import topic_error
from local.simulator.faults import InjectedFault
from local.simulator.resource import Service
from local.simulator.storage_host import ams_error, ams_unauthorized
from local.simulator.wire import Framing, Request, Response, Sending, acs_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.simulator.bodies import Body

HTML = b"<!DOCTYPE html>\r\n<html><head><title>Bad Request</title></head><body><h1>Bad Request</h1></body></html>\r\n"
SIGNATURE_BYTES = 16


def altered_request(fault: InjectedFault, request: Request) -> Request:
    """The request as the service takes it, when the fault is in taking it wrongly."""
    if fault.action == "ignoreRange":
        return replace(request, headers={k: v for k, v in request.headers.items() if k != "range"})
    if fault.action == "clockSkew":
        return replace(request, clock_skew_seconds=fault.seconds)
    return request


def answer_instead(fault: InjectedFault, request: Request, service: Service) -> Response | None:
    """The answer of a fault that keeps the request from having any effect."""
    error = {Service.STORAGE: ams_fault, Service.TOPIC: topic_fault}.get(service, acs_fault)
    statuses = {"tooManyRequests": 429, "internalError": 500, "unavailable": 503, "notReady": 404}
    if fault.action in statuses:
        response = error(statuses[fault.action])
    elif fault.action == "status":
        response = error(fault.status or 500)
    elif fault.action == "unauthorized":
        response = ams_unauthorized() if service is Service.STORAGE else error(401)
    elif fault.action in {"redirect", "redirectLoop"}:
        here = f"https://{request.host}{request.target}"
        location = here if fault.action == "redirectLoop" else fault.location or ""
        response = Response(fault.status or 302, {"Location": location})
    else:
        return page_instead(fault)
    return replace(response, headers=response.headers | retry_after(fault))


def page_instead(fault: InjectedFault) -> Response | None:
    pages = {
        "badRequestHtml": Response(400, {"Content-Type": "text/html"}, BytesBody(HTML)),
        "htmlBody": Response(200, {"Content-Type": "text/html"}, BytesBody(HTML)),
        "jsonBody": Response(200, {"Content-Type": "application/json"}, BytesBody(b'{"message": "Please wait."}')),
        "emptyBody": Response(200, {"Content-Type": "application/octet-stream"}),
        "loseRequest": Response(503, sending=Sending(silent=True)),
    }
    return pages.get(fault.action)


def acs_fault(status: int) -> Response:
    known = {
        401: ("Denied", "Denied by the resource provider."),
        404: ("8522", "Recording not found."),
        429: ("8516", "Too many requests."),
        500: ("9999", "Unknown internal server error."),
    }
    code, message = known.get(status, ("9999", "The service does not want to."))
    return acs_error(status, code, message)


def ams_fault(status: int) -> Response:
    if status == HTTPStatus.NOT_FOUND:
        return ams_error(status, "The document not found.", "The document is not ready.")
    return ams_error(status, "The service does not want to.", "A fault was asked for.")


def topic_fault(status: int) -> Response:
    return topic_error(status, "The topic does not want to: a fault was asked for.")


def retry_after(fault: InjectedFault) -> dict[str, str]:
    if fault.retry_after_seconds is None:
        return {}
    if fault.retry_after_as_date:
        return {"Retry-After": http_date(datetime.now(UTC) + timedelta(seconds=fault.retry_after_seconds))}
    return {"Retry-After": f"{fault.retry_after_seconds:g}"}


def altered_response(fault: InjectedFault, response: Response) -> Response:
    """The right answer, sent wrongly."""
    sending = response.sending
    changes: dict[str, dict[str, Any]] = {
        "truncate": {"cut_at": fault.at},
        "reset": {"cut_at": fault.at, "reset": True},
        "closeDelimited": {"framing": Framing.CLOSE},
        "chunked": {"framing": Framing.CHUNKED},
        "chunkedOpen": {"framing": Framing.CHUNKED_OPEN},
        "longBody": {"extra": b"\xee" * fault.extra_bytes},
        "slow": {"bytes_per_second": fault.bytes_per_second},
        "stall": {"stall_at": fault.at, "stall_seconds": fault.seconds},
        "delay": {"latency_seconds": sending.latency_seconds + fault.seconds},
        "loseResponse": {"silent": True},
    }
    if fault.action in changes:
        return replace(response, sending=replace(sending, **changes[fault.action]))
    alterations: dict[str, Callable[[InjectedFault, Response], Response]] = {
        "wrongContentRange": lambda _, given: with_content_range(given, moved=1, grown=0),
        "totalChanged": lambda _, given: with_content_range(given, moved=0, grown=1),
        "gzip": lambda _, given: compressed(given),
        "flipBit": lambda asked, given: damaged(given, asked.at, 1, 0x01),
        "wrongSignature": lambda _, given: damaged(given, 0, SIGNATURE_BYTES, 0xFF),
    }
    alter = alterations.get(fault.action)
    return alter(fault, response) if alter else response


def content_range(response: Response) -> tuple[int, int, int] | None:
    found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", response.headers.get("Content-Range", ""))
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def with_content_range(response: Response, *, moved: int, grown: int) -> Response:
    told = content_range(response)
    if told is None:
        return response
    start, last, total = told
    header = f"bytes {start + moved}-{last + moved}/{total + grown}"
    return replace(response, headers=response.headers | {"Content-Range": header})


def compressed(response: Response) -> Response:
    body = BytesBody(gzip.compress(whole(response.body), compresslevel=1))
    return replace(response, headers=response.headers | {"Content-Encoding": "gzip"}, body=body)


def damaged(response: Response, at: int, length: int, mask: int) -> Response:
    """Damage bytes of the file, wherever the answer's range begins."""
    told = content_range(response)
    offset = told[0] if told else 0
    body: Body = response.body
    first, last = max(at - offset, 0), min(at + length - offset, body.size)
    if first >= last:
        return response
    # A slice of the whole, so that the damage keeps to this one answer.
    return replace(response, body=DamagedBody(SliceBody(body, 0, body.size), first, last - first, mask))
