"""Pruning of the PostgreSQL store: one slice is one call of a function, and so one transaction.

Rows of executions that are deleted leave free space in their partitions, which no other month uses. So at the end of
a round an empty month is dropped, and a pruned month with few rows left is rewritten, without readers missing
anything.
"""

from functools import partial
from typing import Final

import psycopg
import structlog
from msgspec.structs import replace
from psycopg import sql

from looply.clock import Clock
from looply.engine.coding.database_server import one_line
from looply.engine.postgres.database.connections import Connection, call, drop, rows
from looply.engine.postgres.database.database import Database
from looply.engine.postgres.database.months import month_of, months_from
from looply.engine.records.pruning import Cursor, PrunePlan, RetentionFilter, Slice, fires_before
from looply.engine.sql.pruning import SqlPruning
from looply.engine.sql.sessions import Sessions

_log = structlog.get_logger(__name__)

FEW: Final = 1000
"""The most executions left in a pruned month that is rewritten."""

_PARTS: Final = ("execution", "batch", "snapshot", "value_use")

_PRUNE: Final = "SELECT prune_executions(%s, %s::uuid[], %s::bigint[], %s)"
_SOME_LEFT: Final = "SELECT EXISTS (SELECT 1 FROM unnest(%s::uuid[]) w(id) JOIN execution e ON e.id = w.id)"
_MONTHS: Final = (
    "SELECT substr(c.relname, 11) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = 'execution'::regclass ORDER BY c.relname"
)
_DROP_MONTH: Final = "SELECT drop_month(%s, %s)"
_HURRY: Final = "SET lock_timeout = '200ms'"


class PostgresPruning(SqlPruning):
    """The pruning of one database."""

    def __init__(self, sessions: Sessions, database: Database, clock: Clock) -> None:
        super().__init__(sessions, database)
        self._database = database
        self._clock = clock
        self._touched: set[str] = set()

    async def _remove(self, plan: PrunePlan, spent: RetentionFilter, after: Cursor) -> Slice:  # noqa: ARG002
        ids = [each.execution_id for each in plan.removed]
        arguments = (self._database.epoch, ids, [each.seq for each in plan.removed], fires_before(spent))

        async def write(connection: Connection) -> int | None:
            count: int | None = await call(connection, _PRUNE, arguments)
            return count

        async def found(connection: Connection) -> tuple[int] | None:
            return None if await call(connection, _SOME_LEFT, (ids,)) else (len(ids),)

        count = await self._database.write(write, [("pruning",)], found)
        if count is None:
            return Slice(is_elsewhere=True)
        self._touched.update(map(month_of, ids))
        # Executions that have changed in between stay.
        return replace(plan.report, executions=count)

    async def release_space(self) -> bool:
        """Drops an empty month, or rewrites one with few rows left; returns whether it did so."""
        this_month = months_from(self._clock.now())[0]
        months = await self._database.read(lambda connection: rows(connection, _MONTHS))
        for month in (name for (name,) in months if name < this_month):
            left = await self._database.read(partial(_count, month=month))
            if not left and await self._drop(month):
                return True
            if left <= FEW and month in self._touched:
                self._touched.discard(month)
                await self._rewrite(month)
                return True
        return False

    async def _drop(self, month: str) -> bool:
        """Drops an empty month; returns whether it did: it does not wait for locks."""
        self._touched.discard(month)
        database = self._database

        async def write(connection: Connection) -> bool:
            return bool(await call(connection, _DROP_MONTH, (database.epoch, month)))

        return await database.write(write, [("pruning",)])

    async def _rewrite(self, month: str) -> None:
        """Rewrites the rest of a month, so that the disk gets the space of the removed rows back."""
        try:
            connection = await self._database.writers.connect()
        except psycopg.Error as error:
            _log.warning("month_not_shrunk", month=month, error=one_line(error))
            return
        try:
            await connection.execute(_HURRY)
            for part in _PARTS:
                await connection.execute(sql.SQL("VACUUM (FULL) {}").format(sql.Identifier(f"{part}_{month}")))
        except psycopg.Error as error:
            _log.warning("month_not_shrunk", month=month, error=one_line(error))
        finally:
            drop(connection)


async def _count(connection: Connection, month: str) -> int:
    """Returns how many executions of a month are stored, as far as that matters."""
    statement = sql.SQL("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT {}) e").format(
        sql.Identifier(f"execution_{month}"), FEW + 1
    )
    found = await (await connection.execute(statement)).fetchone()
    return int(found[0]) if found is not None else 0
