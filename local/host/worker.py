"""The one adapter to `azure-functions-runtime`, the library that Azure's own Python worker runs.

Its handlers are not a documented interface, so the version is pinned, checked at start, and nothing else in the
host imports it. It keeps its registry in module globals: one app per process, which is why the host is a process.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import azure_functions_runtime as runtime  # type: ignore[import-untyped]  # Microsoft ships no types

from local.host.protocol import ParameterBinding, ProtocolMessage, StatusResult, messages

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping
    from concurrent.futures import Future
    from pathlib import Path

    from local.host.protocol import TypedData

RUNTIME_VERSION = "1.3.0"
WORKER_DIED_EXIT_CODE = 4

log = logging.getLogger("local.host.worker")


class IndexingError(Exception):
    """The app could not be imported or indexed; the message is the worker's own."""


@dataclass(frozen=True)
class RetryPolicy:
    """What the `retry` decorator says; `max_retry_count` -1 means for ever."""

    max_retry_count: int
    minimum_seconds: float
    maximum_seconds: float


@dataclass(frozen=True)
class IndexedFunction:
    """A function as the worker announces it: name, id, raw bindings (one JSON text each)."""

    name: str
    function_id: str
    raw_bindings: tuple[str, ...]
    retry: RetryPolicy | None


@dataclass(frozen=True)
class Failure:
    """What a function raised."""

    message: str
    stack_trace: str


@dataclass(frozen=True)
class Invocation:
    """One call of a function, in the typed data the real host would send."""

    invocation_id: str
    function_id: str
    parameter: str
    value: TypedData
    metadata: Mapping[str, TypedData] = field(default_factory=dict)
    trace_parent: str = ""
    retry_count: int = 0
    max_retry_count: int = 0


@dataclass(frozen=True)
class Outcome:
    """What came out of an invocation: return value and outputs, or a failure."""

    return_value: TypedData | None
    outputs: Mapping[str, TypedData]
    failure: Failure | None


class Worker:
    """The worker library, running on one event loop in a thread of its own, as the real worker process does."""

    def __init__(self, app_directory: Path) -> None:
        self.app_directory = app_directory
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.run_loop, name="worker-loop", daemon=True)

    def start(self) -> tuple[IndexedFunction, ...]:
        """Import and index the app."""
        check_version()
        sys.path.insert(0, str(self.app_directory))
        os.chdir(self.app_directory)
        self.thread.start()
        runtime.start_threadpool_executor()
        return self.call(self.index()).result()

    def run_loop(self) -> None:
        try:
            self.loop.run_forever()
        except SystemExit:
            # What a function does to Azure's worker process with sys.exit(), it does to this one.
            log.critical("A function called sys.exit(): the worker process ends", exc_info=True)
            os._exit(WORKER_DIED_EXIT_CODE)

    def call[T](self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine on the worker's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    async def index(self) -> tuple[IndexedFunction, ...]:
        initialised = await runtime.worker_init_request(
            message("worker_init_request", capabilities={}, function_app_directory=str(self.app_directory))
        )
        failure = failure_of(initialised.result)
        if failure is not None:
            raise IndexingError(f"{failure.message}\n{failure.stack_trace}")
        announced = await runtime.functions_metadata_request(message("functions_metadata_request"))
        return tuple(indexed(function) for function in announced.function_metadata_results or ())

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run one function; to be awaited on the worker's loop."""
        # The message path does not set it for `async def` functions; Azure's proxy worker does it in its task class.
        runtime.invocation_id_cv.set(invocation.invocation_id)
        response = await runtime.invocation_request(
            message(
                "invocation_request",
                invocation_id=invocation.invocation_id,
                function_id=invocation.function_id,
                input_data=[ParameterBinding(name=invocation.parameter, data=invocation.value)],
                trigger_metadata=dict(invocation.metadata),
                trace_context=ProtocolMessage(trace_parent=invocation.trace_parent, trace_state="", attributes={}),
                retry_context=ProtocolMessage(
                    retry_count=invocation.retry_count, max_retry_count=invocation.max_retry_count, exception=None
                ),
            )
        )
        return outcome(response)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)


def current_invocation_id() -> str | None:
    """The id of the invocation that the calling code belongs to; for the log."""
    current: str | None = runtime.invocation_id_cv.get()
    return current


def check_version() -> None:
    installed = version("azure-functions-runtime")
    if installed != RUNTIME_VERSION:
        raise IndexingError(
            f"azure-functions-runtime {installed} is installed, but this host is written for {RUNTIME_VERSION}: "
            "its handlers are an internal interface; run the contract tests before changing the pin"
        )


def message(verb: str, **fields: Any) -> ProtocolMessage:
    """A request in the envelope the handlers expect."""
    return ProtocolMessage(
        request=ProtocolMessage(**{verb: ProtocolMessage(**fields)}),
        properties={"host": "127.0.0.1", "protos": messages()},
    )


def indexed(function: Any) -> IndexedFunction:
    return IndexedFunction(
        name=function.name,
        function_id=function.function_id,
        raw_bindings=tuple(function.raw_bindings),
        retry=retry_policy(function.retry_options),
    )


def retry_policy(options: Any) -> RetryPolicy | None:
    if options is None:
        return None
    if options.retry_strategy == "fixed_delay":
        seconds = options.delay_interval.total_seconds()
        return RetryPolicy(options.max_retry_count, seconds, seconds)
    return RetryPolicy(
        options.max_retry_count,
        options.minimum_interval.total_seconds(),
        options.maximum_interval.total_seconds(),
    )


def outcome(response: Any) -> Outcome:
    failure = failure_of(response.result)
    if failure is not None:
        return Outcome(return_value=None, outputs={}, failure=failure)
    return Outcome(
        return_value=response.return_value,
        outputs={output.name: output.data for output in response.output_data if output.data is not None},
        failure=None,
    )


def failure_of(result: Any) -> Failure | None:
    if result.status == StatusResult.Success:
        return None
    return Failure(message=result.exception.message, stack_trace=result.exception.stack_trace)
