"""What a local run was asked for: by its arguments, by variables of its own, and by the app's settings."""

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from local.app_settings import settings_left_out, settings_taken
from local.ports import FIXED, StackPorts, ports_from

STATE = Path(__file__).parents[1] / ".local"
ON, OFF = ("1",), ("", "0")


class ChoiceError(Exception):
    """A choice that cannot be understood; the message says what it may be."""


@dataclass(frozen=True, kw_only=True)
class Choices:
    """How to run.

    Attributes:
        directory: for everything that the run writes.
        ports: where its parts listen.
        persist: whether storage is kept on disk, for the next run that asks for it.
        identity: whether the app holds no key, and shows tokens of a managed identity instead.
        events_webhook: a URL that gets the events which the app tells others; None without one.
        events_queue: a queue of storage that gets them; None without one.
        app_settings: of the app, taken from the environment.
        left_out: the names of those that the environment has and that are not taken.
    """

    directory: Path
    ports: StackPorts
    persist: bool
    identity: bool
    events_webhook: str | None
    events_queue: str | None
    app_settings: Mapping[str, str]
    left_out: tuple[str, ...]

    @classmethod
    def read(cls, arguments: Sequence[str], environment: Mapping[str, str]) -> Self:
        """Raises: ChoiceError, with what a switch may be."""
        given = parser().parse_args(arguments)
        return cls(
            directory=given.directory.resolve(),
            ports=FIXED if given.first_port is None else ports_from(given.first_port),
            persist=switch(environment, "PERSIST", "keeps storage"),
            identity=switch(environment, "IDENTITY", "runs the app without keys"),
            events_webhook=url(environment, "EVENTS_WEBHOOK"),
            events_queue=queue(environment, "EVENTS_QUEUE"),
            app_settings=settings_taken(environment),
            left_out=settings_left_out(environment),
        )

    @property
    def storage(self) -> Path | None:
        """The folder of storage; None keeps it in memory."""
        return self.directory / "storage" if self.persist else None

    @property
    def log(self) -> Path:
        return self.directory / "host.log"

    @property
    def previous_log(self) -> Path:
        return self.directory / "host.previous.log"

    @property
    def variables_file(self) -> Path:
        return self.directory / "env"

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.ports.api}/api"


def switch(environment: Mapping[str, str], name: str, effect: str) -> bool:
    value = environment.get(name, "").strip()
    if value not in ON + OFF:
        raise ChoiceError(f"{name}={value} is not understood: {name}=1 {effect}; leave it out otherwise.")
    return value in ON


def url(environment: Mapping[str, str], name: str) -> str | None:
    value = environment.get(name, "").strip()
    parts = urlsplit(value)
    if value and not (parts.scheme in {"http", "https"} and parts.hostname):
        raise ChoiceError(f"{name}={value} is no URL: it gets events by POST, such as http://127.0.0.1:8080/events.")
    return value or None


def queue(environment: Mapping[str, str], name: str) -> str | None:
    value = environment.get(name, "").strip()
    if value and not re.fullmatch(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*", value):
        raise ChoiceError(f"{name}={value} is no queue: 3 to 63 lower-case letters, digits and single hyphens.")
    return value or None


def parser() -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser("python -m local", description="The whole app on this machine.")
    arguments.add_argument("--directory", type=Path, default=STATE, help="for all that is written; .local by default")
    arguments.add_argument("--first-port", type=int, help="six ports in a row from here, for a run beside another")
    return arguments
