"""Pages of lists."""

from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

import msgspec
from sqlalchemy import RowMapping

from looply.catalog.storage.damage import shown
from looply.errors import BadRequest, StoreCorrupt

Item = TypeVar("Item")

# More than any caller of the contract may ask for; it bounds what one call reads.
MAX_LIMIT = 1000

UNREADABLE: Final = (ValueError, LookupError, TypeError, OverflowError)
"""What reading a damaged row may raise: a word that is none, an instant past all calendars, NULL in its place."""


class Page(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """One page of a list. `has_more`: another page follows; the last item is the place to go on from."""

    items: tuple[Item, ...]
    has_more: bool = False


def validate_limit(limit: int) -> int:
    """Returns the limit, at most 1,000.

    Raises: BadRequest (code `BAD_LIMIT`) when it is not positive.
    """
    if limit < 1:
        raise BadRequest(f"limit is {limit}, expected a positive integer", code="BAD_LIMIT")
    return min(limit, MAX_LIMIT)


def cut(rows: Sequence[RowMapping], limit: int, make: Callable[[Any], Item]) -> Page[Item]:
    """Returns the first `limit` of rows that were read with one more than the limit.

    A value that cannot be read is marked in its item (`shown`). Raises: StoreCorrupt.
    """
    try:
        items = tuple(make(shown(row)) for row in rows[:limit])
    except UNREADABLE as error:
        raise unreadable(error) from error
    return Page(items=items, has_more=len(rows) > limit)


def unreadable(error: Exception) -> StoreCorrupt:
    """Returns our error for a row that holds what no process has written."""
    return StoreCorrupt(f"the catalog holds what no process has written: {error!r}; restore it from a backup")
