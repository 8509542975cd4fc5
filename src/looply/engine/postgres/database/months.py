"""The months of ids: each has a partition of the tables that grow."""

from datetime import UTC, datetime, timedelta
from typing import Final

from looply.clock import id_time
from looply.engine.coding.rows import id_text
from looply.engine.postgres.database.connections import Connection
from looply.engine.records.spans import first_id

AHEAD: Final = 2
"""The number of months after the present one whose partitions are made when the store is opened."""

_ADD = "SELECT add_month(%s, %s::uuid, %s::uuid)"
_LAST_YEAR = 9999


def month_of(execution_id: str) -> str:
    """Returns the month of an id, such as `2030_01`."""
    return _name(id_time(execution_id))


def months_from(now: datetime) -> list[str]:
    """Returns the month of an instant and the ones after it that are made ahead."""
    found, first = [], now
    for _ in range(AHEAD + 1):
        found.append(_name(first))
        first = _next(first)
    return found


def end_of_month(month: str) -> bytes:
    """Returns the lowest id of the month after `month`."""
    return first_id(_next(_first(month)))


async def add_month(connection: Connection, month: str) -> None:
    """Makes the partitions of a month, unless they are there."""
    await connection.execute(_ADD, (month, id_text(first_id(_first(month))), id_text(end_of_month(month))))


def _first(month: str) -> datetime:
    return datetime(int(month[:4]), int(month[5:]), 1, tzinfo=UTC)


def _name(instant: datetime) -> str:
    return f"{instant.year:04}_{instant.month:02}"


def _next(instant: datetime) -> datetime:
    """Returns the beginning of the next month."""
    if (instant.year, instant.month) == (_LAST_YEAR, 12):
        return datetime.max.replace(tzinfo=UTC)
    return (instant.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=32)).replace(day=1)
