"""Run the simulator as a process: `python -m local.simulator --port 0 --directory DIR [--settings FILE.json]`.

One line of JSON on standard output says that it is ready and where; SIGTERM or SIGINT ends it.
"""

import argparse
import os
import signal
import threading
from pathlib import Path

import msgspec

from local.simulator.settings import Settings
from local.simulator.simulator import Options, Simulator


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m local.simulator", description="A local stand-in for ACS.")
    arguments.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    arguments.add_argument("--directory", type=Path, required=True, help="where the CA certificate is written")
    arguments.add_argument("--settings", type=Path, help="JSON file with settings, as for PUT /admin/settings")
    arguments.add_argument("--stop-with-stdin", action="store_true", help="end when standard input is closed")
    chosen = arguments.parse_args()
    settings = msgspec.json.decode(chosen.settings.read_bytes(), type=Settings) if chosen.settings else Settings()

    told_to_end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told_to_end.set())
    if chosen.stop_with_stdin:
        threading.Thread(target=wait_for_end_of_input, args=(told_to_end,), daemon=True).start()
    with Simulator(Options(directory=chosen.directory, port=chosen.port, settings=settings)) as simulator:
        print(msgspec.json.encode(simulator.announcement()).decode(), flush=True)
        told_to_end.wait()


def wait_for_end_of_input(ended: threading.Event) -> None:
    # Not sys.stdin: its lock would be held while the interpreter shuts down.
    while os.read(0, 1024):
        pass
    ended.set()


if __name__ == "__main__":
    main()
