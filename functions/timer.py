"""The sweep, every minute."""

import azure.functions as func

from functions.bindings import Output, queue_outputs, require_settings, send
from shared.services import Services

# Every minute: no retry waits longer than it must, a run that finds nothing costs next to nothing, and the alert on a
# silent sweep counts on it. A constant, since the triggers must be indexed whatever the settings say.
SCHEDULE = "0 * * * * *"


def blueprint(services: Services) -> func.Blueprint:
    bp = func.Blueprint()

    @bp.function_name("sweep")
    @bp.timer_trigger(arg_name="timer", schedule=SCHEDULE)
    @queue_outputs(bp)
    def sweep(
        timer: func.TimerRequest,  # noqa: ARG001 - the worker binds it by name
        transfers: Output,
        deletions: Output,
    ) -> None:
        send(require_settings(services).sweep.sweep(), transfers, deletions)

    return bp
