"""The sweep, every minute."""

import typing

import azure.functions as func

from functions.bindings import ready, to_messages
from shared.domain.durations import SWEEP_SCHEDULE
from shared.services import Services
from shared.settings import DELETION_QUEUE, RUNTIME_CONNECTION, TRANSFER_QUEUE


def blueprint(services: Services) -> func.Blueprint:
    bp = func.Blueprint()

    @bp.function_name("sweep")
    @bp.timer_trigger(arg_name="timer", schedule=SWEEP_SCHEDULE)
    @bp.queue_output(arg_name="transfers", queue_name=TRANSFER_QUEUE, connection=RUNTIME_CONNECTION)
    @bp.queue_output(arg_name="deletions", queue_name=DELETION_QUEUE, connection=RUNTIME_CONNECTION)
    def sweep(
        timer: func.TimerRequest,  # noqa: ARG001 - the worker binds it by name
        transfers: func.Out[typing.List[str]],
        deletions: func.Out[typing.List[str]],
    ) -> None:
        messages = ready(services).sweep.sweep()
        transfers.set(to_messages(messages.transfers))
        deletions.set(to_messages(messages.deletions))

    return bp
