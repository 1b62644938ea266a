"""ACS's file-ready events, delivered by Event Grid.

An event whose time the Functions SDK cannot read fails there, before this code: Event Grid repeats it, then
dead-letters it, and the sweep ingests it as it came.
"""

import azure.functions as func

from functions.bindings import Output, require_settings, to_document, to_messages, transfers_output
from shared.services import Services


def blueprint(services: Services) -> func.Blueprint:
    bp = func.Blueprint()

    @bp.function_name("recording_file_ready")
    @bp.event_grid_trigger(arg_name="event")
    @transfers_output(bp)
    def recording_file_ready(event: func.EventGridEvent, transfers: Output) -> None:
        messages = require_settings(services).ingest.ingest(to_document(event))
        transfers.set(to_messages(messages.transfers))

    return bp
