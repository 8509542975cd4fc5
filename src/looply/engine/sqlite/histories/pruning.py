"""Pruning of the SQLite store: one slice is one savepoint of the writer, as a unit is."""

from collections.abc import Container, Sequence
from datetime import datetime
from typing import Any, Final

import apsw

from looply.engine.coding.retention import IS_OPEN
from looply.engine.coding.rows import TRIGGER_NUMBERS, Row, id_bytes, id_text
from looply.engine.records.pruning import (
    Candidate,
    Cursor,
    PrunePlan,
    RetentionFilter,
    Slice,
    fires_before,
    plan_removals,
)
from looply.engine.sql.pruning import SqlPruning
from looply.engine.sqlite.file.sessions import SqliteSession, SqliteSessions, run
from looply.engine.sqlite.file.threads import Threads

BEHIND: Final = 3000
"""Pruning pauses while more committed pages are not yet in the file."""

_RELEASED_PAGES: Final = 64
_SPARE: Final = 256
"""So many free pages stay in the file for the next rows."""

_HELD: Final = f"""
  SELECT
    EXISTS (SELECT 1 FROM idempotency k WHERE k.execution_id = :id AND k.expires_ms > :now)
    OR EXISTS (SELECT 1 FROM letter l WHERE l.execution_id = :id AND l.action = 0)
    OR EXISTS (SELECT 1 FROM card_copy c WHERE c.execution_id = :id AND c.shown < c.wanted)
    OR EXISTS (SELECT 1 FROM delivery d WHERE d.target = :id)
    OR EXISTS (SELECT 1 FROM execution o INDEXED BY execution_parent
      WHERE o.org = e.org AND o.parent = :text AND o.parent <> '' AND {IS_OPEN})
    OR EXISTS (SELECT 1 FROM execution o WHERE o.id = unhex(e.parent, '-') AND {IS_OPEN})
    OR :id = (SELECT b.execution_id FROM batch b ORDER BY b.n DESC LIMIT 1)
    OR :id = (SELECT max(h.id) FROM execution h),
    e.bytes + coalesce((SELECT sum(length(v.bytes)) FROM value_use u JOIN value v ON v.org = u.org AND v.hash = u.hash
      WHERE u.execution_id = :id), 0)
  FROM execution e WHERE e.id = :id
"""  # noqa: S608 - constants
_SENDERS: Final = "SELECT DISTINCT sender FROM delivery"
_DROP_KEY: Final = "DELETE FROM idempotency WHERE org = ? AND key = ?"

_FACTS: Final = "SELECT org, workflow, trigger FROM execution WHERE id = ?"
_MARK: Final = (
    "INSERT INTO pruned(org, tx, n) SELECT ?, 0, max(n) FROM batch WHERE execution_id = ? HAVING max(n) IS NOT NULL"
    " ON CONFLICT DO UPDATE SET n = max(n, excluded.n)"
)
_VALUES: Final = "DELETE FROM value_use WHERE execution_id = ? RETURNING org, hash"
_DROP_VALUE: Final = (
    "DELETE FROM value WHERE org = ? AND hash = ?"
    " AND NOT EXISTS (SELECT 1 FROM value_use u WHERE u.org = value.org AND u.hash = value.hash)"
)
_DROP_CLAIM: Final = (
    "DELETE FROM claim WHERE execution_id = :id AND (workflow, process_id) IN"
    " (SELECT e.workflow, e.process_id FROM execution e WHERE e.id = :id)"
)
# The first ones have none of an execution that has ended, unless something is damaged.
_DROPS: Final = (
    "DELETE FROM effect WHERE execution_id = ?",
    "DELETE FROM timer WHERE execution_id = ?",
    "DELETE FROM wait WHERE execution_id = ?",
    "DELETE FROM continuation WHERE execution_id = ?",
    "DELETE FROM place WHERE execution_id = ?",
    "DELETE FROM card WHERE execution_id = ?",
    "DELETE FROM batch WHERE execution_id = ?",
    "DELETE FROM snapshot WHERE execution_id = ?",
    "DELETE FROM search_field WHERE execution_id = ?",
    "DELETE FROM idempotency WHERE execution_id = ?",
    "DELETE FROM letter WHERE execution_id = ?",
    "DELETE FROM card_copy WHERE execution_id = ?",
    "DELETE FROM expiry WHERE execution_id = ?",
    "DELETE FROM execution WHERE id = ?",
)
_SCHEDULE: Final = "UPDATE schedule SET last_execution = NULL WHERE workflow = ? AND last_execution = ?"
_GONE_FIRES: Final = (
    "UPDATE fire SET execution_id = NULL WHERE workflow = :workflow AND execution_id >= :low AND execution_id <= :high"
    " AND NOT EXISTS (SELECT 1 FROM execution e WHERE e.id = fire.execution_id)"
)
# Starts with outcome 4 wait; 5 marks missed ones.
_OLD_FIRES: Final = (
    "DELETE FROM fire WHERE workflow = :workflow AND nominal_ms < :before AND execution_id IS NULL"
    " AND outcome NOT IN (4, 5)"
)
_FREE: Final = "PRAGMA freelist_count"
_RELEASE_PAGES: Final = f"PRAGMA incremental_vacuum({_RELEASED_PAGES})"


class SqlitePruning(SqlPruning):
    """See `looply.engine.records.pruning.Pruning`."""

    def __init__(self, threads: Threads) -> None:
        super().__init__(SqliteSessions(threads))
        self._threads = threads

    async def is_busy(self) -> bool:
        """Whether units wait, or the disk is behind."""
        return self._threads.waiting > 0 or self._threads.behind > BEHIND

    async def prune(self, spent: RetentionFilter, after: Cursor, *, is_dry: bool = False) -> Slice:
        """Removes one slice of executions whose retention is over."""
        plan = await self._threads.read(lambda connection: self._choice(connection, spent, after))
        if is_dry or not plan.removed:
            return plan.report
        return await self._threads.write(lambda connection: self._prune(connection, spent, after))

    async def drop_keys(self, now: datetime, after: Cursor, *, is_dry: bool = False) -> Slice:
        """Removes idempotency keys whose time is over and whose execution is not open."""
        found, keys = await self._sessions.read(lambda session: self._find_keys(session, now, after))
        if is_dry or not keys:
            return found
        return await self._threads.write(lambda connection: self._drop_keys(connection, now, after))

    async def release_space(self) -> bool:
        """Returns a few free pages to the disk; returns whether there are more."""
        free: int = await self._threads.read(lambda connection: connection.execute(_FREE).get)
        if free <= _SPARE:
            return False
        await self._threads.write(lambda connection: connection.execute(_RELEASE_PAGES).fetchall())
        return free - _RELEASED_PAGES > _SPARE

    def _choice(self, connection: apsw.Connection, spent: RetentionFilter, after: Cursor) -> PrunePlan:
        found = run(self._find_spent(SqliteSession(connection), spent, after))
        if found is None:
            return PrunePlan((), Slice())
        # Few, and without an index of their own.
        senders = {sender for (sender,) in connection.execute(_SENDERS)}
        candidates = (_candidate(connection, row, found.now_ms, senders) for row in found.rows)
        return plan_removals(candidates, has_more=found.is_full)

    def _prune(self, connection: apsw.Connection, spent: RetentionFilter, after: Cursor) -> Slice:
        """Chooses again, now that no other write runs, and removes the plan_removals executions."""
        plan = self._choice(connection, spent, after)
        _remove(connection, [id_bytes(each.execution_id) for each in plan.removed], fires_before(spent))
        return plan.report

    def _drop_keys(self, connection: apsw.Connection, now: datetime, after: Cursor) -> Slice:
        found, rows = run(self._find_keys(SqliteSession(connection), now, after))
        for org, key, _ in rows:
            connection.execute(_DROP_KEY, (org, key))
        return found


def _candidate(connection: apsw.Connection, row: Row, now_ms: int, senders: Container[bytes]) -> Candidate:
    due_ms, key, seq, is_expired = row
    execution_id = id_text(key)
    if not is_expired:
        return Candidate(due_ms, execution_id, seq, is_expired=False, is_held=False, size=0)
    facts = {"id": key, "text": execution_id, "now": now_ms}
    ((is_held, size),) = _rows(connection, _HELD, facts)
    return Candidate(due_ms, execution_id, seq, is_expired=True, is_held=bool(is_held) or key in senders, size=size)


def _rows(connection: apsw.Connection, statement: str, facts: Any) -> list[Row]:
    found: list[Row] = connection.execute(statement, facts).fetchall()
    return found


def _remove(connection: apsw.Connection, keys: Sequence[bytes], before_ms: int) -> None:
    scheduled: set[int] = set()
    for key in keys:
        ((org, workflow, trigger),) = _rows(connection, _FACTS, (key,))
        if trigger == TRIGGER_NUMBERS["SCHEDULED"]:
            scheduled.add(workflow)
            connection.execute(_SCHEDULE, (workflow, key))
        connection.execute(_MARK, (org, key))
        connection.execute(_DROP_CLAIM, {"id": key})
        for value in connection.execute(_VALUES, (key,)).fetchall():
            connection.execute(_DROP_VALUE, value)
        for statement in _DROPS:
            connection.execute(statement, (key,))
    for workflow in scheduled:
        facts = {"workflow": workflow, "low": min(keys), "high": max(keys), "before": before_ms}
        connection.execute(_GONE_FIRES, facts)
        connection.execute(_OLD_FIRES, facts)
