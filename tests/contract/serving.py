"""A server of the standard library that serves while a test runs."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def serving[Server: socketserver.BaseServer](server: Server) -> Iterator[Server]:
    """Serve on a thread, and end both."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
