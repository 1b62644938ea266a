"""From the end of a recording to its announcement: documents, export, events."""

from collections.abc import Sequence
from functools import partial
from itertools import batched

from local.simulator.byos import Exported, Exporter
from local.simulator.clock import Clock
from local.simulator.delivery import Delivery, EventRecord
from local.simulator.documents import Document, Documents
from local.simulator.events import Locations, file_ready_events
from local.simulator.file_generator import FileGenerator
from local.simulator.recordings import Recording
from local.simulator.scheduler import Scheduler
from local.simulator.scripts import EventOptions, Script
from local.simulator.settings import CurrentSettings


class Publisher:
    """Makes the files of ended recordings ready, and says so."""

    def __init__(
        self,
        settings: CurrentSettings,
        scheduler: Scheduler,
        clock: Clock,
        file_generator: FileGenerator,
        documents: Documents,
        exporter: Exporter,
        delivery: Delivery,
        topic: str,
    ) -> None:
        self.settings = settings
        self.scheduler = scheduler
        self.clock = clock
        self.file_generator = file_generator
        self.documents = documents
        self.exporter = exporter
        self.delivery = delivery
        self.topic = topic

    def recording_ended(self, recording: Recording) -> None:
        delay = self.script(recording).ready_delay_seconds
        delay = self.settings.current.ready_delay_seconds if delay is None else delay
        self.scheduler.later(delay, partial(self.publish, recording))

    def script(self, recording: Recording) -> Script:
        return recording.script or recording.call.script or self.settings.current.script

    def publish(self, recording: Recording) -> None:
        script = self.script(recording)
        options = script.events or self.settings.current.events
        documents = self.file_generator.produce(recording, script, options.hadr_twins)
        for document in documents:
            self.documents.add(document)
        exported = {} if script.export_fails else self.exporter.export(recording, documents)
        chunks = [self.locate(document, options, exported.get(document.document_id)) for document in documents]
        events = file_ready_events(recording, chunks, script, options, self.clock.now(), self.topic)
        records = [
            self.delivery.publish(event, options.schema, recording.recording_id, hold=options.never) for event in events
        ]
        recording.documents, recording.files_ready = documents, True
        if not options.never:
            self.dispatch(records, options)

    def dispatch(self, records: Sequence[EventRecord], options: EventOptions) -> None:
        for number, batch in enumerate(batched(records, options.batch_size, strict=False)):
            delay = options.delay_seconds + number * options.chunk_interval_seconds
            for _ in range(1 + options.duplicates):
                self.delivery.send(batch, delay)

    def locate(self, document: Document, options: EventOptions, exported: Exported | None) -> Locations:
        current = self.settings.current
        source = f"https://{options.content_host or document.home_host}/v1/objects/{document.document_id}"
        delete: str | None = f"https://{options.delete_host or document.home_host}/v1/objects/{document.document_id}"
        if options.delete_form == "deletedata":
            delete = f"{delete}/content/deletedata"
        if exported is not None:
            delete = {"acs": delete, "blank": "", "absent": None}[current.byos_delete_location]
        name = "video" if document.media_format == "mp4" else current.audio_content_name
        return Locations(
            document_id=document.document_id,
            index=document.index,
            end_reason=document.end_reason,
            content=exported.content_url if exported else f"{source}/content/{name}",
            metadata=exported.metadata_url if exported else f"{source}/content/acsmetadata",
            delete=delete,
        )
