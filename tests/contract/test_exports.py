"""One file of a recording on real storage: byte for byte, whoever else asks for it, and only of what was proven."""

import io
import random
import wave
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import requests

from shared.adapters.blob_pieces import BlobPieces
from shared.adapters.blob_storage import BlobChunkStore
from shared.adapters.storage_accounts import StorageAccount
from shared.domain.errors import Conflict
from shared.domain.wav_header import wav_head
from shared.services import Services
from tests.builders import OUR_ID
from tests.fakes import Cloud
from tests.unit.test_exports import STEREO, keep

from .conftest import new_name

pytestmark = pytest.mark.stack
BYTES = (200_000, 80, 300_004)
SOUNDS = [random.Random(length).randbytes(length) for length in BYTES]
CALLS = 6


class OnAzurite:
    """The app with its rows in memory and its blobs in an account."""

    def __init__(self, account: StorageAccount) -> None:
        names = new_name("recordings"), new_name("exports")
        self.containers = [account.blobs.create_container(name) for name in names]
        self.cloud = Cloud()
        self.cloud.world.now = datetime.now(UTC)  # links are signed until a time
        stores = [BlobChunkStore(account, name) for name in names]
        self.services: Services = self.cloud.services
        self.services.store, self.services.export_store = stores
        self.services.copy_pieces = BlobPieces(account, *names)
        keep(self.cloud, [wav_head(STEREO, len(sound)) + sound for sound in SOUNDS], store=stores[0])

    def made(self) -> bytes:
        """What the link of a call leads to."""
        answer = requests.get(self.services.exports.export(OUR_ID).link.url, timeout=10)
        assert answer.status_code == 200
        return answer.content

    def exports(self) -> list[str]:
        return list(self.containers[1].list_blob_names())


@pytest.fixture
def stored(account: StorageAccount) -> OnAzurite:
    return OnAzurite(account)


def test_the_file_is_the_sound_of_all_chunks_byte_for_byte(stored: OnAzurite) -> None:
    with wave.open(io.BytesIO(stored.made())) as file:
        assert file.readframes(file.getnframes()) == b"".join(SOUNDS)
        assert (file.getnchannels(), file.getframerate()) == (2, 48000)


def test_a_link_saves_it_under_a_name(stored: OnAzurite) -> None:
    link = stored.services.exports.export(OUR_ID).link

    headers = requests.head(link.url, timeout=10).headers

    assert headers["Content-Disposition"].startswith('attachment; filename="20')
    assert headers["Content-Type"] == "audio/wav"


def test_however_many_ask_at_once_there_is_one_file(stored: OnAzurite) -> None:
    with ThreadPoolExecutor(CALLS) as pool:
        answers = list(pool.map(lambda _: stored.services.exports.export(OUR_ID), range(CALLS)))

    assert {answer.bytes for answer in answers} == {44 + sum(BYTES)}
    assert len(stored.exports()) == 1


def test_a_copy_that_was_altered_gets_into_no_file(stored: OnAzurite) -> None:
    chunk = stored.cloud.chunk(1)
    stored.containers[0].upload_blob(chunk.content_blob, b"another's", overwrite=True)

    with pytest.raises(Conflict, match="after its copy was proven"):
        stored.services.exports.export(OUR_ID)
    assert stored.exports() == []


def test_what_another_wrote_under_the_name_of_a_file_is_not_given_out(stored: OnAzurite) -> None:
    stored.made()
    [name] = stored.exports()
    stored.containers[1].upload_blob(name, b"another's", overwrite=True)

    with pytest.raises(Conflict, match="not composed by this app"):
        stored.services.exports.export(OUR_ID)
