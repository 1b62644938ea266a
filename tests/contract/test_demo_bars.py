"""A bar of the demo is what lies in storage: staged blocks as well as committed ones."""

from azure.storage.blob import BlobBlock

from local.demo.chunks import ChunkWatch
from local.simulator.client import SimulatorAdmin
from shared.adapters.storage_accounts import StorageAccount

NOBODY = SimulatorAdmin("http://127.0.0.1:9/admin")  # it is not asked


def test_every_block_in_storage_counts_once_whether_it_is_committed_or_not(
    account: StorageAccount, container: str
) -> None:
    blob = account.blobs.get_blob_client(container, "0000.wav")
    watch = ChunkWatch(NOBODY, account.blobs.get_container_client(container))
    counted = [watch.bytes_in_storage("0000.wav")]
    for block in ("0", "1"):
        blob.stage_block(block, b"x" * 1000)
        counted.append(watch.bytes_in_storage("0000.wav"))
    blob.commit_block_list([BlobBlock("0"), BlobBlock("1")])
    counted.append(watch.bytes_in_storage("0000.wav"))

    assert counted == [0, 1000, 2000, 2000]
