"""Measure among few and among many past recordings, and write docs/scale.md: `make storm`."""

import sys
import time
from pathlib import Path

from azure.data.tables import TableServiceClient

from local.azurite import Azurite
from local.storm.both import differences, in_memory
from local.storm.report import page

FEW, MANY, WAITING = 100, 100_000, 10_000
ON_BOTH = 10_000  # past recordings in Azurite, which is slow to fill
WAITING_ON_BOTH = 500
DOCS = Path(__file__).parents[2] / "docs"


def told(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def write(few: int, many: int, waiting: int, document: Path) -> None:
    """Count among few and among many past recordings, in memory; tell it, and write the document."""
    first, second = in_memory(few, waiting), in_memory(many, waiting)
    counting = second.counting()
    among_few, among_many, filters = first.costs(), second.costs(), second.filters()
    told(f"requests (entities) among {few} and among {many} past recordings, with {waiting} open chunks")
    for name, cost in among_many.items():
        was = among_few[name]
        told(f"{name:40} {was.requests:6} ({was.entities:5}) and {cost.requests:6} ({cost.entities:5})")
    document.write_text(page(among_few, among_many, filters, counting))


def main() -> None:
    began = time.monotonic()
    write(FEW, MANY, WAITING, DOCS / "scale.md")
    told(f"The figures are in docs/scale.md. Now the same among {ON_BOTH} on Azurite and in memory; it takes minutes.")
    with Azurite() as azurite, TableServiceClient.from_connection_string(azurite.connection_string) as service:
        differ = differences(service, ON_BOTH, WAITING_ON_BOTH)
    for difference in differ:
        told(difference)
    told(f"{'Equal' if not differ else 'Not equal'} on both; {time.monotonic() - began:.0f} seconds in all")
    raise SystemExit(bool(differ))


if __name__ == "__main__":
    main()
