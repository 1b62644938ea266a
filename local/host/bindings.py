"""Function definitions: the raw bindings the worker announces, parsed once into typed triggers and outputs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.host.worker import IndexedFunction, RetryPolicy

DEFAULT_CONNECTION = "AzureWebJobsStorage"


class BindingError(Exception):
    """A binding that this host does not serve."""


@dataclass(frozen=True)
class HttpTrigger:
    """An HTTP function; no methods means all of them."""

    parameter: str
    route: str
    methods: frozenset[str]
    auth_level: str


@dataclass(frozen=True)
class QueueTrigger:
    """A Storage Queue function."""

    parameter: str
    queue_name: str
    connection: str


@dataclass(frozen=True)
class EventGridTrigger:
    """An Event Grid function, called by webhook."""

    parameter: str


@dataclass(frozen=True)
class TimerTrigger:
    """A timer function; the schedule is an NCRONTAB expression or an interval."""

    parameter: str
    schedule: str
    run_on_startup: bool
    use_monitor: bool


type Trigger = HttpTrigger | QueueTrigger | EventGridTrigger | TimerTrigger


@dataclass(frozen=True)
class QueueOutput:
    """A queue that receives what the function sets on a parameter."""

    parameter: str
    queue_name: str
    connection: str


@dataclass(frozen=True)
class HttpOutput:
    """The HTTP response, by default the return value."""

    parameter: str


@dataclass(frozen=True)
class Function:
    """One function of the app."""

    name: str
    function_id: str
    trigger: Trigger
    queue_outputs: tuple[QueueOutput, ...]
    http_output: HttpOutput | None
    retry: RetryPolicy | None

    @property
    def kind(self) -> str:
        kinds = {HttpTrigger: "http", QueueTrigger: "queue", EventGridTrigger: "eventGrid", TimerTrigger: "timer"}
        return kinds[type(self.trigger)]


def parse_function(indexed: IndexedFunction) -> Function:
    """Turn one announced function into its typed definition."""
    raw = [json.loads(text) for text in indexed.raw_bindings]
    triggers = [binding for binding in raw if binding["type"].endswith("Trigger")]
    outputs = [parse_output(binding) for binding in raw if binding not in triggers]
    return Function(
        name=indexed.name,
        function_id=indexed.function_id,
        trigger=parse_trigger(indexed.name, triggers[0]),
        queue_outputs=tuple(output for output in outputs if isinstance(output, QueueOutput)),
        http_output=next((output for output in outputs if isinstance(output, HttpOutput)), None),
        retry=indexed.retry,
    )


def parse_trigger(function_name: str, binding: dict[str, Any]) -> Trigger:
    parameter = binding["name"]
    match binding["type"]:
        case "httpTrigger":
            # The route defaults to the function's name, the level to `function`.
            route = binding.get("route")
            methods = frozenset(str(method).upper() for method in binding.get("methods") or ())
            level = str(binding.get("authLevel") or "function").lower()
            return HttpTrigger(parameter, function_name if route is None else route, methods, level)
        case "queueTrigger":
            return QueueTrigger(parameter, binding["queueName"], connection_of(binding))
        case "eventGridTrigger":
            return EventGridTrigger(parameter)
        case "timerTrigger":
            monitor = binding.get("useMonitor")
            return TimerTrigger(
                parameter, binding["schedule"], bool(binding.get("runOnStartup")), monitor is None or bool(monitor)
            )
    raise BindingError(f"the local host does not serve {binding['type']}")


def parse_output(binding: dict[str, Any]) -> QueueOutput | HttpOutput:
    match binding["type"]:
        case "http":
            return HttpOutput(binding["name"])
        case "queue":
            return QueueOutput(binding["name"], binding["queueName"], connection_of(binding))
    raise BindingError(f"the local host does not serve {binding['type']} bindings")


def connection_of(binding: dict[str, Any]) -> str:
    return binding.get("connection") or DEFAULT_CONNECTION
