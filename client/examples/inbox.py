"""Events that a webhook has taken, in a file: an equal id is kept once, and nothing is forgotten by a restart.

A webhook has 30 seconds to answer Event Grid, and a download may need longer. So the webhook writes the event down and
answers, and a process of its own, `python -m examples.worker`, does the work.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from examples.reactions import Event

TABLE = "CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, time TEXT, event TEXT, handled INTEGER DEFAULT 0)"


class Inbox:
    """May be used by several threads and processes at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self.database() as database:
            database.execute(TABLE)

    @contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """A transaction: on disk when this returns, undone when it raises."""
        with closing(sqlite3.connect(self.path)) as database, database:
            yield database

    def put(self, events: Sequence[Event]) -> None:
        """Write down what is new."""
        rows = [(event["id"], event.get("time"), json.dumps(event)) for event in events]
        with self.database() as database:
            database.executemany("INSERT OR IGNORE INTO events (id, time, event) VALUES (?, ?, ?)", rows)

    def waiting(self) -> list[Event]:
        """What is not handled yet, in the order in which it happened."""
        with self.database() as database:
            rows = database.execute("SELECT event FROM events WHERE NOT handled ORDER BY time, id").fetchall()
        return [json.loads(text) for (text,) in rows]

    def handled(self, event: Event) -> None:
        with self.database() as database:
            database.execute("UPDATE events SET handled = 1 WHERE id = ?", (event["id"],))
