"""The key that signs callbacks is one, however many ask for it first."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from local.simulator.tokens import TokenSigner

THREADS = 8


def test_whoever_asks_first_gets_the_one_key() -> None:
    signer, together = TokenSigner("resource"), Barrier(THREADS)

    def asked(_: int) -> object:
        together.wait()
        return signer.jwks()["keys"][0]["n"]

    with ThreadPoolExecutor(THREADS) as threads:
        assert len(set(threads.map(asked, range(THREADS)))) == 1
