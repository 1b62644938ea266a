"""`make local`: leave everything running, with URLs and keys printed, until Ctrl-C."""

import signal
import threading
from pathlib import Path

from local.stack import EVENT_FUNCTION, ROOT, Stack

STATE = ROOT / ".local"
PORT = 7071  # where `func start` listens, too


def main() -> None:
    told_to_end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told_to_end.set())
    STATE.mkdir(exist_ok=True)
    with Stack(STATE, port=PORT) as stack:
        tell(stack)
        told_to_end.wait()
    print("stopped")


def tell(stack: Stack) -> None:
    acs = stack.announcement
    call = stack.simulator.place_call()
    print(
        f"""
API            {stack.host.url}/api   (header x-functions-key: {stack.host.keys.default})
Event Grid     {stack.host.event_grid_url(EVENT_FUNCTION)}
Simulator      {acs.admin_url}   (local/simulator/__init__.py lists its routes)
Storage        {stack.azurite.connection_string}
Log            {Path(stack.host.log_path).relative_to(ROOT)}

A call is running. Record it, then end it; its files arrive by themselves:

  curl -s -X POST {stack.host.url}/api/recordings -H 'x-functions-key: {stack.host.keys.default}' \\
       -d '{{"serverCallId": "{call.server_call_id}"}}'
  curl -s -X POST {acs.admin_url}/calls/{call.call_id}/end
  curl -s {stack.host.url}/api/recordings -H 'x-functions-key: {stack.host.keys.default}'

Ctrl-C stops everything.
""",
        flush=True,
    )


if __name__ == "__main__":
    main()
