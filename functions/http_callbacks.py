"""The route that ACS posts a recording's state to."""

import azure.functions as func

from shared.services import Services


def blueprint(services: Services) -> func.Blueprint:
    bp = func.Blueprint()

    @bp.route("callbacks/recording-state", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
    def recording_state(req: func.HttpRequest) -> func.HttpResponse:
        from functions.replies import callbacks as replies

        return replies.recording_state(services, req)

    return bp
