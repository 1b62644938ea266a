"""The bodies of replies, as structs that are encoded as they are; a recording's own is in `json_views`."""

from typing import Annotated, Literal

from msgspec import UNSET, UnsetType

from shared.domain.json_views import Instant, RecordingView, View, says
from shared.domain.recording_event import EventView
from shared.pipeline.rejected_events import Rejected


class RecordingPage(View, frozen=True, kw_only=True):
    """One page of a list of recordings."""

    recordings: Annotated[tuple[RecordingView, ...], says("Newest first, at risk soonest first; without their chunks.")]
    continuation: Annotated[str | None, says("Give it back to go on; null at the end. A page may be short or empty.")]
    unreadable: Annotated[tuple[str, ...], says("Ids of recordings that belong here and whose rows cannot be read.")]


class LinkView(View, frozen=True, kw_only=True):
    """A link that reads one file, and nothing else."""

    url: Annotated[str, says("Whoever has it can read the file, without a key.")]
    expires_at: Annotated[Instant, says("Until when it can be used.")]


class ExportView(View, frozen=True, kw_only=True):
    """A link to one file of all chunks of a recording; the manifest is the proof, and this is for convenience."""

    url: Annotated[str, says("Whoever has it can read the file, without a key.")]
    expires_at: Annotated[Instant, says("Until when it can be used.")]
    bytes: Annotated[int, says("The file's length.")]
    parts: Annotated[int, says("Of how many chunks it is composed.")]


class ReplayView(View, frozen=True, kw_only=True):
    """What a replay sends again."""

    transfers: Annotated[int, says("Chunks that are to be copied.")]
    deletions: Annotated[int, says("Chunks whose original is to be deleted at ACS.")]
    continuation: Annotated[str | None, says("Give it back to go on; null when nothing is left.")]


class RecordingEventsView(View, frozen=True, kw_only=True):
    """The events of a recording, and what became of them."""

    events: Annotated[tuple[EventView, ...], says("As they happened.")]


class ResendView(View, frozen=True, kw_only=True):
    """How many events are sent again."""

    events: Annotated[int, says("Events that are sent again, under their ids.")]


class RebuildView(View, frozen=True, kw_only=True):
    """What became of the recordings whose manifest lies in a day's folder, or in as much of it as one call reads."""

    rebuilt: Annotated[int, says("Recordings whose rows were written.")]
    present: Annotated[int, says("Recordings that have a row, which was not changed.")]
    unreadable: Annotated[int, says("Recordings of which nothing was written; the log says why of each.")]
    continuation: Annotated[str | None, says("Give it back to go on; null when the day is done.")]


class EventsView(View, frozen=True, kw_only=True):
    """What became of events that were handed in; both numbers are 0 for what is known already."""

    transfers: Annotated[int, says("Chunks that are to be copied.")]
    deletions: Annotated[int, says("Chunks whose original is to be deleted at ACS.")]
    rejected: Annotated[tuple[Rejected, ...], says("What was not understood or not accepted.")]


class CallbackView(View, frozen=True, kw_only=True):
    """The callbacks were taken in; ACS wants nothing in return."""


class HealthView(View, frozen=True, kw_only=True):
    """The app's settings can be read, and are usable."""

    status: Annotated[Literal["healthy"], says("Wrong settings are a problem document instead.")] = "healthy"


class DependenciesView(View, frozen=True, kw_only=True):
    """Whether the services that the app depends on answer."""

    status: Annotated[Literal["healthy", "unhealthy"], says("healthy when all of them answer.")]
    checks: Annotated[dict[str, bool], says("By name: tables, recordingsStorage, runtimeStorage, acs.")]


class FieldFault(View, frozen=True, kw_only=True):
    """What is wrong with one field of a request."""

    field: Annotated[str, says("Name of the field, of the query parameter, or of the header.")]
    detail: Annotated[str, says("What is wrong with it, and what is allowed.")]


class SettingFault(View, frozen=True, kw_only=True):
    """A setting that is wrong."""

    name: Annotated[str, says("The setting's name.")]
    must_be: Annotated[str, says("What it must be; its value is never repeated.")]


class Problem(View, frozen=True, kw_only=True):
    """What went wrong (RFC 9457)."""

    type: Annotated[Literal["about:blank"], says("The status and its title say what kind of problem it is.")] = (
        "about:blank"
    )
    title: Annotated[str, says("The phrase of the status.")]
    status: Annotated[int, says("The HTTP status.")]
    detail: Annotated[str, says("What happened, what was lost, and what to do.")]
    instance: Annotated[str, says("The path that was asked for.")]
    id: Annotated[str | UnsetType, says("The recording that it is about, where there is one.")] = UNSET
    acs_code: Annotated[str | UnsetType, says("ACS's error code, where ACS refused.")] = UNSET
    acs_status: Annotated[int | UnsetType, says("ACS's HTTP status, where ACS answered.")] = UNSET
    errors: Annotated[tuple[FieldFault, ...] | UnsetType, says("Every wrong field of the request.")] = UNSET
    settings: Annotated[tuple[SettingFault, ...] | UnsetType, says("Every wrong setting of the app.")] = UNSET
