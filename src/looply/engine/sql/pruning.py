"""Pruning of a store with tables: how what is to be removed is found, the same in both dialects."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from looply.clock import to_ms
from looply.engine.coding.retention import IS_EXPIRED, slice_parameters
from looply.engine.coding.rows import Row, id_text
from looply.engine.ports.store import Position
from looply.engine.records.pruning import SLICE_KEYS, SLICE_ROWS, Cursor, RetentionFilter, Slice, highest_id
from looply.engine.records.spans import LOWEST_ID, first_id
from looply.engine.sql.dialects import Variants
from looply.engine.sql.sessions import Session, Sessions

_FOUND: Final = f"e.id, e.seq, {IS_EXPIRED}"
_EXPIRED: Final = Variants(
    f"""
  SELECT s.due_ms, {_FOUND} FROM (
    SELECT due_ms, execution_id FROM expiry INDEXED BY expiry_due
    WHERE (due_ms, execution_id) > (:after_ms, :after_id) AND due_ms <= :now
    ORDER BY due_ms, execution_id LIMIT :most) s CROSS JOIN execution e ON e.id = s.execution_id
""",
    f"""
  SELECT s.due_ms, {_FOUND} FROM (
    SELECT x.due_ms, x.execution_id FROM expiry x
    WHERE (x.due_ms, x.execution_id) > (:after_ms, :after_id:uuid) AND x.due_ms <= :now
    ORDER BY x.due_ms, x.execution_id LIMIT :most) s
    CROSS JOIN LATERAL (SELECT y.* FROM execution y WHERE y.id = s.execution_id LIMIT 1) e
  ORDER BY s.due_ms, s.execution_id
""",
)
_IN_SPAN: Final = "e.id > :after_id:uuid AND e.id < :below:uuid"
_OLD: Final = f"SELECT 0, {_FOUND} FROM execution e WHERE {_IN_SPAN} ORDER BY e.id LIMIT :most"
_OLD_OF_WORKFLOW: Final = Variants(
    f"""
  SELECT 0, {_FOUND} FROM execution e INDEXED BY execution_workflow
  WHERE e.workflow = :workflow AND {_IN_SPAN} ORDER BY e.id LIMIT :most
""",
    f"""
  SELECT 0, {_FOUND} FROM execution e
  WHERE (e.workflow, e.id) > (:workflow, :after_id:uuid) AND (e.workflow, e.id) < (:workflow, :below:uuid)
    AND {_IN_SPAN} ORDER BY e.workflow, e.id LIMIT :most
""",
)
_KEYS: Final = """
  SELECT k.org, k.key, k.execution_id FROM idempotency k INDEXED BY idempotency_of
  WHERE k.execution_id > :after_id:uuid AND k.execution_id < :below:uuid AND k.expires_ms <= :now
    AND NOT EXISTS (SELECT 1 FROM execution e WHERE e.id = k.execution_id AND e.status IN (1, 2))
  ORDER BY k.execution_id LIMIT :most
"""
# A whole slice at a time: rows of one instant and execution are on one side of its end.
_DECISIONS_END: Final = (
    "SELECT at_ms, execution_id FROM decision INDEXED BY decision_at"
    " WHERE (at_ms, execution_id) > (:after_ms, :after_id:uuid) AND at_ms < :before"
    " ORDER BY at_ms, execution_id LIMIT 1 OFFSET :most"
)
_ARE_OLD: Final = (
    "(at_ms, execution_id) > (:after_ms, :after_id:uuid) AND (at_ms, execution_id) <= (:end_ms, :end_id:uuid)"
    " AND at_ms < :before AND NOT EXISTS (SELECT 1 FROM execution e WHERE e.id = decision.execution_id)"
)
_COUNT_DECISIONS: Final = f"SELECT count(*) FROM decision INDEXED BY decision_at WHERE {_ARE_OLD}"
_DROP_DECISIONS: Final = Variants(
    f"DELETE FROM decision INDEXED BY decision_at WHERE {_ARE_OLD}",
    f"DELETE FROM decision USING hold_lease(:own) WHERE {_ARE_OLD}",
)
_PRUNED_TO: Final = "SELECT p.tx, p.n FROM pruned p JOIN name o ON o.n = p.org WHERE o.id = :organization"

_FIRST: Final = id_text(LOWEST_ID)


class Spent(NamedTuple):
    """Rows of (due_ms, id, seq, whether it is spent), whether these may be all, and the instant they were found at."""

    rows: Sequence[Row]
    is_full: bool
    now_ms: int


class SqlPruning:
    """See `looply.engine.records.pruning.Pruning`; each store adds how it removes executions and releases space."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def drop_decisions(self, before: datetime, after: Cursor, *, is_dry: bool = False) -> Slice:
        """Removes old decisions of executions that are gone."""
        found, facts = await self._sessions.read(lambda session: self._find_decisions(session, before, after))
        if found.decisions and not is_dry:

            async def write(session: Session) -> None:
                await session.change(_DROP_DECISIONS, {**facts, "own": self._sessions.epoch})

            await self._sessions.write(write, [("pruning",)])
        return found

    async def last_pruned_position(self, organization_id: str) -> Position:
        """Returns the position up to which executions of an organization were removed."""
        found = await self._sessions.find(lambda row: (row[0], row[1]), _PRUNED_TO, {"organization": organization_id})
        return found or (0, 0)

    async def _find_spent(self, session: Session, spent: RetentionFilter, after: Cursor) -> Spent | None:
        """Returns what one slice looks at, None when the workflow of the filter is unknown."""
        workflow: int | None = 0
        if spent.workflow_id:
            (workflow,) = await session.find_numbers(spent.workflow_id)
        if workflow is None:
            return None
        ids = {"after_id": self._key(after), "below": self._sessions.key(id_text(highest_id(spent)))}
        facts = slice_parameters(spent, workflow, after) | ids
        statement = _EXPIRED if spent.ended_before is None else _OLD_OF_WORKFLOW if workflow else _OLD
        found = await session.rows(statement, facts)
        return Spent(found, len(found) == SLICE_ROWS, facts["now"])

    async def _find_keys(self, session: Session, now: datetime, after: Cursor) -> tuple[Slice, Sequence[Row]]:
        """Returns a slice of idempotency keys whose time is over, as (org, key, execution id)."""
        below = self._sessions.key(id_text(first_id(now)))
        facts = {"after_id": self._key(after), "below": below, "now": to_ms(now), "most": SLICE_KEYS}
        found = await session.rows(_KEYS, facts)
        return Slice(keys=len(found), after=(0, id_text(found[-1][2])) if len(found) == SLICE_KEYS else None), found

    async def _find_decisions(self, session: Session, before: datetime, after: Cursor) -> tuple[Slice, dict[str, Any]]:
        facts = {"after_ms": after[0], "after_id": self._key(after), "before": to_ms(before)}
        ends = await session.rows(_DECISIONS_END, {**facts, "most": SLICE_ROWS - 1})
        end_ms, end_id = (ends[0][0], id_text(ends[0][1])) if ends else (facts["before"], _FIRST)
        facts |= {"end_ms": end_ms, "end_id": self._sessions.key(end_id)}
        ((count,),) = await session.rows(_COUNT_DECISIONS, facts)
        return Slice(decisions=count, after=(end_ms, end_id) if ends else None), facts

    def _key(self, after: Cursor) -> Any:
        return self._sessions.key(after[1] or _FIRST)
