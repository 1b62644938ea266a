"""The admin side: plain HTTP and JSON, for tests, demos and curious people."""

import json
from typing import Any
from urllib.parse import unquote

import msgspec

from local.simulator.admin_calls import CallRoutes
from local.simulator.admin_control import ControlRoutes
from local.simulator.admin_refusals import allowed, refusal
from local.simulator.admin_routes import LATEST, Ask, NoBody, Route
from local.simulator.bodies import BytesBody
from local.simulator.components import Components
from local.simulator.views import RouteView
from local.simulator.wire import Request, Response

ROOT = "/admin"


class Admin:
    """Finds the route of a request; what a route returns becomes the JSON of the answer."""

    def __init__(self, components: Components) -> None:
        this = Route("GET", "", f"these routes; for a {{name}} in a path, `{LATEST}` will do", NoBody, self.listed)
        self.routes: list[Route[Any]] = [this, *CallRoutes(components).routes(), *ControlRoutes(components).routes()]

    def answer(self, request: Request) -> Response:
        path = request.path.rstrip("/") or ROOT
        if path == ROOT or path.startswith(f"{ROOT}/"):
            for route in self.routes:
                name = route.name_in(path.removeprefix(ROOT))
                if name is not None and request.method == route.method:
                    return answered(route, unquote(name), request.body)
        return problem(404, f"No route {request.method} {request.path}; GET {ROOT} lists the routes")

    def listed(self, _: Ask[NoBody]) -> Response:
        """Every route on a line of its own, so that a terminal shows it well."""
        lines = b",\n".join(msgspec.json.encode(view(route)) for route in self.routes)
        return told(200, b"[\n" + lines + b"\n]")


def view(route: Route[Any]) -> RouteView:
    return RouteView(
        method=route.method,
        path=ROOT + route.path,
        does=route.does,
        example=dict(route.example) if route.example is not None else None,
        fields=tuple(allowed(route.body)),
    )


def answered(route: Route[Any], name: str, body: bytes) -> Response:
    try:
        result = route.answered(name, body)
    except LookupError as error:
        return problem(404, str(error))
    except (ValueError, ArithmeticError, msgspec.MsgspecError) as error:
        return problem(400, refusal(error, route.body))
    if isinstance(result, Response):
        return result
    if result is None:
        return Response(204)
    return told(200, msgspec.json.encode(result))


def problem(status: int, detail: str) -> Response:
    return told(status, json.dumps({"detail": detail}).encode())


def told(status: int, text: bytes) -> Response:
    """JSON that ends its line, so that a terminal shows the next answer below."""
    return Response(status, {"Content-Type": "application/json"}, BytesBody(text + b"\n"))
