"""What can wake the app: one file per kind of trigger, each a thin translator."""

import azure.functions as func

from functions import event_grid, http_files, http_operations, http_recordings, queues, timer
from shared.services import Services


def create_app(services: Services) -> func.FunctionApp:
    """The Functions app on these services; what Azure indexes, and what tests drive."""
    app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
    app.register_functions(http_recordings.blueprint(services))
    app.register_functions(http_files.blueprint(services))
    app.register_functions(http_operations.blueprint(services))
    app.register_functions(event_grid.blueprint(services))
    app.register_functions(queues.blueprint(services))
    app.register_functions(timer.blueprint(services))
    return app
