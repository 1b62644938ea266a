"""The routes that give links: to a chunk's files, and to one file of all of them."""

import azure.functions as func

from shared.services import Services


def blueprint(services: Services) -> func.Blueprint:
    bp = func.Blueprint()

    @bp.route("recordings/{id}/chunks/{documentId}/content", methods=["GET"])
    def chunk_content(req: func.HttpRequest) -> func.HttpResponse:
        from functions.replies import links as replies

        return replies.chunk_content(services, req)

    @bp.route("recordings/{id}/chunks/{documentId}/metadata", methods=["GET"])
    def chunk_metadata(req: func.HttpRequest) -> func.HttpResponse:
        from functions.replies import links as replies

        return replies.chunk_metadata(services, req)

    @bp.route("recordings/{id}/exports", methods=["POST"])
    def export_recording(req: func.HttpRequest) -> func.HttpResponse:
        from functions.replies import links as replies

        return replies.export_recording(services, req)

    return bp
