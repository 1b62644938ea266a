"""Answers of bounded length: what reads a whole body into memory stops where none of ACS's can go on.

The SDK reads a control answer to the end before anything of ours sees it, and what comes in place of a content when
somebody looks at it.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import requests

ANSWER_BYTES_MAX = 2 * 1024 * 1024  # ACS's control answers have some thousand bytes at most


class AnswerTooLong(requests.RequestException):
    """An answer has more bytes than any of ACS's; its connection is closed."""


class BoundedBody:
    """The body of an answer as requests and the SDK read it. Everything else is the body's own."""

    def __init__(self, body: Any) -> None:
        self.body = body

    def stream(self, *arguments: Any, **options: Any) -> Iterator[bytes]:
        """Raises: AnswerTooLong."""
        received = 0
        for piece in self.body.stream(*arguments, **options):
            received += len(piece)
            if received > ANSWER_BYTES_MAX:
                self.body.close()
                raise AnswerTooLong(f"The answer has more than {ANSWER_BYTES_MAX:,} bytes.")
            yield piece

    def __getattr__(self, name: str) -> Any:
        return getattr(self.body, name)


def bounded(answer: requests.Response, *, streamed: bool) -> requests.Response:
    """The answer, whose body is bounded unless it is a content, which is received piece by piece."""
    if not streamed or answer.status_code >= HTTPStatus.MULTIPLE_CHOICES:
        answer.raw = BoundedBody(answer.raw)
    return answer
