"""Which of the app's settings `make local` takes from its environment: those documented, save the connections."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from shared.connection_settings import RECORDINGS, RUNTIME
from shared.domain.errors import SettingsInvalid
from shared.settings import Settings

# A local run talks to its own storage and simulator: a developer's shell may name an account in Azure.
CONNECTIONS = frozenset({RUNTIME.name, RECORDINGS.name, "ACS_CONNECTION_STRING", "ACS_ENDPOINT", "AZURE_CLIENT_ID"})


class AskedNames(dict[str, str]):
    """An environment without settings, which remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return default


def setting_names() -> frozenset[str]:
    """Every setting that the app reads, asked of the code that reads them."""
    environment = AskedNames()
    with suppress(SettingsInvalid):  # it reads them all before it complains
        Settings.from_environment(environment)
    return frozenset(environment.names)


def is_connection(name: str) -> bool:
    return name.partition("__")[0] in CONNECTIONS


def settings_taken(environment: Mapping[str, str]) -> dict[str, str]:
    """What a local run passes on, blank settings too: each replaces what the run would set itself."""
    given = sorted(setting_names() & set(environment))
    return {name: environment[name] for name in given if not is_connection(name)}


def settings_left_out(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The names of connections that the environment has and a local run does not use."""
    given = sorted(setting_names() & set(environment))
    return tuple(name for name in given if is_connection(name))
