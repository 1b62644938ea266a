"""The route that serves the console: static files, without a key. What they show, they ask the API for, with one."""

import azure.functions as func

from shared.services import Services


def blueprint(services: Services) -> func.Blueprint:
    """One route for all files: the platform hands it the address without the slash and the one with it, too."""
    bp = func.Blueprint()

    @bp.route("console/{*file}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
    def console(req: func.HttpRequest) -> func.HttpResponse:
        from functions.replies import console as replies

        return replies.console(services, req)

    return bp
