"""The composition root: builds the host around one app, starts it, drains it."""

from __future__ import annotations

import hashlib
import logging
import os
import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from local.host import logs
from local.host.admin import AdminApi
from local.host.app import AppError, AppLoader
from local.host.bindings import EventGridTrigger, HttpTrigger, QueueTrigger, TimerTrigger
from local.host.connections import Connections
from local.host.event_grid import EventGridWebhook
from local.host.host_json import load_host_json
from local.host.http_functions import HttpFunctions
from local.host.http_server import LOOPBACK, HttpServer
from local.host.invocations import Invoker
from local.host.keys import load_keys
from local.host.outputs import QueueSender
from local.host.queue_processing import QueueProcessor
from local.host.queues import QueueListener
from local.host.routes import Router
from local.host.settings import AppSettings
from local.host.timer_status import STORAGE, TimerStatusStore
from local.host.timers import Timer
from local.host.worker import IndexingError, Worker

if TYPE_CHECKING:
    from pathlib import Path

    from local.host.app import App
    from local.host.bindings import Function
    from local.host.host_json import HostJson, QueueSettings
    from local.host.http_messages import Request, Response
    from local.host.options import Options
    from local.host.timer_status import TimerStatus

WEBHOOKS = "/runtime/webhooks/"
BODY_BYTES_MAX = 100 * 1024 * 1024

log = logging.getLogger("local.host.startup")


@dataclass(frozen=True)
class Arguments:
    """What the command line says."""

    app_directory: Path
    port: int
    keys_file: Path | None
    options: Options


class Host:
    """One app being hosted in this process."""

    def __init__(self, arguments: Arguments) -> None:
        self.arguments = arguments
        self.options = arguments.options
        self.settings = AppSettings(os.environ)
        self.connections = Connections(self.settings)
        self.worker = Worker(arguments.app_directory)
        self.host_json, self.problems = load_host_json(arguments.app_directory / "host.json")
        sender = QueueSender(self.connections, self.settings, base64=self.host_json.queues.base64, wake=self.wake)
        timeout = self.options.function_timeout or self.host_json.function_timeout_seconds
        self.invoker = Invoker(self.worker, sender, timeout)
        self.listeners: list[QueueListener] = []
        self.timers: dict[str, Timer] = {}

    def start(self) -> dict[str, Any]:
        """Index, check, listen; what comes back is the ready line."""
        logs.install(logs.HostLogHandler(self.host_json.log_levels, self.invoker.function_name))
        app = self.load()
        self.keys = load_keys(self.arguments.keys_file, app.functions)
        self.open_queues(app)
        self.timers = self.make_timers(app) if self.options.timers else {}
        self.listeners = self.make_listeners(app) if self.options.queues else []
        self.http = self.make_http(app)
        self.webhook = EventGridWebhook(
            {name: one for name, one in app.functions.items() if isinstance(one.trigger, EventGridTrigger)},
            self.keys,
            self.settings,
            self.invoker,
        )
        self.admin = AdminApi(app.functions, self.keys, self.invoker, self.timer_status)
        limit = int(self.settings.get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT") or BODY_BYTES_MAX)
        outstanding_max = self.host_json.max_outstanding_requests
        grace = self.options.body_grace_seconds
        self.server = HttpServer(self.arguments.port, self.answer, limit, outstanding_max, grace)
        self.server.start()
        self.invoker.watch()
        for part in self.parts():
            part.start()
        return self.ready_line(app)

    def load(self) -> App:
        try:
            indexed = self.worker.start()
        except IndexingError as error:
            raise AppError("\n".join([str(error), *self.problems])) from error
        loader = AppLoader(self.host_json, self.settings, self.connections, self.options)
        loader.problems += self.problems
        return loader.load(indexed)

    def open_queues(self, app: App) -> None:
        """Make the clients, and with them import the SDKs, while no function can run yet.

        The SDKs import each other in circles. In Azure the host is another process than the app; here a listener
        that imports them beside an app that does would leave one of the two with half a module.
        """
        for function in app.functions.values():
            for output in function.queue_outputs:
                self.connections.queue(output.connection, self.settings.expand(output.queue_name))
            if isinstance(function.trigger, QueueTrigger):
                self.connections.queue(function.trigger.connection, app.queue_names[function.name])

    def answer(self, request: Request) -> Response:
        """The host's own paths come before the app's routes."""
        path = request.path
        if path.lower().startswith(WEBHOOKS):
            return self.webhook.answer(path[len(WEBHOOKS) :].rstrip("/"), request)
        if path.lower().startswith("/admin/"):
            return self.admin.answer(request)
        answer = self.http.answer(request)
        return replace(answer, headers=(*answer.headers, *self.host_json.custom_headers.items()))

    def wake(self, queue_name: str) -> None:
        for listener in self.listeners:
            if listener.processor.queue_name == queue_name:
                listener.wake()

    def parts(self) -> list[QueueListener | Timer]:
        return [*self.listeners, *self.timers.values()]

    def timer_status(self, function_name: str) -> TimerStatus | None:
        timer = self.timers.get(function_name)
        return timer.load() if timer else None

    def stop(self) -> bool:
        """Take nothing new and wait for what runs; whether everything ended in time."""
        for part in self.parts():
            part.stop()
        deadline = time.monotonic() + self.options.drain_seconds
        self.server.drain(self.options.drain_seconds)
        drained = self.invoker.drain(deadline - time.monotonic())
        # After an invocation, its queue message is deleted, and its timer's status saved.
        while not all(part.is_idle() for part in self.parts()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return drained

    def make_http(self, app: App) -> HttpFunctions:
        functions = {
            name: (one, one.trigger) for name, one in app.functions.items() if isinstance(one.trigger, HttpTrigger)
        }
        return HttpFunctions(
            functions,
            Router(app.routes),
            self.keys,
            self.settings,
            self.invoker,
            authentication=self.options.authentication,
        )

    def make_listeners(self, app: App) -> list[QueueListener]:
        settings = queue_settings(self.host_json, self.options)
        return [
            QueueListener(function, self.make_processor(function, function.trigger, app, settings), settings)
            for function in app.functions.values()
            if isinstance(function.trigger, QueueTrigger) and not self.settings.is_disabled(function.name)
        ]

    def make_processor(
        self, function: Function, trigger: QueueTrigger, app: App, settings: QueueSettings
    ) -> QueueProcessor:
        return QueueProcessor(
            function,
            app.queue_names[function.name],
            lambda name: self.connections.queue(trigger.connection, name),
            self.invoker,
            settings,
            self.options.queue_visibility_seconds,
            self.wake,
        )

    def make_timers(self, app: App) -> dict[str, Timer]:
        triggers = {
            name: function.trigger
            for name, function in app.functions.items()
            if isinstance(function.trigger, TimerTrigger) and not self.settings.is_disabled(name)
        }
        if not triggers:
            return {}
        storage = self.connections.resolve(STORAGE, "blob")
        store = TimerStatusStore(storage, host_id(self.arguments.app_directory, self.settings))
        return {
            name: Timer(
                app.functions[name],
                app.schedules[name],
                self.invoker,
                store if trigger.use_monitor else None,
                run_on_startup=trigger.run_on_startup,
            )
            for name, trigger in triggers.items()
        }

    def ready_line(self, app: App) -> dict[str, Any]:
        port = self.server.server_address[1]
        routes = {route.function_name: f"/{route.template.text}" for route in app.routes}
        return {
            "port": port,
            "url": f"http://{LOOPBACK}:{port}",
            "functions": [described(function, routes) for function in app.functions.values()],
            "keys": asdict(self.keys),
        }


def described(function: Function, routes: dict[str, str]) -> dict[str, Any]:
    line: dict[str, Any] = {"name": function.name, "trigger": function.kind}
    if isinstance(function.trigger, HttpTrigger):
        line["route"] = routes[function.name]
        line["methods"] = sorted(function.trigger.methods)
        line["authLevel"] = function.trigger.auth_level
    return line


def queue_settings(host_json: HostJson, options: Options) -> QueueSettings:
    if options.queue_polling_max_seconds is None:
        return host_json.queues
    return replace(host_json.queues, max_polling_seconds=options.queue_polling_max_seconds)


def host_id(app_directory: Path, settings: AppSettings) -> str:
    """Stable for an app directory; Azure derives it from the site's name."""
    digest = hashlib.sha256(str(app_directory).encode()).hexdigest()[:16]
    return settings.get("AzureFunctionsWebHost__hostid") or f"local-{digest}"
