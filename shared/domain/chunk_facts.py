"""What ACS's metadata say of a file beside its length: when it begins, who is heard in it, and when it was paused.

Read tolerantly: what is malformed is left out, since no such field may keep a copy from being proven. Bounded: a row,
a transaction of a hundred of them and a manifest have room for so much; the metadata's own blob has all of it.

{"chunkStartTime": "2026-11-22T08:00:01.1557409Z", "pauseResumeIntervals": [{"startTime": "…", "duration": 4000.0}],
"participants": [{"participantId": "8:acs:…", "channel": 0}]}
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import msgspec

from shared.domain.channels import CHANNELS_MAX
from shared.domain.json_fields import Json, moment, number, text

PARTICIPANTS_MAX = 100  # chosen: a call has up to 350, of which an unmixed recording has five
PARTICIPANT_CHARACTERS_MAX = 256  # chosen: ACS's raw ids have about 80
PARTICIPANTS_CHARACTERS_MAX = 9_000  # chosen: of all ids in one row; a hundred rows fit into a transaction of 4 MiB
PAUSES_MAX = 50  # chosen
PRINTABLE = re.compile(r"[!#-\[\]-~]+", re.ASCII)  # what takes one byte in JSON, and no more in a column of it


class ChunkParticipant(msgspec.Struct, frozen=True):
    """Who is heard in a file.

    Attributes:
        id: raw id at ACS.
        channel: of an unmixed recording, from 0; None in a mixed one.
    """

    id: str
    channel: int | None = None


class ChunkPause(msgspec.Struct, frozen=True):
    """A time in which nothing was recorded."""

    since: datetime
    until: datetime


def participants(metadata: Json) -> tuple[ChunkParticipant, ...]:
    """The first of them, each once on a channel, as far as a row has room."""
    kept: dict[ChunkParticipant, None] = {}
    characters = 0
    for item in objects(metadata, "participants"):
        id, channel = text(item, "participantId"), number(item, "channel")
        if id is None or len(id) > PARTICIPANT_CHARACTERS_MAX or not PRINTABLE.fullmatch(id):
            continue
        one = ChunkParticipant(id, channel if channel is not None and channel < CHANNELS_MAX else None)
        if one in kept:
            continue
        characters += len(id)
        if len(kept) == PARTICIPANTS_MAX or characters > PARTICIPANTS_CHARACTERS_MAX:
            break
        kept[one] = None
    return tuple(kept)


def pauses(metadata: Json) -> tuple[ChunkPause, ...]:
    """The first of them, as far as a row has room."""
    kept: list[ChunkPause] = []
    for item in objects(metadata, "pauseResumeIntervals"):
        since, milliseconds = moment(item, "startTime"), number(item, "duration")
        if since is not None and milliseconds is not None and len(kept) < PAUSES_MAX:
            kept.append(ChunkPause(since, since + timedelta(milliseconds=milliseconds)))
    return tuple(kept)


def objects(metadata: Json, name: str) -> Iterator[Json]:
    """The objects in a list; nothing where there is no list."""
    items = metadata.get(name)
    return (item for item in (items if isinstance(items, list) else []) if isinstance(item, Mapping))
