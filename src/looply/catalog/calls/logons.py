"""Refused logons, counted by principal, for all processes that share the catalog.

The ledger of `looply.connectors.credentials.logons`. Writers of all processes are serialized, so a try is taken by
reading and changing one row. A process that ends during a try leaves it under way: after `LEASE` it counts as one that
the other system said nothing about.
"""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.json_columns import Unreadable
from looply.catalog.storage.tables import refused_logons
from looply.clock import Clock, Entropy
from looply.connectors.credentials.logons import MOST_FAILURES, NoTry
from looply.instants import to_ms

LEASE: Final = timedelta(minutes=2)
"""A try whose end was not reported by then is one of a process that ended."""
FORGOTTEN_AFTER: Final = timedelta(days=90)
"""A principal that was not tried for this time begins again: its connection is probably another one by then."""

_TICKET_BYTES: Final = 8


class RefusedLogons:
    """See `looply.connectors.credentials.logons.LogonLedger`. Methods raise as `CatalogDatabase.write`."""

    def __init__(self, database: CatalogDatabase, clock: Clock, entropy: Entropy) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy

    async def take(self, key: bytes, *, is_test: bool) -> str | NoTry:
        """Returns a ticket for one try, or why there is none. Writes nothing when there is none."""
        now_ms = to_ms(self._clock.now())
        found = await self._database.read(lambda connection: _row(connection, key))
        if not is_test and (reason := _no_try(found, now_ms)) is not None:
            return reason
        ticket = self._entropy.token(_TICKET_BYTES).hex()

        def store(connection: Connection) -> str | NoTry:
            row = _row(connection, key)
            if not is_test and (reason := _no_try(row, now_ms)) is not None:
                return reason
            old = refused_logons.c.changed_ms < now_ms - to_milliseconds(FORGOTTEN_AFTER)
            connection.execute(delete(refused_logons).where(old, refused_logons.c.principal != key))
            tries = {**_under_way(row, now_ms), ticket: now_ms + to_milliseconds(LEASE)}
            _put(connection, key, row, {"under_way": tries, "changed_ms": now_ms})
            return ticket

        return await self._database.write(store)

    async def settle(self, key: bytes, ticket: str, *, is_accepted: bool | None) -> None:
        """Notes how a try ended. After one that was accepted nothing is stored of the principal."""
        now_ms = to_ms(self._clock.now())

        def store(connection: Connection) -> None:
            row = _row(connection, key)
            if is_accepted:
                # Others under way were sent before: their refusals count again.
                connection.execute(delete(refused_logons).where(refused_logons.c.principal == key))
                return
            tries = {name: until for name, until in _under_way(row, now_ms).items() if name != ticket}
            failures = (row["failures"] if row is not None else 0) + (is_accepted is False)
            _put(connection, key, row, {"under_way": tries, "failures": failures, "changed_ms": now_ms})

        await self._database.write(store)


def to_milliseconds(span: timedelta) -> int:
    """Returns a span in milliseconds."""
    return int(span.total_seconds() * 1000)


def _row(connection: Connection, key: bytes) -> RowMapping | None:
    return connection.execute(select(refused_logons).where(refused_logons.c.principal == key)).mappings().first()


def _under_way(row: RowMapping | None, now_ms: int) -> dict[str, int]:
    """Returns the tries under way by ticket, each with the end of its lease, without those whose lease has ended.

    Where they cannot be read they count as `MOST_FAILURES`, until the lease of one that began at the last change ends.
    """
    if row is None:
        return {}
    stored = row["under_way"]
    if isinstance(stored, Unreadable):
        last_ms = row["changed_ms"] + to_milliseconds(LEASE)
        stored = {f"damaged {number}": last_ms for number in range(MOST_FAILURES)}
    return {name: until for name, until in stored.items() if until > now_ms}


def _no_try(row: RowMapping | None, now_ms: int) -> NoTry | None:
    failures = row["failures"] if row is not None else 0
    if failures >= MOST_FAILURES:
        return NoTry.STOPPED
    return NoTry.BUSY if failures + len(_under_way(row, now_ms)) >= MOST_FAILURES else None


def _put(connection: Connection, key: bytes, row: RowMapping | None, values: dict[str, Any]) -> None:
    if row is None:
        connection.execute(insert(refused_logons).values(principal=key, **{"failures": 0, **values}))
    else:
        connection.execute(update(refused_logons).where(refused_logons.c.principal == key).values(**values))
