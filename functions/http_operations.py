"""The routes for operators: replay what failed, rebuild, hand events in, compare rows with blobs, health."""

import azure.functions as func

from functions.queue_outputs import Output, queue_outputs
from shared.services import Services


def blueprint(services: Services) -> func.Blueprint:
    bp = func.Blueprint()

    @bp.route("consistency", methods=["GET"])
    def check_consistency(req: func.HttpRequest) -> func.HttpResponse:
        from functions.replies import operations as replies

        return replies.check_consistency(services, req)

    @bp.route("recordings/{id}/replay", methods=["POST"])
    @queue_outputs(bp)
    def replay_recording(req: func.HttpRequest, transfers: Output, deletions: Output) -> func.HttpResponse:
        from functions.replies import operations as replies

        return replies.replay_recording(services, req, transfers, deletions)

    @bp.route("replay", methods=["POST"])
    @queue_outputs(bp)
    def replay_failed(req: func.HttpRequest, transfers: Output, deletions: Output) -> func.HttpResponse:
        from functions.replies import operations as replies

        return replies.replay_failed(services, req, transfers, deletions)

    @bp.route("rebuild", methods=["POST"])
    def rebuild_recordings(req: func.HttpRequest) -> func.HttpResponse:
        from functions.replies import operations as replies

        return replies.rebuild_recordings(services, req)

    @bp.route("events", methods=["POST"])
    @queue_outputs(bp)
    def ingest_event(req: func.HttpRequest, transfers: Output, deletions: Output) -> func.HttpResponse:
        from functions.replies import operations as replies

        return replies.ingest_event(services, req, transfers, deletions)

    @bp.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
    def health(req: func.HttpRequest) -> func.HttpResponse:
        from functions.replies import health as replies

        return replies.health(services, req)

    @bp.route("health/dependencies", methods=["GET"])
    def health_dependencies(req: func.HttpRequest) -> func.HttpResponse:
        from functions.replies import health as replies

        return replies.health_dependencies(services, req)

    return bp
