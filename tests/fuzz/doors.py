"""All doors of the app."""

from collections.abc import Mapping
from typing import Any

from tests.fuzz import answered, asked, delivered, signed, stored
from tests.fuzz.door import Door

DOORS: Mapping[str, Door[Any]] = {
    door.name: door for module in (delivered, asked, signed, stored, answered) for door in module.DOORS
}
