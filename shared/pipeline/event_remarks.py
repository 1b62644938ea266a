"""Remarks on a file-ready event: what a person should know of a chunk that is taken in all the same."""

from collections.abc import Iterator

from shared.domain.acs_urls import in_own_storage, own_location
from shared.domain.errors import NotUnderstood
from shared.pipeline.file_ready_event import FileReady
from shared.pipeline.rejected_events import Rejected


def remarks(event: FileReady, host_suffixes: tuple[str, ...], byos_containers: tuple[str, ...]) -> tuple[Rejected, ...]:
    """Each place that the event names and where we do not go, though the media themselves are read."""
    return (
        *undeletable_chunks(event, host_suffixes, byos_containers),
        *unread_metadata(event, byos_containers),
    )


def undeletable_chunks(
    event: FileReady, host_suffixes: tuple[str, ...], byos_containers: tuple[str, ...]
) -> Iterator[Rejected]:
    """Each chunk whose deleteLocation is of no form that we know, or names another document."""
    for chunk in event.chunks:
        if not chunk.delete_location or in_own_storage(chunk.delete_location, byos_containers):
            continue
        try:
            own_location(chunk.document_id, chunk.delete_location, host_suffixes)
        except NotUnderstood as error:
            reason = f"Chunk {chunk.document_id} is stored but will not be deleted at ACS: {error}"
            yield Rejected(event.event_id, chunk.document_id, reason)


def unread_metadata(event: FileReady, byos_containers: tuple[str, ...]) -> Iterator[Rejected]:
    """Each chunk in a container of the operator's whose metadata are said to be elsewhere."""
    for chunk in event.chunks:
        own = in_own_storage(chunk.content_location or "", byos_containers)
        if own and chunk.metadata_location and not in_own_storage(chunk.metadata_location, byos_containers):
            reason = (
                f"The metadata of chunk {chunk.document_id} are in no container of BYOS_CONTAINERS, as its media are."
            )
            yield Rejected(event.event_id, chunk.document_id, reason)
