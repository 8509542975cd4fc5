"""Pages of lists."""

from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

import msgspec
from sqlalchemy import RowMapping

from looply.catalog.storage.damage import mark_damaged
from looply.errors import BadRequest, StoreCorrupt

Item = TypeVar("Item")

MAX_READ_ITEMS: Final = 1000
"""Items of one read of the catalog, more than the API puts on a page; commands that read a folder use it whole."""

READ_ERRORS: Final = (ValueError, LookupError, TypeError, OverflowError)
"""Exceptions of reading a damaged row: an unknown enum value, an instant out of range, an unexpected NULL."""


class Page(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """One page of a list. `has_more`: another page follows; the last item is the cursor of the next page."""

    items: tuple[Item, ...]
    has_more: bool = False


def validate_limit(limit: int) -> int:
    """Returns the limit, at most `MAX_READ_ITEMS`.

    Raises: BadRequest (code `BAD_LIMIT`) when it is not positive.
    """
    if limit < 1:
        raise BadRequest(f"limit is {limit}, expected a positive integer", code="BAD_LIMIT")
    return min(limit, MAX_READ_ITEMS)


def make_page(rows: Sequence[RowMapping], limit: int, make: Callable[[Any], Item]) -> Page[Item]:
    """Returns the page of the first `limit` rows; the query must have read one row more than the limit.

    A value that cannot be read is marked in its item (`mark_damaged`). Raises: StoreCorrupt.
    """
    try:
        items = tuple(make(mark_damaged(row)) for row in rows[:limit])
    except READ_ERRORS as error:
        raise unreadable_error(error) from error
    return Page(items=items, has_more=len(rows) > limit)


def unreadable_error(error: Exception) -> StoreCorrupt:
    """Returns the error for a row with values that no process has written."""
    return StoreCorrupt(f"the catalog has a value that no process has written: {error!r}; restore it from a backup")
