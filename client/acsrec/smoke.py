"""Whether a deployed app works from end to end, step by step: what `acsrec smoke` does.

Nothing but a call that goes on can show it. The app is asked over its API alone, as any caller would; a step that fails
says what to do, and whatever does not depend on it is tried all the same.
"""

from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum

from acsrec.errors import Error
from acsrec.mending import Mending
from acsrec.smoke_steps import Step, StepFailed, Steps

END_SECONDS = 30.0  # chosen: how long ACS is asked at most to end what a run that broke off had started
# Without the second the first can show nothing.
NEEDS: Mapping[Step, Step] = {
    Step.KEY: Step.HEALTH,
    Step.DEPENDENCIES: Step.KEY,
    Step.START: Step.DEPENDENCIES,
    Step.STOP: Step.START,
    Step.DELIVERY: Step.STOP,
    Step.DOWNLOAD: Step.DELIVERY,
    Step.DELETION: Step.DOWNLOAD,
    Step.COMPLETION: Step.DELETION,
    Step.COPY: Step.DOWNLOAD,
    Step.EVENTS: Step.STOP,
}


class Outcome(StrEnum):
    """What became of a step."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class StepResult:
    """What a step showed.

    Args:
        step: which.
        outcome: of it.
        seconds: that it took.
        detail: what was seen, in a sentence or two.
        mending: what to do, where it failed.
    """

    step: Step
    outcome: Outcome
    seconds: float
    detail: str
    mending: Mending | None = None


class Smoke:
    """One run over all steps.

    Args:
        steps: of this run.
    """

    def __init__(self, steps: Steps) -> None:
        self.steps = steps

    def run(self) -> Generator[StepResult]:
        """What each step showed, as soon as it did. However the run ends, its recording is stopped."""
        try:
            for step in Step:
                result = self.result(step)
                if result.outcome is Outcome.PASSED:
                    self.steps.passed.add(step)
                yield result
        finally:
            self.end()

    def result(self, step: Step) -> StepResult:
        steps = self.steps
        needed = NEEDS.get(step)
        if needed is not None and needed not in steps.passed:
            return StepResult(step, Outcome.SKIPPED, 0.0, f"not tried: it needs {needed}")
        if step is Step.START and not steps.call:
            return StepResult(step, Outcome.SKIPPED, 0.0, "not tried: no call was named")
        steps.watch(step)
        began = steps.patience.now()
        mending = None
        try:
            outcome, detail = Outcome.PASSED, steps.show(step)
        except StepFailed as failure:
            outcome, detail, mending = Outcome.FAILED, str(failure), failure.mending
        except (Error, OSError) as error:
            outcome, detail, mending = Outcome.FAILED, str(error), steps.deployment.other(error)
        return StepResult(step, outcome, steps.patience.now() - began, detail, mending)

    @property
    def may_record(self) -> bool:
        """Whether the call may still be recorded because of this run."""
        return self.steps.id is not None and not self.steps.has_ended

    def end(self) -> None:
        """Stop what was started and is not stopped; whether ACS confirmed it, `may_record` says."""
        if self.may_record:
            with suppress(Error):
                patience = self.steps.patience
                self.steps.end(replace(patience, seconds=min(patience.seconds, END_SECONDS)))
