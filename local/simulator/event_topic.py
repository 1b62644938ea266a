"""A custom topic of Event Grid with the CloudEvents schema, which takes Entra tokens and no keys."""

import uuid
from http import HTTPStatus

from local.simulator.arrivals import Arrivals
from local.simulator.clock import Clock
from local.simulator.cloud_events import NotCloudEventsError, read_cloud_events
from local.simulator.event_oracle import EventOracle
from local.simulator.signing import UnauthorizedError, auth_kind, check_token
from local.simulator.subscriptions import Subscriptions
from local.simulator.wire import RefusedError, Request, Response, json_response

PATH = "/api/events"
API_VERSION = "2018-01-01"
AUDIENCE = "https://eventgrid.azure.net"
BODY_BYTES_MAX = 1024 * 1024  # of a request, whatever number of events it has
CODES = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    413: "RequestEntityTooLarge",
    415: "UnsupportedMediaType",
    429: "TooManyRequests",
    500: "InternalServerError",
    503: "ServiceUnavailable",
}


class EventTopic:
    """Any host of Event Grid is this one topic."""

    def __init__(self, arrivals: Arrivals, subscriptions: Subscriptions, oracle: EventOracle, clock: Clock) -> None:
        self.arrivals = arrivals
        self.subscriptions = subscriptions
        self.oracle = oracle
        self.clock = clock

    def answer(self, request: Request) -> Response:
        try:
            check_request(request)
            events = read_cloud_events(request.headers.get("content-type", ""), request.body)
        except RefusedError as refused:
            return refused.response
        except LookupError as error:
            return topic_error(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, str(error))
        except NotCloudEventsError as error:
            return topic_error(HTTPStatus.BAD_REQUEST, str(error), "InputJsonInvalid")
        arrived = self.arrivals.add(events, self.clock.now())
        # Now, not when somebody reads it: what is told must be so at this moment.
        for event in events:
            self.oracle.judge(event)
        self.subscriptions.hand_over(arrived)
        return Response(HTTPStatus.OK, identification())


def topic_operation(_: Request) -> str:
    """The name of a request's operation: always `publish`."""
    return "publish"


def check_request(request: Request) -> None:
    """Look at everything but the events.

    Raises:
        RefusedError: with the answer.
    """
    if request.path.rstrip("/") != PATH:
        raise RefusedError(topic_error(HTTPStatus.NOT_FOUND, "No such resource.", "ResourceNotFound"))
    if request.method != "POST":
        raise RefusedError(topic_error(HTTPStatus.METHOD_NOT_ALLOWED, "Events are sent with POST."))
    if request.query.get("api-version") != API_VERSION:
        raise RefusedError(topic_error(HTTPStatus.BAD_REQUEST, f"The api-version must be {API_VERSION}."))
    try:
        check_authorization(request)
    except UnauthorizedError as error:
        raise RefusedError(topic_error(HTTPStatus.UNAUTHORIZED, f"{error}.")) from error
    if len(request.body) > BODY_BYTES_MAX:
        message = f"The maximum size ({BODY_BYTES_MAX}) has been exceeded."
        raise RefusedError(topic_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message))


def check_authorization(request: Request) -> None:
    """Raises: UnauthorizedError, unless a token for Event Grid came along."""
    if auth_kind(request) != "bearer":
        raise UnauthorizedError("The topic takes a bearer token and nothing else")
    check_token(request.headers["authorization"].partition(" ")[2], AUDIENCE)


def topic_error(status: int, message: str, detail: str | None = None) -> Response:
    """An error as Event Grid writes it: the message twice, with a finer code in `details`."""
    code = CODES.get(status, "Error")
    error = {"code": code, "message": message, "details": [{"code": detail or code, "message": message}]}
    response = json_response(status, {"error": error})
    response.headers.update(identification())
    return response


def identification() -> dict[str, str]:
    return {"x-ms-request-id": str(uuid.uuid4()), "api-supported-versions": API_VERSION}
