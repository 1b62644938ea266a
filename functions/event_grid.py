"""ACS's file-ready events, delivered by Event Grid.

An event whose time the Functions SDK cannot read fails there, before this code: Event Grid repeats it, then
dead-letters it, and the sweep ingests it as it came. Keys that neither schema has are dropped there, too: of an event
that is rejected the rest is kept.
"""

from typing import TYPE_CHECKING

import azure.functions as func

from functions.queue_outputs import Output, to_messages, transfers_output
from shared.services import Services

if TYPE_CHECKING:
    from shared.domain.json_fields import Json


def blueprint(services: Services) -> func.Blueprint:
    bp = func.Blueprint()

    @bp.event_grid_trigger(arg_name="event")
    @transfers_output(bp)
    def recording_file_ready(event: func.EventGridEvent, transfers: Output) -> None:
        with services.function("recording_file_ready"):
            ingested = services.ingest.ingest(to_document(event))
            transfers.set(to_messages(ingested.messages.transfers))

    return bp


def to_document(event: func.EventGridEvent | func.CloudEvent) -> "Json":
    """The event document, as far as the worker hands it out: in either class, by the form of the document."""
    if isinstance(event, func.CloudEvent):
        return {
            "specversion": "1.0",
            "id": event.id,
            "source": event.source,
            "type": event.type,
            "subject": event.subject,
            "time": event.time.isoformat() if event.time else None,
            "data": event.get_json(),
        }
    return {
        "id": event.id,
        "topic": event.topic,
        "subject": event.subject,
        "eventType": event.event_type,
        "eventTime": event.event_time.isoformat() if event.event_time else None,
        "dataVersion": event.data_version,
        "data": event.get_json(),
    }
