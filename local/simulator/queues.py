"""Messages in the operator's queues as Event Grid writes them, never through the proxy of the environment."""

import json
import threading
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.queue import LinearRetry, QueueClient, TextBase64EncodePolicy

from local.simulator.posting import Posted
from local.simulator.settings import QueueAccount

CREATED = 201


class Queues:
    """The queues opened so far."""

    def __init__(self) -> None:
        self.opened: dict[QueueAccount, QueueClient] = {}
        self.lock = threading.Lock()

    def send(self, account: QueueAccount, event: dict[str, Any]) -> Posted:
        """Put an event into a queue: its JSON in base64."""
        try:
            self.get(account).send_message(json.dumps(event))
        except HttpResponseError as error:
            return Posted(error.status_code, failure=str(error.message))
        except AzureError as error:
            return Posted(None, failure=f"{type(error).__name__}: {error}")
        return Posted(CREATED)

    def get(self, account: QueueAccount) -> QueueClient:
        with self.lock:
            if account not in self.opened:
                self.opened[account] = QueueClient.from_connection_string(
                    account.connection_string,
                    account.queue,
                    message_encode_policy=TextBase64EncodePolicy(),
                    retry_policy=LinearRetry(backoff=0, random_jitter_range=0, retry_total=0),
                    connection_timeout=5,
                    transport=RequestsTransport(use_env_settings=False, connection_verify=account.ca_file or True),
                )
            return self.opened[account]

    def close(self) -> None:
        for opened in self.opened.values():
            opened.close()
