"""How many bytes of each chunk are in Blob Storage: asked of storage itself, which knows every block."""

from contextlib import suppress

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import ContainerClient

from acsrec import Chunk, Recording
from local.demo.moments import ChunkState
from local.simulator.client import SimulatorAdmin

PENDING = "pending"


class ChunkWatch:
    """Looks at the chunks of one recording.

    The app writes `bytesDone` onto a chunk's row once a minute, which is too seldom for a bar; the blocks that lie in
    storage are what it counts.

    Args:
        simulator: which knows how long the originals are.
        container: where the copies go.
    """

    def __init__(self, simulator: SimulatorAdmin, container: ContainerClient) -> None:
        self.simulator = simulator
        self.container = container
        self.totals: dict[str, int] = {}

    def look(self, recording: Recording) -> tuple[ChunkState, ...]:
        if any(chunk.document_id not in self.totals for chunk in recording.chunks) and recording.recording_id:
            documents = self.simulator.recording(recording.recording_id).documents
            self.totals = {document.document_id: document.bytes for document in documents}
        return tuple(self.state(chunk) for chunk in recording.chunks)

    def state(self, chunk: Chunk) -> ChunkState:
        done = chunk.bytes_done
        if chunk.status == PENDING:
            done = max(done, self.bytes_in_storage(chunk.content_blob))
        return ChunkState(chunk.index, chunk.status, done, self.totals[chunk.document_id], chunk.failure or "")

    def bytes_in_storage(self, name: str) -> int:
        """The blocks of a blob, committed and not yet; 0 when there is nothing."""
        with suppress(ResourceNotFoundError):
            committed, staged = self.container.get_blob_client(name).get_block_list("all")
            return sum(block.size for block in [*committed, *staged])
        return 0
