"""The sweep, every minute."""

import azure.functions as func

from functions.bindings import Output, queue_outputs, require_settings, send
from shared.domain.durations import SWEEP_SCHEDULE
from shared.services import Services


def blueprint(services: Services) -> func.Blueprint:
    bp = func.Blueprint()

    @bp.function_name("sweep")
    @bp.timer_trigger(arg_name="timer", schedule=SWEEP_SCHEDULE)
    @queue_outputs(bp)
    def sweep(
        timer: func.TimerRequest,  # noqa: ARG001 - the worker binds it by name
        transfers: Output,
        deletions: Output,
    ) -> None:
        send(require_settings(services).sweep.sweep(), transfers, deletions)

    return bp
