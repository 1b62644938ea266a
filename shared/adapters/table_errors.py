"""Table Storage's errors, told apart by their code: whether another write came first, or nothing was answered."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from azure.core.pipeline import PipelineResponse

from shared.adapters.storage_errors import TROUBLE, code_in, code_of, described, is_lost
from shared.domain.errors import CatalogConflict, CatalogUnavailable

THERE = frozenset({"EntityAlreadyExists"})
NOT_THERE = frozenset({"ResourceNotFound", "EntityNotFound"})  # a missing table says TableNotFound
# Another write came first: the row exists, is gone, or is newer. A missing table or one being deleted is neither.
CONFLICTS = THERE | NOT_THERE | {"UpdateConditionNotSatisfied", "ConditionNotMet"}


class AnswerLost(CatalogUnavailable):
    """No answer came, twice: the write may have been carried out."""


@contextmanager
def translate_errors(conflicts: frozenset[str] = frozenset()) -> Iterator[None]:
    """Raise the domain's error for the SDK's: CatalogConflict, or CatalogUnavailable for anything else.

    Args:
        conflicts: the service's codes that say that another write came first.
    """
    try:
        yield
    except TROUBLE as error:
        if is_lost(error):
            raise AnswerLost(f"Table Storage did not answer: {type(error).__name__}.") from error
        if code_of(error) in conflicts:
            raise CatalogConflict from error
        raise CatalogUnavailable(f"Table Storage answered {described(error)}.") from error


def refuse_other_than_gone(response: PipelineResponse[Any, Any]) -> None:
    """Raises: CatalogUnavailable for a 404 that is not about a row; the SDK counts any 404 as a deletion."""
    answer = response.http_response
    if answer.status_code == HTTPStatus.NOT_FOUND and code_in(answer) not in NOT_THERE:
        raise CatalogUnavailable(f"Table Storage answered {answer.status_code} ({code_in(answer)}).")
