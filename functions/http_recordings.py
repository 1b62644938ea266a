"""The routes that control recordings and read them."""

import azure.functions as func

from shared.services import Services


def blueprint(services: Services) -> func.Blueprint:
    bp = func.Blueprint()

    @bp.route("recordings", methods=["POST"])
    def start_recording(req: func.HttpRequest) -> func.HttpResponse:
        from functions.replies import recordings as replies

        return replies.start_recording(services, req)

    @bp.route("recordings", methods=["GET"])
    def list_recordings(req: func.HttpRequest) -> func.HttpResponse:
        from functions.replies import recordings as replies

        return replies.list_recordings(services, req)

    @bp.route("recordings/{id}", methods=["GET"])
    def get_recording(req: func.HttpRequest) -> func.HttpResponse:
        from functions.replies import recordings as replies

        return replies.get_recording(services, req)

    @bp.route("recordings/{id}/events", methods=["GET"])
    def recording_events(req: func.HttpRequest) -> func.HttpResponse:
        from functions.replies import recordings as replies

        return replies.recording_events(services, req)

    @bp.route("recordings/{id}/events/resend", methods=["POST"])
    def resend_events(req: func.HttpRequest) -> func.HttpResponse:
        from functions.replies import recordings as replies

        return replies.resend_events(services, req)

    @bp.route("recordings/{id}/pause", methods=["POST"])
    def pause_recording(req: func.HttpRequest) -> func.HttpResponse:
        from functions.replies import recordings as replies

        return replies.pause_recording(services, req)

    @bp.route("recordings/{id}/resume", methods=["POST"])
    def resume_recording(req: func.HttpRequest) -> func.HttpResponse:
        from functions.replies import recordings as replies

        return replies.resume_recording(services, req)

    @bp.route("recordings/{id}/stop", methods=["POST"])
    def stop_recording(req: func.HttpRequest) -> func.HttpResponse:
        from functions.replies import recordings as replies

        return replies.stop_recording(services, req)

    return bp
