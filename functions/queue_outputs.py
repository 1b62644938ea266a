"""Messages to the work queues, which the host sends once a function has returned."""

import typing
from collections.abc import Callable, Iterable

import azure.functions as func
import msgspec

from shared.settings import DELETION_QUEUE, RUNTIME_CONNECTION, TRANSFER_QUEUE

if typing.TYPE_CHECKING:
    from shared.domain.models import ChunkRef, Messages

# The worker reads these annotations: it knows typing.List and no other spelling.
Output = func.Out[typing.List[str]]


def transfers_output(bp: func.Blueprint) -> Callable[..., typing.Any]:
    """Decorator of a function that sends messages to the transfer queue: its parameter `transfers`."""
    return bp.queue_output(arg_name="transfers", queue_name=TRANSFER_QUEUE, connection=RUNTIME_CONNECTION)


def queue_outputs(bp: func.Blueprint) -> Callable[..., typing.Any]:
    """Decorator of a function that sends messages to both work queues: its parameters `transfers` and `deletions`."""
    deletions = bp.queue_output(arg_name="deletions", queue_name=DELETION_QUEUE, connection=RUNTIME_CONNECTION)
    return lambda function: transfers_output(bp)(deletions(function))


def send(messages: "Messages", transfers: Output, deletions: Output) -> None:
    """Have the host send messages once the function has returned."""
    transfers.set(to_messages(messages.transfers))
    deletions.set(to_messages(messages.deletions))


def to_messages(refs: Iterable["ChunkRef"]) -> list[str]:
    return [msgspec.json.encode(ref).decode() for ref in refs]
