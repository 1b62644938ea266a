"""ACS's file-ready events, delivered by Event Grid.

An event whose time the Functions SDK cannot read fails there, before this code: Event Grid repeats it, then
dead-letters it, and the sweep takes it in as it came.
"""

import typing

import azure.functions as func

from functions.bindings import ready, to_document, to_messages
from shared.services import Services
from shared.settings import RUNTIME_CONNECTION, TRANSFER_QUEUE


def blueprint(services: Services) -> func.Blueprint:
    bp = func.Blueprint()

    @bp.function_name("recording_file_ready")
    @bp.event_grid_trigger(arg_name="event")
    @bp.queue_output(arg_name="transfers", queue_name=TRANSFER_QUEUE, connection=RUNTIME_CONNECTION)
    def recording_file_ready(event: func.EventGridEvent, transfers: func.Out[typing.List[str]]) -> None:
        messages = ready(services).ingest.ingest(to_document(event))
        transfers.set(to_messages(messages.transfers))

    return bp
