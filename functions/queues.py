"""Work queues, and the poison queues behind them."""

import azure.functions as func

from functions.queue_outputs import Output, queue_outputs, send, to_messages, transfers_output
from shared.domain.errors import SettingsInvalid
from shared.services import Services
from shared.settings import (
    DELETION_POISON_QUEUE,
    DELETION_QUEUE,
    RUNTIME_CONNECTION,
    TRANSFER_POISON_QUEUE,
    TRANSFER_QUEUE,
)


def blueprint(services: Services) -> func.Blueprint:
    bp = func.Blueprint()

    @bp.queue_trigger(arg_name="message", queue_name=TRANSFER_QUEUE, connection=RUNTIME_CONNECTION)
    @queue_outputs(bp)
    def chunk_transfer(message: func.QueueMessage, transfers: Output, deletions: Output) -> None:
        with services.function("chunk_transfer"):
            ref = services.inbox.read(TRANSFER_QUEUE, message.get_body())
            if ref is not None:
                send(services.transfer.transfer(ref), transfers, deletions)

    @bp.queue_trigger(arg_name="message", queue_name=DELETION_QUEUE, connection=RUNTIME_CONNECTION)
    @transfers_output(bp)
    def chunk_deletion(message: func.QueueMessage, transfers: Output) -> None:
        with services.function("chunk_deletion"):
            ref = services.inbox.read(DELETION_QUEUE, message.get_body())
            if ref is not None:
                transfers.set(to_messages(services.deletion.delete(ref).transfers))

    @bp.queue_trigger(arg_name="message", queue_name=TRANSFER_POISON_QUEUE, connection=RUNTIME_CONNECTION)
    def chunk_transfer_poisoned(message: func.QueueMessage) -> None:
        take_poisoned(services, TRANSFER_POISON_QUEUE, message.get_body(), "chunk_transfer_poisoned")

    @bp.queue_trigger(arg_name="message", queue_name=DELETION_POISON_QUEUE, connection=RUNTIME_CONNECTION)
    def chunk_deletion_poisoned(message: func.QueueMessage) -> None:
        take_poisoned(services, DELETION_POISON_QUEUE, message.get_body(), "chunk_deletion_poisoned")

    return bp


def take_poisoned(services: Services, queue: str, body: bytes, function: str) -> None:
    """Take a message off a poison queue.

    While the settings are wrong, one of ours may go all the same: its row is durable, and the sweep sends it again.
    Any other exists nowhere else, and stays on the queue.

    Raises:
        SettingsInvalid: they are wrong, and the message is none of ours.
        Transient: the message is none of ours and could not be kept.
    """
    try:
        services.require_settings()
    except SettingsInvalid:
        from shared.pipeline.poison import alert_if_ours

        if alert_if_ours(queue, body):
            return
        raise
    with services.function(function):
        services.poison.take_in(queue, body)
