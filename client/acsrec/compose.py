"""One file of all chunks of a recording, composed by the app's storage: for convenience, since nothing proves it.

It has its name only once it has the length that the app said; until then it is `NAME.part`.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import httpx

from acsrec.client import Client
from acsrec.download import RENEWED_BEFORE, Broken, Differs, Progress, Transfer, silent
from acsrec.errors import Error
from acsrec.replies import Export, Link
from acsrec.verify import ExpectedFile


@dataclass
class ComposedFile(Transfer):
    """A composed file on its way into a folder: its length is all that is known of it."""

    def is_whole(self, _digest: str) -> bool:
        return self.length() == self.file.bytes

    def fresh_link(self) -> Link:
        """Raises: Differs, the app leads to another file now."""
        if self.link is None or self.link.expires_at - datetime.now(UTC) < RENEWED_BEFORE:
            made = self.client.compose(self.id)
            if made.bytes != self.file.bytes:
                raise Differs("the recording was completed anew meanwhile, and its file is another one")
            self.link = link_of(made)
        return self.link


def link_of(made: Export) -> Link:
    return Link(url=made.url, expires_at=made.expires_at)


def compose(client: Client, id: str, target: Path | None = None, on_progress: Progress = silent) -> tuple[Path, Export]:
    """Write a recording's one file; the app has it composed where it is not there yet.

    Args:
        client: of the app.
        id: of the recording.
        target: of the file; without one it is named by the recording, in the current folder.
        on_progress: called while bytes arrive.

    Returns:
        Where it is, and what the app says of it.

    Raises:
        Problem: no such file can be made, or not now.
        Unanswered: no answer came.
        Error: something of that name is there already, or the file cannot be read to its end.
        OSError: it cannot be written.
    """
    made = client.compose(id)
    target = target or Path(f"{id}{PurePosixPath(httpx.URL(made.url).path).suffix}")
    if target.exists():
        raise Error(f"{target} is there already; nothing was written over it. Name another file")
    wanted = ExpectedFile(target.name, "", "content", None, made.bytes)
    file = ComposedFile(client, id, wanted, target.parent, on_progress)
    file.link = link_of(made)
    file.part.unlink(missing_ok=True)  # what an earlier run left may be of another file
    try:
        file.fetch()
    except (Broken, Differs) as error:
        with suppress(OSError):
            file.part.unlink(missing_ok=True)
        raise Error(f"{target.name} was not downloaded: {error}. Nothing was kept of it; run it again") from error
    file.part.replace(target)
    return target, made
