"""Whether what the app depends on answers."""

from collections.abc import Callable, Mapping

from shared.domain.errors import AcsError, CatalogUnavailable, RecorderError, Transient

PROBE_ID = "health"  # the id of no recording: any answer to a question about it shows that the service answers

type Probe = Callable[[], object]


class Health:
    """Asks each dependency for something that does not exist."""

    def __init__(self, probes: Mapping[str, Probe]) -> None:
        self.probes = probes

    def failures(self) -> dict[str, str]:
        """What does not answer, with what happened; empty when all is well."""
        return {name: str(failure) for name, probe in self.probes.items() if (failure := self.failure(probe))}

    def failure(self, probe: Probe) -> RecorderError | None:
        try:
            probe()
        except (AcsError, CatalogUnavailable, Transient) as error:
            return error
        return None
