"""A reader of settings that collects what is wrong with each, so that one error names them all."""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from shared.domain.errors import SettingsInvalid, WrongSetting
from shared.domain.urls import is_container_url, is_https_origin, is_https_url, is_loopback_url

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
NUMBER_MAX = 10**6  # hours or seconds; larger ones overflow the calendar before they make sense
NAME = re.compile(r"[A-Za-z]+")  # of a part of a connection string
# App Service leaves a reference that it cannot resolve as it was written.
REFERENCE = re.compile(r"@Microsoft\.\w+\(", re.IGNORECASE)
UNRESOLVED = (
    "what its reference stands for, which Azure has not resolved; the Function App's page Environment variables says "
    "why (most often the identity lacks Key Vault Secrets User, the vault's firewall, or the secret's name)"
)


@dataclass(frozen=True)
class Reader:
    """Reads settings out of an environment.

    Attributes:
        environment: names and values; a value of nothing but blanks counts as not set.
        faults: what each wrong setting must be, by name.
    """

    environment: Mapping[str, str]
    faults: dict[str, str] = field(default_factory=dict)

    def report(self, name: str, must_be: str) -> None:
        """Note that a setting is wrong; the first reason counts. Never pass its value: it may be a secret."""
        self.faults.setdefault(name, must_be)

    def finish(self) -> None:
        """Raises: SettingsInvalid if any setting is wrong."""
        if self.faults:
            raise SettingsInvalid([WrongSetting(name, must_be) for name, must_be in self.faults.items()])

    def text(self, name: str) -> str | None:
        text = self.environment.get(name, "").strip()
        if REFERENCE.match(text):
            self.report(name, UNRESOLVED)
            return None
        return text or None

    def is_given(self, name: str) -> bool:
        """Whether a setting has a value, also a wrong one."""
        return self.text(name) is not None or name in self.faults

    def number[Default: int | None](
        self, name: str, default: Default, *, at_least: int, most: int = NUMBER_MAX
    ) -> int | Default:
        text = self.text(name)
        if text is None:
            return default
        if not re.fullmatch(r"[0-9]{1,12}", text) or not at_least <= int(text) <= most:
            self.report(name, f"a whole number from {at_least} to {most:,}")
            return default
        return int(text)

    def seconds(self, name: str, default: int) -> timedelta:
        return timedelta(seconds=self.number(name, default, at_least=1))

    def hours(self, name: str, default: int) -> timedelta:
        return timedelta(hours=self.number(name, default, at_least=1))

    def choice[Choice: StrEnum](self, name: str, default: Choice) -> Choice:
        kind = type(default)
        text = self.text(name) or default
        if text not in list(kind):
            self.report(name, f"one of {', '.join(kind)}")
            return default
        return kind(text)

    def flag(self, name: str) -> bool:
        text = self.text(name) or "false"
        if text not in {"true", "false"}:
            self.report(name, "true or false")
        return text == "true"

    def matching(self, name: str, default: str, pattern: str, shape: str) -> str:
        text = self.text(name) or default
        if not re.fullmatch(pattern, text):
            self.report(name, shape)
        return text

    def https_url(
        self,
        name: str,
        accept: Callable[[str], bool] = is_https_url,
        shape: str = "an https URL in ASCII without user, query and fragment",
    ) -> str | None:
        """An https URL without a trailing slash: the ACS SDK signs a wrong host when the endpoint ends with one."""
        text = self.text(name)
        if text is not None and not accept(text):
            self.report(name, shape)
        return text.rstrip("/") if text else None

    def https_origin(self, name: str) -> str | None:
        return self.https_url(name, is_https_origin, "an https URL with nothing behind its host")

    def guid(self, name: str) -> str | None:
        text = self.text(name)
        if text is not None and not GUID.fullmatch(text):
            self.report(name, "a GUID")
        return text

    def callback_url(self, name: str) -> str | None:
        """ACS refuses anything but https; plain http on this machine is for a simulator."""
        text = self.text(name)
        return text if text and is_loopback_url(text) else self.https_url(name)

    def items(self, name: str, accept: Callable[[str], bool], shape: str) -> tuple[str, ...]:
        items = tuple(item.strip().rstrip("/") for item in (self.text(name) or "").split(",") if item.strip())
        if not all(accept(item) for item in items):
            self.report(name, f"a list, separated by commas, of which each is {shape}")
        return items

    def container_urls(self, name: str) -> tuple[str, ...]:
        return self.items(name, is_container_url, "the https URL of a container")

    def hosts(self, name: str) -> tuple[str, ...]:
        host = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*")
        return self.items(name, lambda item: bool(host.fullmatch(item)), "a host in lower case, like app.example.com")

    def host_suffixes(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        suffix = re.compile(r"\.[a-z0-9-]+(\.[a-z0-9-]+)+")
        shape = "a host suffix like .asm.skype.com"
        return self.items(name, lambda item: bool(suffix.fullmatch(item)), shape) or default


def parsed_connection_string(text: str) -> dict[str, str] | None:
    """The parts of a connection string by lower-case name, in any order; None when it is malformed.

    A name that comes twice is malformed: the SDKs disagree which of the two counts. So is one with a blank around it:
    they take it for another name, and what it stands for as not given.
    """
    parts: dict[str, str] = {}
    for part in text.rstrip(";").split(";"):
        name, _, value = part.partition("=")
        if not NAME.fullmatch(name) or not value or name.lower() in parts:
            return None
        parts[name.lower()] = value
    return parts


def is_key(text: str | None) -> bool:
    """Whether a text can sign requests: base64 of at least one byte."""
    try:
        return bool(base64.b64decode(text or "", validate=True))
    except ValueError:
        return False
