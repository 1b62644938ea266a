"""Which options of a start go together, as JSON Schema: what its types cannot say, for the published document.

`checked` in `start_request` decides; a test compares the two.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from shared.domain.start_request import LOCATORS, MEDIA, StartRequest

DEFAULTS = {field.encode_name: field.default for field in msgspec.structs.fields(StartRequest)}
CHANNELS = ("audioChannelParticipantOrdering", "channelAffinity")  # only an unmixed recording has some to assign


def start_rules() -> dict[str, Any]:
    """Exactly one name for the call, and media that ACS makes."""
    one = [{"required": [name], "properties": {name: {"type": "string"}}} for name in LOCATORS]
    return {"oneOf": one, "anyOf": list(media_rules())}


def media_rules() -> Iterator[dict[str, Any]]:
    for content, channel in sorted({(content, channel) for content, channel, _ in MEDIA}):
        made = {"recordingContentType": content, "recordingChannelType": channel}
        formats = sorted(form for *of, form in MEDIA if of == [content, channel])
        none_assigned = {} if channel == "unmixed" else {name: {"maxItems": 0} for name in CHANNELS}
        yield {
            "required": [name for name, value in made.items() if value != DEFAULTS[name]],
            "properties": {
                **{name: {"const": value} for name, value in made.items()},
                "recordingFormatType": {"enum": [*formats, None]},
                **none_assigned,
            },
        }
