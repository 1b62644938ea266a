"""Does what the events in the inbox ask for: `python -m examples.worker`, one process, beside the webhook.

It reads ACSREC_URL and ACSREC_KEY, INBOX (the file, `inbox.db`) and RECORDINGS (the folder, `recordings`).
"""

import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path

import acsrec
from examples.inbox import Inbox
from examples.reactions import Tell, react

log = logging.getLogger("recordings")

LOOK_SECONDS = 1.0  # between two looks into the inbox
RETRY_SECONDS = 60.0  # after a failure


def work(inbox: Inbox, client: acsrec.Client, folder: Path, tell: Tell = log.critical) -> bool:
    """Handle what waits; whether all of it was. What failed waits on, and keeps nothing else from being handled."""
    failed = False
    for event in inbox.waiting():
        try:
            react(event, client, folder, tell)
        except Exception:  # whatever it is: one event must not keep the others from being handled
            log.exception("event %s is tried again", event["id"])
            failed = True
        else:
            inbox.handled(event)
    return not failed


def main(environ: Mapping[str, str] = os.environ) -> None:
    inbox, folder = Inbox(Path(environ.get("INBOX", "inbox.db"))), Path(environ.get("RECORDINGS", "recordings"))
    with acsrec.Client(environ["ACSREC_URL"], environ["ACSREC_KEY"]) as client:
        while True:
            time.sleep(LOOK_SECONDS if work(inbox, client, folder) else RETRY_SECONDS)


if __name__ == "__main__":
    main()
