"""What admin may be asked for, beyond scripts, faults and settings."""

from typing import Literal

import msgspec

from local.simulator.scripts import Script


class CallRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A call to place."""

    participants: tuple[str, ...] = ()
    """Raw ids; empty: two ACS users."""
    group: str | None = None
    """Group call id to use; unset: a new one."""
    room: str | None = None
    script: Script | None = None


class ForeignRecordingRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A recording that nobody started through the API: one that is over, unless `running`."""

    call_id: str | None = None
    """`latest` is the latest that runs; unset: of a call that is placed for it."""
    running: bool = False
    """It goes on until its call ends; until then nobody else can record the call."""
    content_type: str = "audio"
    channel_type: str = "mixed"
    format_type: str = "wav"
    script: Script = Script()


class TimeRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How much older the stored documents shall be."""

    advance_seconds: float


class ValidationRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which handshake to try on the subscriber."""

    schema: Literal["EventGrid", "CloudEvents"] = "EventGrid"
