"""Pruning of the SQLite store: one slice is one savepoint of the writer, as a unit is."""

from collections.abc import Sequence
from typing import Any, Final

import apsw

from looply.engine.coding.rows import TRIGGER_NUMBERS, Row, id_bytes
from looply.engine.records.pruning import Cursor, PrunePlan, RetentionFilter, Slice, fires_before
from looply.engine.sql.pruning import SqlPruning
from looply.engine.sqlite.file.sessions import SqliteSession, SqliteSessions, run
from looply.engine.sqlite.file.threads import Threads

_RELEASED_PAGES: Final = 64
_SPARE: Final = 256
"""The number of free pages that stay in the file for the next rows."""

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
    "DELETE FROM concurrency_slot WHERE execution_id = ?",
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
    """The pruning of one file."""

    def __init__(self, threads: Threads) -> None:
        super().__init__(SqliteSessions(threads), threads)
        self._threads = threads

    async def _remove(self, plan: PrunePlan, spent: RetentionFilter, after: Cursor) -> Slice:  # noqa: ARG002
        """Chooses again, now that no other write runs."""

        def write(connection: apsw.Connection) -> Slice:
            plan = run(self._plan(SqliteSession(connection, self._threads.names), spent, after))
            _remove(connection, [id_bytes(each.execution_id) for each in plan.removed], fires_before(spent))
            return plan.report

        return await self._threads.write(write)

    async def release_space(self) -> bool:
        """Returns a few free pages to the disk; returns whether there are more."""
        free: int = await self._threads.read(lambda connection: connection.execute(_FREE).get)
        if free <= _SPARE:
            return False
        await self._threads.write(lambda connection: connection.execute(_RELEASE_PAGES).fetchall())
        return free - _RELEASED_PAGES > _SPARE


def _rows(connection: apsw.Connection, statement: str, parameters: Any) -> list[Row]:
    found: list[Row] = connection.execute(statement, parameters).fetchall()
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
        parameters = {"workflow": workflow, "low": min(keys), "high": max(keys), "before": before_ms}
        connection.execute(_GONE_FIRES, parameters)
        connection.execute(_OLD_FIRES, parameters)
