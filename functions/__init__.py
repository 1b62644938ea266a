"""What can wake the app: one file per kind of trigger, HTTP by topic, each a thin translator."""

import azure.functions as func

from functions import (
    event_grid,
    http_callbacks,
    http_console,
    http_links,
    http_openapi,
    http_operations,
    http_recordings,
    queues,
    timer,
)
from shared.services import Services

TRIGGERS = (http_recordings, http_links, http_operations, http_callbacks, http_console, event_grid, queues, timer)


def create_app(services: Services) -> func.FunctionApp:
    """The Functions app on these services, which Azure indexes and tests drive; functions bear their Python names."""
    app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
    for triggers in TRIGGERS:
        app.register_functions(triggers.blueprint(services))
    app.register_functions(http_openapi.blueprint(lambda: create_app(services).get_functions()))
    return app
