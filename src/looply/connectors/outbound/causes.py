"""The causes of an error of the network."""

from collections.abc import Iterator
from typing import TypeVar

Cause = TypeVar("Cause", bound=BaseException)


def cause_of(error: BaseException, kind: type[Cause]) -> Cause | None:
    """Returns the error itself, or the first of its causes, that is of a class; None without one."""
    return next((cause for cause in _causes(error) if isinstance(cause, kind)), None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
