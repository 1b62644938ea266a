"""Access keys: master, host-wide function key, one key per function, system keys of extensions."""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

EVENT_GRID_KEY = "eventgrid_extension"


@dataclass
class Keys:
    """The keys of one app; the shape of the keys file and of the ready line."""

    master: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    default: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    functions: dict[str, str] = field(default_factory=dict)
    systemKeys: dict[str, str] = field(default_factory=dict)  # noqa: N815 - the host's own name for them

    def complete(self, function_names: Iterable[str]) -> None:
        """Make the keys that are still missing."""
        self.systemKeys.setdefault(EVENT_GRID_KEY, secrets.token_urlsafe(32))
        for name in function_names:
            self.functions.setdefault(name, secrets.token_urlsafe(32))

    def opens_function(self, function_name: str, level: str, key: str | None) -> bool:
        """Whether a key opens an HTTP function of that level; system keys never do."""
        if level == "anonymous":
            return True
        if level == "admin":
            return self.is_master(key)
        return same(key, self.functions.get(function_name)) or same(key, self.default) or self.is_master(key)

    def opens_event_grid(self, key: str | None) -> bool:
        return same(key, self.systemKeys.get(EVENT_GRID_KEY)) or self.is_master(key)

    def is_master(self, key: str | None) -> bool:
        return same(key, self.master)


def load_keys(path: Path | None, function_names: Iterable[str]) -> Keys:
    """The keys of the file, completed and written back, so that a restarted host keeps its URLs."""
    stored = json.loads(path.read_text(encoding="utf-8")) if path and path.exists() else {}
    keys = Keys(**stored)
    keys.complete(function_names)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(keys), indent=2), encoding="utf-8")
    return keys


def same(given: str | None, expected: str | None) -> bool:
    return given is not None and expected is not None and hmac.compare_digest(given.encode(), expected.encode())
