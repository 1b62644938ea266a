"""The sweep, every minute."""

import typing

import azure.functions as func

from functions.bindings import ready, to_messages
from shared.services import Services
from shared.settings import DELETION_QUEUE, RUNTIME_CONNECTION, TRANSFER_QUEUE

# Every minute: no retry waits longer than it must, a run that finds nothing costs next to nothing, and the alert on a
# silent sweep counts on it. A constant, since the triggers must be indexed whatever the settings say.
SCHEDULE = "0 * * * * *"


def blueprint(services: Services) -> func.Blueprint:
    bp = func.Blueprint()

    @bp.function_name("sweep")
    @bp.timer_trigger(arg_name="timer", schedule=SCHEDULE)
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
