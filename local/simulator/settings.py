"""Every switch of the simulator: one for each question that ACS's documentation leaves open.

Values arrive as JSON in camelCase, from `--settings` at start and from `PUT /admin/settings` at any time.
"""

import threading
from typing import Any, Literal

import msgspec

from local.simulator.scripts import EventOptions, Script


class BlobAccount(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A container that the simulator may look into or write to."""

    connection_string: str
    container: str = ""
    """Not used for own storage: there the caller of start names the container."""
    ca_file: str | None = None
    """The authority of an account over https that no system trusts."""


class QueueAccount(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A queue that the simulator may write to."""

    connection_string: str
    queue: str
    ca_file: str | None = None
    """The authority of an account over https that no system trusts."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The behaviour in force; the defaults are the best reading of the evidence."""

    # Who may call.
    auth: Literal["hmac", "bearer", "either"] = "hmac"
    date_skew_seconds: float = 900.0
    clock_skew_seconds: float = 0.0
    """How wrong the service's own clock is."""

    # The recording API.
    active_delay_seconds: float = 0.2
    second_start_code: Literal["8553", "8559"] = "8553"
    unknown_call_code: Literal["8501", "8522"] = "8501"
    pause_when_paused_code: Literal["", "8571", "8573"] = ""
    resume_when_active_code: Literal["", "8571", "8573"] = ""
    pause_while_starting_code: Literal["", "8571", "8573"] = ""
    call_connection_start_status: Literal[200, 202] = 202
    accepted_starts_fail: bool = False
    """Every start answered with 202 ends in StartRecordingFailed."""
    failed_start_names: tuple[Literal["recordingId", "serverCallId", "callConnectionId"], ...] = (
        "recordingId",
        "serverCallId",
        "callConnectionId",
    )
    """The ids that StartRecordingFailed carries; no whole one of ACS's was published."""
    room_id_accepted: bool = False
    loopback_callbacks_accepted: bool = True
    """ACS refuses callback URLs that are not https; a local exception for http on loopback."""
    stop_session_end_reason: str = "InitiatorLeft"

    # Files and the storage host.
    script: Script = Script()
    ready_delay_seconds: float = 0.2
    retention_hours: float = 24.0
    audio_content_name: str = "video"
    """Last segment of an audio file's URL; the documentation's samples say `video` even for MP3."""
    cross_region_redirects: bool = True
    delete_redirects: bool = False
    redirect_status: Literal[301, 302, 307, 308] = 302
    content_bytes_per_second: int | None = None
    content_latency_seconds: float = 0.0

    # Event Grid.
    event_endpoint: str | None = None
    events: EventOptions = EventOptions()
    call_events: bool = False
    """Also send CallStarted, CallParticipantAdded and CallEnded."""
    retry_delays_seconds: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
    """Pauses between attempts; the last one repeats."""
    delivery_attempts_max: int = 30
    delivery_timeout_seconds: float = 30.0
    final_statuses: tuple[int, ...] = (400, 401, 403, 413)
    """Answers that Event Grid does not retry: the event is dead-lettered at once."""
    dead_letters: BlobAccount | None = None
    dead_letter_subscription: str = "recordings"

    # The topic for the app's own events.
    topic_webhook: str | None = None
    """Gets each event in a POST of its own, after the handshake of CloudEvents; tried again as above."""
    topic_queue: QueueAccount | None = None
    """Gets each event as a message: JSON in base64."""

    # Recording-state callbacks.
    callbacks_lost: bool = False
    callbacks_signed: bool = True
    callback_delay_seconds: float = 0.0

    # The operator's storage.
    oracle: BlobAccount | None = None
    byos: BlobAccount | None = None
    byos_delete_location: Literal["acs", "blank", "absent"] = "acs"


class CurrentSettings:
    """The settings in force; a change replaces them as a whole."""

    def __init__(self, settings: Settings) -> None:
        self.current = settings
        self.lock = threading.Lock()

    def change(self, patch: dict[str, Any]) -> Settings:
        """Apply a partial document; nested objects are merged, null resets an optional value.

        Raises:
            msgspec.ValidationError: a name or a value is not one of ours; nothing is changed.
        """
        with self.lock:
            merged = merge(msgspec.to_builtins(self.current), patch)
            self.current = msgspec.convert(merged, Settings)
            return self.current


def merge(old: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    both = {
        name: merge(old[name], value)
        for name, value in patch.items()
        if isinstance(value, dict) and isinstance(old.get(name), dict)
    }
    return {**old, **patch, **both}
