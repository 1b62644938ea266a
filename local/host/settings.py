"""App settings: the environment, filled up from `local.settings.json`, and `%NAME%` in bindings."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping
    from pathlib import Path

REFERENCE = re.compile(r"%([^%]+)%")


class SettingsError(Exception):
    """A settings file cannot be read, or a binding names a setting that is absent."""


class AppSettings:
    """Settings by name, without case, as .NET configuration reads them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.values = {name.lower(): value for name, value in environment.items()}

    def get(self, name: str) -> str | None:
        """The value, or None; an empty one counts as absent, as it does for the host's bindings."""
        return self.values.get(name.lower()) or None

    def expand(self, text: str) -> str:
        """Replace every `%NAME%`, as the host does for queue names and schedules."""
        missing = [name for name in REFERENCE.findall(text) if self.get(name) is None]
        if missing:
            raise SettingsError(f"%{missing[0]}% does not resolve to a value: set {missing[0]}")
        return REFERENCE.sub(lambda match: self.get(match[1]) or "", text)

    def is_disabled(self, function_name: str) -> bool:
        """Whether `AzureWebJobs.<function>.Disabled` is set; Linux allows `__` for the dot."""
        names = (f"AzureWebJobs.{function_name}.Disabled", f"AzureWebJobs__{function_name}__Disabled")
        return any((self.get(name) or "").lower() in {"true", "1"} for name in names)


def load_local_settings(path: Path, environment: MutableMapping[str, str]) -> None:
    """Copy `Values` of a local.settings.json into the environment; what is set already wins, as with `func`."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))["Values"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{path} has no readable `Values`: {error!r}") from error
    for name, value in values.items():
        environment.setdefault(name, str(value))
