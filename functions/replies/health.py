"""Health: apart from the other replies, since a platform asks an app that has just started for it."""

from http import HTTPStatus

import azure.functions as func

from functions.http_requests import respond
from shared.api import operations
from shared.api.http_replies import Reply, json_reply
from shared.api.views import DependenciesView, HealthView
from shared.services import Services


def health(services: Services, req: func.HttpRequest) -> func.HttpResponse:
    return respond(services, req, operations.HEALTH, lambda _: json_reply(HealthView()))


def health_dependencies(services: Services, req: func.HttpRequest) -> func.HttpResponse:
    return respond(services, req, operations.HEALTH_DEPENDENCIES, lambda _: health_reply(services.health.checks()))


def health_reply(checks: dict[str, bool]) -> Reply:
    healthy = all(checks.values())
    status = HTTPStatus.OK if healthy else HTTPStatus.SERVICE_UNAVAILABLE
    return json_reply(DependenciesView(status="healthy" if healthy else "unhealthy", checks=checks), status)
