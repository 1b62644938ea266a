"""One invocation from start to finish: run, retry, send outputs, log; and the time-out that ends the process."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import threading
import time
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from local.host.worker import WORKER_DIED_EXIT_CODE, Failure, Invocation, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

    from local.host.bindings import Function
    from local.host.outputs import QueueSender
    from local.host.protocol import TypedData
    from local.host.worker import Worker

WATCH_SECONDS = 0.2

log = logging.getLogger("local.host.invocations")


@dataclass(frozen=True)
class Running:
    """An invocation in flight."""

    function_name: str
    started: float


class Invoker:
    """Runs functions on the worker's loop and knows which are in flight."""

    def __init__(self, worker: Worker, sender: QueueSender, timeout_seconds: float | None) -> None:
        self.worker = worker
        self.sender = sender
        self.timeout_seconds = timeout_seconds
        self.running: dict[str, Running] = {}

    def start(
        self,
        function: Function,
        value: TypedData,
        metadata: Mapping[str, TypedData] | None = None,
        trace_parent: str = "",
    ) -> Future[Outcome]:
        """Begin an invocation; the future ends when its outputs are sent."""
        invocation = Invocation(
            invocation_id=str(uuid.uuid4()),
            function_id=function.function_id,
            parameter=function.trigger.parameter,
            value=value,
            metadata=metadata or {},
            trace_parent=trace_parent or new_trace_parent(),
        )
        return self.worker.call(self.run(function, invocation))

    async def run(self, function: Function, invocation: Invocation) -> Outcome:
        key, started = invocation.invocation_id, time.monotonic()
        self.running[key] = Running(function.name, started)
        log.info("Executing 'Functions.%s' (Id=%s)", function.name, key, extra=context(function, key))
        try:
            outcome = await self.run_with_retries(function, invocation)
        finally:
            del self.running[key]
        log_end(function, key, outcome, (time.monotonic() - started) * 1000)
        return outcome

    async def run_with_retries(self, function: Function, invocation: Invocation) -> Outcome:
        """Run, and again as the `retry` decorator says; like the host's, the count dies with the process."""
        policy, tries = function.retry, 0
        while True:
            outcome = await self.run_once(function, invocation)
            tries += 1
            if outcome.failure is None or policy is None or tries > policy.max_retry_count >= 0:
                return outcome
            await asyncio.sleep(min(policy.maximum_seconds, policy.minimum_seconds * 2 ** min(tries - 1, 30)))
            invocation = replace(invocation, retry_count=tries, max_retry_count=policy.max_retry_count)

    async def run_once(self, function: Function, invocation: Invocation) -> Outcome:
        outcome = await self.worker.invoke(invocation)
        if outcome.failure is not None or not outcome.outputs:
            return outcome
        try:
            await self.worker.loop.run_in_executor(None, self.sender.send, function, outcome.outputs)
        except Exception as error:  # noqa: BLE001 - whatever kept an output from being sent fails the invocation
            return Outcome(None, {}, Failure(f"{type(error).__name__}: {error}", "while sending an output"))
        return outcome

    def watch(self) -> None:
        """End the process when a function overruns `functionTimeout`, and with it all others, as Azure does.

        The Python worker cannot cancel a function, so the real host kills the whole worker process. A thread looks,
        because a blocked event loop could not.
        """
        if self.timeout_seconds is not None:
            threading.Thread(target=self.kill_on_timeout, args=(self.timeout_seconds,), daemon=True).start()

    def kill_on_timeout(self, timeout_seconds: float) -> None:
        while True:
            time.sleep(WATCH_SECONDS)
            overdue = time.monotonic() - timeout_seconds
            for key, running in list(self.running.items()):
                if running.started < overdue:
                    log.critical(
                        "Timeout value of %s seconds exceeded by function 'Functions.%s' (Id: '%s'). "
                        "The worker process ends, with %d other invocations.",
                        timeout_seconds,
                        running.function_name,
                        key,
                        len(self.running) - 1,
                    )
                    os._exit(WORKER_DIED_EXIT_CODE)

    def drain(self, seconds: float) -> bool:
        """Wait until nothing is in flight, or the time is over."""
        deadline = time.monotonic() + seconds
        while self.running and time.monotonic() < deadline:
            time.sleep(0.02)
        return not self.running

    def function_name(self, invocation_id: str) -> str | None:
        running = self.running.get(invocation_id)
        return running.function_name if running else None


def log_end(function: Function, key: str, outcome: Outcome, milliseconds: float) -> None:
    failure = outcome.failure
    log.log(
        logging.ERROR if failure else logging.INFO,
        "Executed 'Functions.%s' (%s, Id=%s, Duration=%dms)%s",
        function.name,
        "Failed" if failure else "Succeeded",
        key,
        milliseconds,
        f"\n{failure.message}\n{failure.stack_trace}" if failure else "",
        extra=context(function, key),
    )


def context(function: Function, invocation_id: str) -> dict[str, str]:
    return {"function_name": function.name, "invocation_id": invocation_id}


def new_trace_parent() -> str:
    """A W3C trace context of our own, for invocations that no request brought one for."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
