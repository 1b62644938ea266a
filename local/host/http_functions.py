"""HTTP triggers: find the function, check the key, invoke, turn the outcome into a response."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.host.http_messages import Response
from local.host.http_responses import response_of
from local.host.protocol import RpcHttp, TypedData

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.host.bindings import Function, HttpTrigger
    from local.host.http_messages import Request
    from local.host.invocations import Invoker
    from local.host.keys import Keys
    from local.host.routes import Router
    from local.host.settings import AppSettings


class HttpFunctions:
    """The HTTP functions of the app."""

    def __init__(
        self,
        functions: Mapping[str, tuple[Function, HttpTrigger]],
        router: Router,
        keys: Keys,
        settings: AppSettings,
        invoker: Invoker,
        *,
        authentication: bool,
    ) -> None:
        self.functions = functions
        self.router = router
        self.keys = keys
        self.settings = settings
        self.invoker = invoker
        self.authentication = authentication

    def answer(self, request: Request) -> Response:
        found = self.router.find(request.method, request.path)
        if found is None:
            return Response(404)
        function, trigger = self.functions[found[0]]
        if self.settings.is_disabled(function.name) and not self.keys.is_master(request.key):
            return Response(404)
        if self.authentication and not self.keys.opens_function(function.name, trigger.auth_level, request.key):
            return Response(401)
        data = request_data(request, found[1])
        future = self.invoker.start(function, data, trace_parent=request.headers.get("traceparent", ""))
        return response_of(function, future.result())


def request_data(request: Request, route_values: Mapping[str, str]) -> TypedData:
    """The request as the host hands it to the Python worker."""
    return TypedData(
        http=RpcHttp(
            method=request.method,
            url=request.url,
            headers=dict(request.headers),
            params=dict(route_values),
            query=request.query,
            body=TypedData(bytes=request.body),
        )
    )
