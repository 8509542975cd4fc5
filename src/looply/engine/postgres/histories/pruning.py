"""Pruning of the PostgreSQL store: one slice is one call of a function, and so one transaction.

Rows of executions that are deleted leave free space in their partitions, which no other month uses. So at the end of
a round an empty month is dropped, and a pruned month with few rows left is rewritten, without readers missing
anything.
"""

from datetime import datetime
from functools import partial
from typing import Final

import psycopg
import structlog
from msgspec.structs import replace
from psycopg import sql

from looply.clock import Clock, to_ms
from looply.engine.coding.database_server import one_line
from looply.engine.coding.retention import IS_OPEN
from looply.engine.coding.rows import id_text
from looply.engine.postgres.database.connections import Connection, call, drop, rows
from looply.engine.postgres.database.database import Database
from looply.engine.postgres.database.months import month_of, months_from
from looply.engine.records.pruning import (
    SLICE,
    SLICE_BYTES,
    Candidate,
    Cursor,
    PrunePlan,
    RetentionFilter,
    Slice,
    fires_before,
    plan_removals,
)
from looply.engine.sql.pruning import Spent, SqlPruning
from looply.engine.sql.sessions import Session, Sessions

_log = structlog.get_logger(__name__)

FEW: Final = 1000
"""With so many executions left at most, a pruned month is rewritten."""

_PARTS: Final = ("execution", "batch", "snapshot", "value_use")

_HELD: Final = f"""
  SELECT e.id,
    EXISTS (SELECT 1 FROM idempotency k WHERE k.execution_id = e.id AND k.expires_ms > %(now)s)
    OR EXISTS (SELECT 1 FROM letter l WHERE l.execution_id = e.id AND l.action = 0)
    OR EXISTS (SELECT 1 FROM card_copy c WHERE c.execution_id = e.id AND c.shown < c.wanted)
    OR EXISTS (SELECT 1 FROM delivery d WHERE d.target = e.id) OR e.id IN (SELECT d.sender FROM delivery d)
    OR EXISTS (SELECT 1 FROM execution o
      WHERE (o.org, o.parent COLLATE "C") = (e.org, e.id::text) AND o.parent <> '' AND {IS_OPEN})
    OR EXISTS (SELECT 1 FROM execution o WHERE o.id = nullif(e.parent, '')::uuid AND {IS_OPEN})
    OR e.id = (SELECT b.execution_id FROM batch b ORDER BY b.tx DESC, b.n DESC LIMIT 1)
    OR e.id = (SELECT h.id FROM execution h ORDER BY h.id DESC LIMIT 1),
    e.bytes + coalesce((SELECT sum(octet_length(v.bytes)) FROM value_use u
      JOIN value v ON v.org = u.org AND v.hash = u.hash WHERE u.execution_id = e.id), 0)::bigint
  FROM unnest(%(ids)s::uuid[]) w(id) CROSS JOIN LATERAL (SELECT x.* FROM execution x WHERE x.id = w.id LIMIT 1) e
"""
_PRUNE: Final = "SELECT prune_executions(%s, %s::uuid[], %s::bigint[], %s)"
_SOME_LEFT: Final = "SELECT EXISTS (SELECT 1 FROM unnest(%s::uuid[]) w(id) JOIN execution e ON e.id = w.id)"
# A key that another execution has got since has another time.
_DROP_KEYS: Final = (
    "DELETE FROM idempotency k USING hold_lease(%s), unnest(%s::integer[], %s::text[]) AS w(org, key)"
    " WHERE k.org = w.org AND k.key = w.key AND k.expires_ms <= %s"
)
_MONTHS: Final = (
    "SELECT substr(c.relname, 11) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = 'execution'::regclass ORDER BY c.relname"
)
_DROP_MONTH: Final = "SELECT drop_month(%s, %s)"
_HURRY: Final = "SET lock_timeout = '200ms'"


class PostgresPruning(SqlPruning):
    """See `looply.engine.records.pruning.Pruning`."""

    def __init__(self, sessions: Sessions, database: Database, clock: Clock) -> None:
        super().__init__(sessions)
        self._database = database
        self._clock = clock
        self._touched: set[str] = set()

    async def is_busy(self) -> bool:
        """Whether units of this process are being written."""
        return bool(self._database.writing)

    async def prune(self, spent: RetentionFilter, after: Cursor, *, is_dry: bool = False) -> Slice:
        """Removes one slice of executions whose retention is over."""
        plan = await self._sessions.read(lambda session: self._choice(session, spent, after))
        if is_dry or not plan.removed:
            return plan.report
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

    async def drop_keys(self, now: datetime, after: Cursor, *, is_dry: bool = False) -> Slice:
        """Removes idempotency keys whose time is over and whose execution is not open."""
        found, keys = await self._sessions.read(lambda session: self._find_keys(session, now, after))
        if keys and not is_dry:
            arguments = (self._database.epoch, [each[0] for each in keys], [each[1] for each in keys], to_ms(now))

            async def write(connection: Connection) -> None:
                await connection.execute(_DROP_KEYS, arguments)

            await self._database.write(write, [("pruning",)])
        return found

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

    async def _choice(self, session: Session, spent: RetentionFilter, after: Cursor) -> PrunePlan:
        found = await self._find_spent(session, spent, after)
        if found is None:
            return PrunePlan((), Slice())
        candidates, is_whole = await _candidates(session, found)
        return plan_removals(candidates, has_more=not is_whole or found.is_full)

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


async def _candidates(session: Session, found: Spent) -> tuple[list[Candidate], bool]:
    """Returns the candidates of rows until a slice is full, and whether they are all."""
    candidates: list[Candidate] = []
    taken = size = 0
    for begin in range(0, len(found.rows), SLICE):
        part = found.rows[begin : begin + SLICE]
        facts = {"ids": [id_text(key) for _, key, _, is_expired in part if is_expired], "now": found.now_ms}
        held = {row[0]: row[1:] for row in await session.rows(_HELD, facts)}
        for due_ms, key, seq, is_expired in part:
            is_held, bytes_held = held.get(key, (False, 0))
            candidates.append(Candidate(due_ms, id_text(key), seq, bool(is_expired), bool(is_held), bytes_held))
            if is_expired and not is_held:
                taken, size = taken + 1, size + bytes_held
        if taken > SLICE or size > SLICE_BYTES:
            return candidates, begin + SLICE >= len(found.rows)
    return candidates, True


async def _count(connection: Connection, month: str) -> int:
    """Returns how many executions of a month are stored, as far as that matters."""
    statement = sql.SQL("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT {}) e").format(
        sql.Identifier(f"execution_{month}"), FEW + 1
    )
    found = await (await connection.execute(statement)).fetchone()
    return int(found[0]) if found is not None else 0
