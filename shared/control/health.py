"""Health: whether the services that the app depends on answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shared.domain.errors import AcsError, CatalogUnavailable, Transient

PROBE_ID = "health"  # the id of no recording: any answer to a question about it shows that the service answers

type Probe = Callable[[], object]


@dataclass(frozen=True)
class Health:
    """Asks each dependency for something that does not exist."""

    probes: Mapping[str, Probe]

    def failures(self) -> dict[str, str]:
        """The dependencies that do not answer, each with what happened; empty when all is well."""
        failures = {}
        for name, probe in self.probes.items():
            try:
                probe()
            except (AcsError, CatalogUnavailable, Transient) as error:
                failures[name] = str(error)
        return failures
