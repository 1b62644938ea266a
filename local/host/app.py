"""The app as the host will run it: functions, routes, schedules, queues; or a list of everything wrong with it.

The worker's indexing catches much, but the .NET host checks more when it loads functions: schedules, routes, queue
names, connections. Those checks are here, and all problems are reported together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.host.bindings import BindingError, HttpTrigger, QueueTrigger, TimerTrigger, parse_function
from local.host.connections import ConnectionSettingError
from local.host.route_conflicts import conflicts
from local.host.routes import RESERVED, Route, RouteError, Template, route_text
from local.host.schedules import ScheduleError, parse_schedule
from local.host.settings import SettingsError
from local.host.timer_status import STORAGE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local.host.bindings import Function
    from local.host.connections import Connections
    from local.host.host_json import HostJson
    from local.host.options import Options
    from local.host.schedules import Schedule
    from local.host.settings import AppSettings
    from local.host.worker import IndexedFunction

QUEUE_NAME = re.compile(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*")
FUNCTION_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,127}")
LEVELS = ("anonymous", "function", "admin")


class AppError(Exception):
    """The app cannot be run as it is; the message lists every problem."""


@dataclass(frozen=True)
class App:
    """A checked app."""

    functions: dict[str, Function]
    routes: tuple[Route, ...]
    schedules: dict[str, Schedule]
    queue_names: dict[str, str]


class AppLoader:
    """Checks functions one after the other and notes the problems."""

    def __init__(self, host_json: HostJson, settings: AppSettings, connections: Connections, options: Options) -> None:
        self.host_json = host_json
        self.settings = settings
        self.connections = connections
        self.options = options
        self.problems: list[str] = []
        self.app = App(functions={}, routes=(), schedules={}, queue_names={})

    def load(self, indexed: Iterable[IndexedFunction]) -> App:
        routes: list[Route] = []
        for one in indexed:
            try:
                routes += self.add(parse_function(one))
            except BindingError as error:
                self.problems.append(f"{one.name}: {error}")
        if not self.options.overlapping_routes:
            self.problems += conflicts(routes)
        if not self.app.functions and not self.problems:
            self.problems.append("no functions found: is there a function_app.py with an app in it?")
        if self.problems:
            raise AppError("\n".join(self.problems))
        return App(self.app.functions, tuple(routes), self.app.schedules, self.app.queue_names)

    def add(self, function: Function) -> list[Route]:
        self.app.functions[function.name] = function
        if not FUNCTION_NAME.fullmatch(function.name):
            self.problems.append(f"{function.name}: not a valid function name")
        for output in function.queue_outputs:
            self.check_queue(function, output.queue_name, output.connection)
        trigger = function.trigger
        if isinstance(trigger, QueueTrigger):
            self.app.queue_names[function.name] = self.check_queue(function, trigger.queue_name, trigger.connection)
        if isinstance(trigger, TimerTrigger):
            self.check_timer(function, trigger)
        return self.route(function, trigger) if isinstance(trigger, HttpTrigger) else []

    def check_queue(self, function: Function, written: str, connection: str) -> str:
        name = self.expand(function, written)
        if name and not QUEUE_NAME.fullmatch(name):
            self.problems.append(f"{function.name}: {name!r} is not a queue name (3 to 63 of a-z, 0-9 and single -)")
        self.check_connection(function, connection, "queue")
        return name

    def check_connection(self, function: Function, connection: str, service: str) -> None:
        try:
            self.connections.resolve(connection, service)
        except ConnectionSettingError as error:
            self.problems.append(f"{function.name}: {error}")

    def check_timer(self, function: Function, trigger: TimerTrigger) -> None:
        if self.options.timers:
            # The real host keeps locks and status of timers there and does not start without it.
            self.check_connection(function, STORAGE, "blob")
        text = self.expand(function, trigger.schedule)
        try:
            if text:
                self.app.schedules[function.name] = parse_schedule(text)
        except ScheduleError as error:
            self.problems.append(f"{function.name}: {error}")

    def route(self, function: Function, trigger: HttpTrigger) -> list[Route]:
        if trigger.auth_level not in LEVELS:
            self.problems.append(f"{function.name}: unknown authLevel {trigger.auth_level!r}")
        try:
            Template(trigger.route)
            template = Template(route_text(self.host_json.route_prefix, trigger.route))
        except RouteError as error:
            self.problems.append(f"{function.name}: {error}")
            return []
        if template.segments and template.segments[0].lower() in RESERVED:
            self.problems.append(f"{function.name}: route {template.text!r} belongs to the host")
        return [Route(function.name, template, trigger.methods)]

    def expand(self, function: Function, text: str) -> str:
        """The text with its settings; empty when one is missing, which is noted and enough said about it."""
        try:
            return self.settings.expand(text)
        except SettingsError as error:
            self.problems.append(f"{function.name}: {error}")
            return ""
