"""What the SQLite store forgets: one slice is one savepoint of the writer, as a unit is."""

from collections.abc import Container, Sequence
from datetime import datetime
from typing import Any, Final

import apsw

from looply.clock import to_ms
from looply.engine.coding.retention import IS_OPEN, expired_condition, slice_parameters
from looply.engine.coding.rows import TRIGGER_NUMBERS, Row, find_id, id_bytes, id_text
from looply.engine.ports.store import Position
from looply.engine.records.pruning import (
    SLICE_KEYS,
    SLICE_ROWS,
    Candidate,
    Cursor,
    PrunePlan,
    RetentionFilter,
    Slice,
    fires_before,
    highest_id,
    plan_removals,
)
from looply.engine.records.spans import first_id
from looply.engine.sqlite.file.names import find_number
from looply.engine.sqlite.file.threads import Threads

BEHIND: Final = 3000
"""So many pages may be committed and not yet in the file while something is pruned."""

_GIVEN_BACK: Final = 64
_SPARE: Final = 256
"""So many free pages stay in the file: what comes next takes them."""

_IS_SPENT: Final = expired_condition(":{}")
_EXPIRED: Final = f"""
  SELECT s.due_ms, e.id, e.seq, {_IS_SPENT} FROM (
    SELECT due_ms, execution_id FROM expiry INDEXED BY expiry_due
    WHERE (due_ms, execution_id) > (:after_ms, :after_id) AND due_ms <= :now
    ORDER BY due_ms, execution_id LIMIT :most) s CROSS JOIN execution e ON e.id = s.execution_id
"""  # noqa: S608 - constants
_OLD: Final = f"""
  SELECT 0, e.id, e.seq, {_IS_SPENT} FROM execution e WHERE e.id > :after_id AND e.id < :below ORDER BY e.id LIMIT :most
"""  # noqa: S608 - constants
_OLD_OF_WORKFLOW: Final = f"""
  SELECT 0, e.id, e.seq, {_IS_SPENT} FROM execution e INDEXED BY execution_workflow
  WHERE e.workflow = :workflow AND e.id > :after_id AND e.id < :below ORDER BY e.id LIMIT :most
"""  # noqa: S608 - constants
_HELD: Final = f"""
  SELECT
    EXISTS (SELECT 1 FROM idempotency k WHERE k.execution_id = :id AND k.expires_ms > :now)
    OR EXISTS (SELECT 1 FROM letter l WHERE l.execution_id = :id AND l.action = 0)
    OR EXISTS (SELECT 1 FROM card_copy c WHERE c.execution_id = :id AND c.shown < c.wanted)
    OR EXISTS (SELECT 1 FROM delivery d WHERE d.target = :id)
    OR EXISTS (SELECT 1 FROM execution o INDEXED BY execution_parent
      WHERE o.org = e.org AND o.parent = :text AND o.parent <> '' AND {IS_OPEN})
    OR EXISTS (SELECT 1 FROM execution o WHERE o.id = unhex(e.parent, '-') AND {IS_OPEN})
    OR :id = (SELECT b.execution_id FROM batch b ORDER BY b.n DESC LIMIT 1),
    e.bytes + coalesce((SELECT sum(length(v.bytes)) FROM value_use u JOIN value v ON v.org = u.org AND v.hash = u.hash
      WHERE u.execution_id = :id), 0)
  FROM execution e WHERE e.id = :id
"""  # noqa: S608 - constants
_SENDERS: Final = "SELECT DISTINCT sender FROM delivery"
_KEYS: Final = """
  SELECT k.org, k.key, k.execution_id FROM idempotency k INDEXED BY idempotency_of
  WHERE k.execution_id > :after_id AND k.execution_id < :below AND k.expires_ms <= :now
    AND NOT EXISTS (SELECT 1 FROM execution e WHERE e.id = k.execution_id AND e.status IN (1, 2))
  ORDER BY k.execution_id LIMIT :most
"""
_DROP_KEY: Final = "DELETE FROM idempotency WHERE org = ? AND key = ?"

# A whole slice at a time: rows of one instant and execution are on one side of its end.
_DECISIONS_END: Final = (
    "SELECT at_ms, execution_id FROM decision INDEXED BY decision_at"
    " WHERE (at_ms, execution_id) > (:after_ms, :after_id) AND at_ms < :before"
    " ORDER BY at_ms, execution_id LIMIT 1 OFFSET :most"
)
_OLD_DECISIONS: Final = (
    "FROM decision INDEXED BY decision_at WHERE (at_ms, execution_id) > (:after_ms, :after_id)"
    " AND (at_ms, execution_id) <= (:end_ms, :end_id) AND at_ms < :before"
    " AND NOT EXISTS (SELECT 1 FROM execution e WHERE e.id = decision.execution_id)"
)
_COUNT_DECISIONS: Final = f"SELECT count(*) {_OLD_DECISIONS}"
_DROP_DECISIONS: Final = f"DELETE {_OLD_DECISIONS}"

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
# Outcomes 4 and 5 wait, or tell that something was missed.
_OLD_FIRES: Final = (
    "DELETE FROM fire WHERE workflow = :workflow AND nominal_ms < :before AND execution_id IS NULL"
    " AND outcome NOT IN (4, 5)"
)
_PRUNED_TO: Final = "SELECT p.tx, p.n FROM pruned p JOIN name o ON o.n = p.org WHERE o.id = ?"
_FREE: Final = "PRAGMA freelist_count"
_GIVE_BACK: Final = f"PRAGMA incremental_vacuum({_GIVEN_BACK})"


class SqlitePruning:
    """See `looply.engine.records.pruning.Pruning`."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    async def is_busy(self) -> bool:
        """Whether units wait, or the disk is behind."""
        return self._threads.waiting > 0 or self._threads.behind > BEHIND

    async def prune(self, spent: RetentionFilter, after: Cursor, *, is_dry: bool = False) -> Slice:
        """Removes one slice of what is spent."""
        choice = await self._threads.read(lambda connection: _choice(connection, spent, after))
        if is_dry or not choice.removed:
            return choice.report
        return await self._threads.write(lambda connection: _prune(connection, spent, after))

    async def drop_keys(self, now: datetime, after: Cursor, *, is_dry: bool = False) -> Slice:
        """Removes idempotency keys whose time is over and whose execution is not open."""
        told, found = await self._threads.read(lambda connection: _keys(connection, now, after))
        if is_dry or not found:
            return told
        return await self._threads.write(lambda connection: _drop_keys(connection, now, after))

    async def drop_decisions(self, before: datetime, after: Cursor, *, is_dry: bool = False) -> Slice:
        """Removes old decisions of executions that are gone."""
        told, facts = await self._threads.read(lambda connection: _decisions(connection, before, after))
        if told.decisions and not is_dry:
            await self._threads.write(lambda connection: connection.execute(_DROP_DECISIONS, facts).fetchall())
        return told

    async def release_space(self) -> bool:
        """Gives a few free pages back to the disk; returns whether there are more."""
        free: int = await self._threads.read(lambda connection: connection.execute(_FREE).get)
        if free <= _SPARE:
            return False
        await self._threads.write(lambda connection: connection.execute(_GIVE_BACK).fetchall())
        return free - _GIVEN_BACK > _SPARE

    async def pruned_position(self, organization_id: str) -> Position:
        """Returns the last place of what went of an organization."""
        row = await self._threads.read(lambda connection: connection.execute(_PRUNED_TO, (organization_id,)).fetchone())
        return (row[0], row[1]) if row is not None else (0, 0)


def _choice(connection: apsw.Connection, spent: RetentionFilter, after: Cursor) -> PrunePlan:
    workflow = find_number(connection, spent.workflow_id) if spent.workflow_id else 0
    if workflow is None:
        return PrunePlan((), Slice())
    facts = slice_parameters(spent, workflow, after) | {
        "after_id": find_id(after[1]) or b"",
        "below": highest_id(spent),
    }
    statement = _EXPIRED if spent.ended_before is None else _OLD_OF_WORKFLOW if workflow else _OLD
    rows = connection.execute(statement, facts).fetchall()
    # Few, and without an index of their own.
    senders = {sender for (sender,) in connection.execute(_SENDERS)}
    candidates = (_candidate(connection, row, facts["now"], senders) for row in rows)
    return plan_removals(candidates, has_more=len(rows) == SLICE_ROWS)


def _candidate(connection: apsw.Connection, row: Row, now_ms: int, senders: Container[bytes]) -> Candidate:
    due_ms, key, seq, is_spent = row
    execution_id = id_text(key)
    if not is_spent:
        return Candidate(due_ms, execution_id, seq, is_expired=False, is_held=False, size=0)
    facts = {"id": key, "text": execution_id, "now": now_ms}
    ((is_held, size),) = _rows(connection, _HELD, facts)
    return Candidate(due_ms, execution_id, seq, is_expired=True, is_held=bool(is_held) or key in senders, size=size)


def _rows(connection: apsw.Connection, statement: str, facts: Any) -> list[Row]:
    found: list[Row] = connection.execute(statement, facts).fetchall()
    return found


def _prune(connection: apsw.Connection, spent: RetentionFilter, after: Cursor) -> Slice:
    """Looks again, now that nothing moves, and removes what it finds."""
    choice = _choice(connection, spent, after)
    keys = [id_bytes(each.execution_id) for each in choice.removed]
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
        facts = {"workflow": workflow, "low": min(keys), "high": max(keys), "before": fires_before(spent)}
        connection.execute(_GONE_FIRES, facts)
        connection.execute(_OLD_FIRES, facts)
    return choice.report


def _keys(connection: apsw.Connection, now: datetime, after: Cursor) -> tuple[Slice, Sequence[Row]]:
    facts = {"after_id": find_id(after[1]) or b"", "below": first_id(now), "now": to_ms(now), "most": SLICE_KEYS}
    rows = _rows(connection, _KEYS, facts)
    more = (0, id_text(rows[-1][2])) if len(rows) == SLICE_KEYS else None
    return Slice(keys=len(rows), after=more), rows


def _decisions(connection: apsw.Connection, before: datetime, after: Cursor) -> tuple[Slice, dict[str, Any]]:
    facts: dict[str, Any] = {"after_ms": after[0], "after_id": find_id(after[1]) or b"", "before": to_ms(before)}
    end = connection.execute(_DECISIONS_END, {**facts, "most": SLICE_ROWS - 1}).fetchone()
    facts["end_ms"], facts["end_id"] = end or (facts["before"], b"")
    count: int = connection.execute(_COUNT_DECISIONS, facts).get
    return Slice(decisions=count, after=(end[0], id_text(end[1])) if end is not None else None), facts


def _drop_keys(connection: apsw.Connection, now: datetime, after: Cursor) -> Slice:
    told, rows = _keys(connection, now, after)
    for org, key, _ in rows:
        connection.execute(_DROP_KEY, (org, key))
    return told
