"""Work queues, and the poison queues behind them."""

import typing

import azure.functions as func

from functions.translate import to_messages
from shared.pipeline.poison import parse_ref
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

    @bp.function_name("chunk_transfer")
    @bp.queue_trigger(arg_name="message", queue_name=TRANSFER_QUEUE, connection=RUNTIME_CONNECTION)
    @bp.queue_output(arg_name="transfers", queue_name=TRANSFER_QUEUE, connection=RUNTIME_CONNECTION)
    @bp.queue_output(arg_name="deletions", queue_name=DELETION_QUEUE, connection=RUNTIME_CONNECTION)
    def chunk_transfer(
        message: func.QueueMessage, transfers: func.Out[typing.List[str]], deletions: func.Out[typing.List[str]]
    ) -> None:
        messages = services.transfer.transfer(parse_ref(message.get_body()))
        transfers.set(to_messages(messages.transfers))
        deletions.set(to_messages(messages.deletions))

    @bp.function_name("chunk_deletion")
    @bp.queue_trigger(arg_name="message", queue_name=DELETION_QUEUE, connection=RUNTIME_CONNECTION)
    @bp.queue_output(arg_name="transfers", queue_name=TRANSFER_QUEUE, connection=RUNTIME_CONNECTION)
    def chunk_deletion(message: func.QueueMessage, transfers: func.Out[typing.List[str]]) -> None:
        messages = services.deletion.delete(parse_ref(message.get_body()))
        transfers.set(to_messages(messages.transfers))

    @bp.function_name("chunk_transfer_poisoned")
    @bp.queue_trigger(arg_name="message", queue_name=TRANSFER_POISON_QUEUE, connection=RUNTIME_CONNECTION)
    def chunk_transfer_poisoned(message: func.QueueMessage) -> None:
        services.poison.take_in(TRANSFER_POISON_QUEUE, message.get_body())

    @bp.function_name("chunk_deletion_poisoned")
    @bp.queue_trigger(arg_name="message", queue_name=DELETION_POISON_QUEUE, connection=RUNTIME_CONNECTION)
    def chunk_deletion_poisoned(message: func.QueueMessage) -> None:
        services.poison.take_in(DELETION_POISON_QUEUE, message.get_body())

    return bp
