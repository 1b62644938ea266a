"""The admin side: plain HTTP and JSON, for tests, demos and curious people."""

import json
import re

import msgspec

from local.simulator.admin_calls import CallRoutes
from local.simulator.admin_control import ControlRoutes
from local.simulator.admin_routes import Ask, Route
from local.simulator.bodies import BytesBody
from local.simulator.components import Components
from local.simulator.wire import Request, Response


class Admin:
    """Finds the route of a request; what a route returns becomes the JSON of the answer."""

    def __init__(self, components: Components) -> None:
        routes: list[Route] = [*CallRoutes(components).routes(), *ControlRoutes(components).routes()]
        self.routes = [(route, re.compile("/admin" + route.path.replace("*", "([^/]+)"))) for route in routes]

    def answer(self, request: Request) -> Response:
        for route, pattern in self.routes:
            found = pattern.fullmatch(request.path)
            if found is not None and request.method == route.method:
                return answered(route, Ask("".join(found.groups()), request.body))
        return problem(404, f"No route {request.method} {request.path}")


def answered(route: Route, ask: Ask) -> Response:
    try:
        result = route.answer(ask)
    except LookupError as error:
        return problem(404, str(error))
    except (ValueError, msgspec.MsgspecError) as error:
        return problem(400, str(error))
    if isinstance(result, Response):
        return result
    if result is None:
        return Response(204)
    return Response(200, {"Content-Type": "application/json"}, BytesBody(msgspec.json.encode(result)))


def problem(status: int, detail: str) -> Response:
    return Response(status, {"Content-Type": "application/json"}, BytesBody(json.dumps({"detail": detail}).encode()))
