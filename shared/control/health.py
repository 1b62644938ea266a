"""Health: whether the services that the app depends on answer."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from shared.domain.durations import PROBES_SECONDS_MAX
from shared.domain.log import LogEvent, log

type Probe = Callable[[], None]


@dataclass(frozen=True)
class Health:
    """Asks every dependency at the same time, and waits no longer than `seconds` for all of them.

    Attributes:
        probes: by name of the dependency; each raises where it does not answer, or does not let the app in.
    """

    probes: Mapping[str, Probe]
    seconds: float = PROBES_SECONDS_MAX

    def checks(self) -> dict[str, bool]:
        """Whether each dependency answers. Why one does not is in the log, by the kind of error alone."""
        pool = ThreadPoolExecutor(len(self.probes), "probe")
        answers = {name: pool.submit(probe) for name, probe in self.probes.items()}
        wait(answers.values(), timeout=self.seconds)
        pool.shutdown(wait=False)  # a probe that is still waiting ends by its own time-outs
        return {name: is_well(name, answer) for name, answer in answers.items()}


def is_well(name: str, answer: Future[None]) -> bool:
    error = answer.exception() if answer.done() else TimeoutError()
    if error is not None:
        kind, status = type(error).__name__, getattr(error, "status_code", None)
        log(LogEvent.DEPENDENCY_SILENT, dependency=name, error=kind, statusCode=status)
    return error is None
