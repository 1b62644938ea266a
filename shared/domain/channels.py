"""The channels of an unmixed recording, and the participants who are given them."""

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.domain.json_fields import ALLOWED

CHANNELS_MAX = 5  # an unmixed recording has at most five channels
RAW_ID_CHARACTERS_MAX = 2048

type Participant = Annotated[
    str,
    Meta(
        max_length=RAW_ID_CHARACTERS_MAX,
        pattern=r"^[0-9]+:[!-~]+$",  # printable: five of the longest fit into a column, escaped as they are
        description="A raw id of ACS.",
        examples=["8:acs:70559d7c-…_00000013", "4:+15551234567"],
        extra={ALLOWED: "a raw id such as 8:acs:… or 4:+15551234567"},
    ),
]


class ChannelAffinity(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Pins a participant to a channel of an unmixed recording."""

    participant: Participant
    channel: Annotated[int, Meta(ge=0, le=CHANNELS_MAX - 1, description="Its number.")]
