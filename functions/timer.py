"""The sweep, every minute."""

import azure.functions as func

from functions.queue_outputs import Output, queue_outputs, send
from shared.domain.durations import SWEEP_SCHEDULE
from shared.services import Services


def blueprint(services: Services) -> func.Blueprint:
    bp = func.Blueprint()

    @bp.timer_trigger(arg_name="timer", schedule=SWEEP_SCHEDULE)
    @queue_outputs(bp)
    def sweep(
        timer: func.TimerRequest,  # noqa: ARG001 - the worker binds it by name
        transfers: Output,
        deletions: Output,
    ) -> None:
        with services.function("sweep"):
            send(services.sweep.sweep(), transfers, deletions)

    return bp
