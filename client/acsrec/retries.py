"""Requests that are made again: after 429 and 503, and after connections that failed; bounded in time."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import count

import httpx

from acsrec.errors import Unanswered

AGAIN_STATUSES = frozenset({429, 503})
FIRST_WAIT_SECONDS = 0.5
MOST_WAIT_SECONDS = 10.0
# Nothing was sent: as often as one likes.
NOT_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True)
class Patience:
    """How long a request is made again.

    Args:
        seconds: after which no further try begins; 0 for one try. A try itself lasts up to the client's time-out.
        sleep, now: the clock; another one in tests.
    """

    seconds: float
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic

    def answer(self, what: str, send: Callable[[], httpx.Response], *, repeatable: bool) -> httpx.Response:
        """The first answer that is final, or the last one that there was time for.

        Args:
            what: is asked for, without any secret.
            send: makes the request, each time the same.
            repeatable: whether it may be sent again although the app may have got it.

        Raises:
            Unanswered: there was none.
        """
        until = self.now() + self.seconds
        for tried in count(1):
            try:
                response = send()
            except httpx.RequestError as error:
                sent = not isinstance(error, NOT_CONNECTED)
                wait = backoff(tried)
                if (sent and not repeatable) or self.now() + wait > until:
                    raise Unanswered(f"{what}: {told(error, sent=sent)}", sent=sent) from error
            else:
                if response.status_code not in AGAIN_STATUSES:
                    return response
                asked = retry_after(response)
                wait = asked or backoff(tried)  # 0 seconds are none: it would be asked as fast as it answers
                if self.now() + wait > until:
                    return response
            self.sleep(wait)
        raise AssertionError("count() has no end")


def told(error: httpx.RequestError, *, sent: bool) -> str:
    reason = str(error) or type(error).__name__
    return (
        f"the connection broke ({reason}). Whether the app did it is not known: ask for the state, or repeat it"
        if sent
        else f"no connection ({reason}). Nothing was done: look at the address, and whether the app runs"
    )


def backoff(tried: int) -> float:
    """Seconds to wait after so many tries; spread, so that many callers do not come back at once."""
    most = min(MOST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(tried - 1, 10))
    return most * random.uniform(0.5, 1.0)  # noqa: S311 - it spreads callers, and is no secret


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that an answer asks to wait: as a number, or until a date; None if it does not say."""
    given = response.headers.get("Retry-After", "").strip()
    if given.isascii() and given.isdecimal():
        return float(given)
    try:
        moment = parsedate_to_datetime(given)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
