"""Where a chunk may be at ACS: at the first announced place, or at those of later events, which are tried in turn."""

from collections.abc import Callable, Iterable
from functools import partial

from shared.domain import units
from shared.domain.acs_urls import Locations
from shared.domain.errors import SourceMissing, SourceSuspect, SourceUnavailable, Transient, Unforeseen
from shared.domain.models import Chunk


def locations(chunk: Chunk) -> tuple[Locations, ...]:
    """The first announced place first."""
    first = Locations(content=chunk.content_location, metadata=chunk.metadata_location, delete=chunk.delete_location)
    return (first, *chunk.other_locations)


def distinct(urls: Iterable[str | None]) -> tuple[str, ...]:
    """The URLs that there are, each once, in their order."""
    return tuple(dict.fromkeys(url for url in urls if url))


def in_turn[Answer](urls: Iterable[str], read: Callable[[str], Answer]) -> Answer:
    """What the first place gives that has it.

    Raises:
        SourceMissing: every place says that it has no such document.
        SourceUnavailable, SourceSuspect, Unforeseen: one of them cannot say.
    """
    failure: Transient = SourceMissing()
    for url in urls:
        try:
            return units.attempt(partial(read, url))
        except (SourceUnavailable, SourceSuspect, Unforeseen) as error:
            failure = error if isinstance(failure, SourceMissing) else failure
    raise failure
