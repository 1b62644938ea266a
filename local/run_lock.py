"""One `make local` per directory: a lock that the operating system holds, so that a killed run leaves none behind."""

import fcntl
import os
from pathlib import Path
from typing import Self


class AlreadyRunning(Exception):
    """Another process holds the lock; the message is what it wrote about itself."""


class RunLock:
    """Held from start to end of a run; use it as a context manager.

    Args:
        path: of the lock file; its content says who holds the lock, and means nothing once nobody does.
        holder: what a second run is told of this one.
    """

    def __init__(self, path: Path, holder: str) -> None:
        self.path = path
        self.holder = holder
        self.descriptor = -1

    def __enter__(self) -> Self:
        """Raises: AlreadyRunning, having changed nothing."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = self.path.read_text(encoding="utf-8")
            os.close(self.descriptor)
            raise AlreadyRunning(holder) from error
        os.truncate(self.descriptor, 0)
        os.write(self.descriptor, self.holder.encode())
        return self

    def __exit__(self, *_: object) -> None:
        # The file stays: if it were removed, a third run could lock a new one while a second waits for this one.
        os.close(self.descriptor)
