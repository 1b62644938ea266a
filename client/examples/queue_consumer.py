"""Handles events from a Storage Queue that a subscription of the topic fills: `python -m examples.queue_consumer`.

It reads EVENTS_QUEUE (https://ACCOUNT.queue.core.windows.net/NAME), ACSREC_URL and ACSREC_KEY, and RECORDINGS (the
folder, `recordings`). Its identity needs the role Storage Queue Data Message Processor; no key of the account is used.
"""

import base64
import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path

from azure.identity import DefaultAzureCredential
from azure.storage.queue import QueueClient

import acsrec
from acsrec.webhook import events_of
from examples.reactions import Tell, react

log = logging.getLogger("recordings")

HANDLING_SECONDS = 3600  # how long a message is this consumer's: longer than a download needs
RETRY_SECONDS = 60  # after which a message that failed is there again
TRIES_TOLD = 5  # after so many tries somebody is told
LOOK_SECONDS = 5.0  # between two looks into an empty queue


def consume(queue: QueueClient, client: acsrec.Client, folder: Path, tell: Tell = log.critical) -> None:
    """Handle every message that is there. Only what is handled is deleted; all else comes back by itself."""
    for message in queue.receive_messages(visibility_timeout=HANDLING_SECONDS):
        try:
            for event in events_of(base64.b64decode(message.content, validate=True)):
                react(event, client, folder, tell)
        except Exception as error:  # whatever it is: one message must not end the consumer
            log.exception("message %s is tried again", message.id)
            if message.dequeue_count == TRIES_TOLD:
                tell(f"Message {message.id} of {queue.queue_name} failed {TRIES_TOLD} times: {error}")
            queue.update_message(message, visibility_timeout=RETRY_SECONDS)
        else:
            queue.delete_message(message)


def main(environ: Mapping[str, str] = os.environ) -> None:
    folder = Path(environ.get("RECORDINGS", "recordings"))
    with (
        QueueClient.from_queue_url(environ["EVENTS_QUEUE"], credential=DefaultAzureCredential()) as queue,
        acsrec.Client(environ["ACSREC_URL"], environ["ACSREC_KEY"]) as client,
    ):
        while True:
            consume(queue, client, folder)
            time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    main()
