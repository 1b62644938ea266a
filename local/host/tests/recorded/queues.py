"""What the real queue listener did: what it ran when, and its requests to the storage.

Where nothing else is said: `batchSize` 4, `newBatchThreshold` 0, `maxDequeueCount` 5, `visibilityTimeout` 2 seconds,
`maxPollingInterval` 10 seconds, `messageEncoding` base64; one function on the queue `work`, one on `work-poison`.
"""

from __future__ import annotations

from dataclasses import dataclass

RECEIVE = "GET {queue}/messages?numofmessages=4&visibilitytimeout=600"
RELEASE = "PUT {queue}/messages/{{id}}?popreceipt={{receipt}}&visibilitytimeout=2"
RENEW = "PUT {queue}/messages/{{id}}?popreceipt={{receipt}}&visibilitytimeout=600"
SEND = "POST {queue}/messages"
DELETE = "DELETE {queue}/messages/{{id}}?popreceipt={{receipt}}"

WORK, POISON = "work", "work-poison"

STATUS = {RECEIVE: 200, RELEASE: 204, RENEW: 204, SEND: 201, DELETE: 204}


@dataclass(frozen=True)
class Batches:
    """Messages that wait when the listener starts, how long each runs, and when each began."""

    batch: int
    threshold: int
    seconds: tuple[int, ...]
    begun: tuple[int, ...]
    """Whole seconds after the first."""
    at_once: int
    """How many ran at the same time, at most."""


TWO_SECONDS_EACH = (2,) * 13
ONE_SECOND_EACH_BUT_SIX_THE_SECOND = (1, 6, *(1,) * 10)

BATCHES = [
    Batches(4, 0, TWO_SECONDS_EACH, (0, 0, 0, 0, 2, 2, 2, 2, 4, 4, 4, 4, 6), 4),
    Batches(4, 0, ONE_SECOND_EACH_BUT_SIX_THE_SECOND, (0, 0, 0, 0, 6, 6, 6, 6, 7, 7, 7, 7), 4),
    Batches(2, 2, ONE_SECOND_EACH_BUT_SIX_THE_SECOND, (0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4), 4),
    Batches(1, 3, ONE_SECOND_EACH_BUT_SIX_THE_SECOND, (0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3), 4),
    Batches(4, 3, ONE_SECOND_EACH_BUT_SIX_THE_SECOND, (0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2), 5),
]

# Polls of a queue in which there is nothing, in whole seconds after the first of them.
POLLS_FROM_THE_START = [
    [0, 0, 0, 1, 1, 2, 4, 7, 12, 22, 32, 42, 52, 62, 72],
    [0, 0, 0, 1, 1, 2, 4, 7, 14, 24, 34, 44, 54, 64, 74],
]
# The first of them follows at once when the message is done.
POLLS_AFTER_A_MESSAGE = [0, 0, 0, 1, 1, 2, 4, 7, 15]

# A message whose function fails every time: its dequeue counts, and all requests but the polls.
FAILING_RAN = [(WORK, 1), (WORK, 2), (WORK, 3), (WORK, 4), (WORK, 5), (POISON, 1)]
FAILING_ASKED = [
    *[RELEASE.format(queue=WORK)] * 4,
    SEND.format(queue=POISON),
    DELETE.format(queue=WORK),
    DELETE.format(queue=POISON),
]

# A message in the poison queue whose function fails: no request but polls follows.
FAILING_IN_POISON_RAN = [(POISON, 1)]

# Sent as they stand. With base64 three go to the poison queue when they are first received, and are never run there.
TEXTS = ["not base64 {", "plain", "YmFzZTY0", "<a>&amp;"]
TEXTS_RUN_AS_BASE64 = ["base64"]
TEXTS_MOVED = ["not base64 {", "plain", "<a>&amp;"]
TEXTS_ASKED = [
    *[DELETE.format(queue=WORK)] * 4,
    *[SEND.format(queue=POISON)] * 3,
]
TEXTS_RUN_AS_NONE = TEXTS

# A message that ran 400 seconds: one renewal after 300, and a deletion with the receipt of that.
SLOW_ASKED = [RECEIVE.format(queue=WORK), RENEW.format(queue=WORK), DELETE.format(queue=WORK)]
SLOW_RENEWED_AFTER = 300

# Stopped two seconds into a message of five: it ended, and its message was deleted.
STOPPED_ASKED = [RECEIVE.format(queue=WORK), DELETE.format(queue=WORK)]
