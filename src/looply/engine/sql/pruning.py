"""Pruning of a store with tables: what is to be removed, and in which slices."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from looply.engine.coding.retention import IS_EXPIRED, IS_OPEN, slice_parameters
from looply.engine.coding.rows import IN_OPEN_NUMBERS, Row, id_text
from looply.engine.ports.store import Position
from looply.engine.records.pruning import (
    SLICE,
    SLICE_BYTES,
    SLICE_KEYS,
    SLICE_ROWS,
    Candidate,
    Cursor,
    PrunePlan,
    RetentionFilter,
    Slice,
    highest_id,
    plan_removals,
)
from looply.engine.records.spans import LOWEST_ID, first_id
from looply.engine.sql.dialects import Variants
from looply.engine.sql.sessions import Session, Sessions, Writes
from looply.instants import to_ms

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
_IS_CHILD: Final = f"o.parent <> '' AND {IS_OPEN}"
_HAS_OTHERS: Final = (
    "EXISTS (SELECT 1 FROM idempotency k WHERE k.execution_id = e.id AND k.expires_ms > :now)"
    " OR EXISTS (SELECT 1 FROM letter l WHERE l.execution_id = e.id AND l.action = 0)"
    " OR EXISTS (SELECT 1 FROM card_copy c WHERE c.execution_id = e.id AND c.shown < c.wanted)"
    " OR EXISTS (SELECT 1 FROM delivery d WHERE d.target = e.id) OR e.id IN (SELECT d.sender FROM delivery d)"
    " OR e.id = (SELECT h.id FROM execution h ORDER BY h.id DESC LIMIT 1)"
)
_SIZE: Final = (
    "e.bytes + CAST(coalesce((SELECT sum(length(v.bytes)) FROM value_use u JOIN value v ON v.org = u.org"
    " AND v.hash = u.hash WHERE u.execution_id = e.id), 0) AS bigint)"
)
_HELD: Final = Variants(
    f"""
  SELECT e.id, {_HAS_OTHERS}
    OR EXISTS (SELECT 1 FROM execution o INDEXED BY execution_parent
      WHERE o.org = e.org AND o.parent = w.value AND {_IS_CHILD})
    OR EXISTS (SELECT 1 FROM execution o WHERE o.id = unhex(e.parent, '-') AND {IS_OPEN})
    OR e.id = (SELECT b.execution_id FROM batch b ORDER BY b.n DESC LIMIT 1), {_SIZE}
  FROM json_each(:ids) w CROSS JOIN execution e ON e.id = unhex(w.value, '-')
""",
    f"""
  SELECT e.id, {_HAS_OTHERS}
    OR EXISTS (SELECT 1 FROM execution o
      WHERE (o.org, o.parent COLLATE "C") = (e.org, e.id::text) AND {_IS_CHILD})
    OR EXISTS (SELECT 1 FROM execution o WHERE o.id = nullif(e.parent, '')::uuid AND {IS_OPEN})
    OR e.id = (SELECT b.execution_id FROM batch b ORDER BY b.tx DESC, b.n DESC LIMIT 1), {_SIZE}
  FROM unnest(:ids:uuid[]) w(id) CROSS JOIN LATERAL (SELECT x.* FROM execution x WHERE x.id = w.id LIMIT 1) e
""",
)
_KEY_IS_SPENT: Final = (
    "execution_id > :after_id:uuid AND execution_id < :below:uuid AND expires_ms <= :now"
    f" AND NOT EXISTS (SELECT 1 FROM execution e WHERE e.id = idempotency.execution_id AND e.status {IN_OPEN_NUMBERS})"
)
_KEYS: Final = (
    f"SELECT execution_id FROM idempotency INDEXED BY idempotency_of WHERE {_KEY_IS_SPENT}"
    " ORDER BY execution_id LIMIT :most"
)
_DROP_KEYS: Final = (
    "DELETE FROM idempotency INDEXED BY idempotency_of USING hold_lease(:own)"
    f" WHERE execution_id <= :end_id:uuid AND {_KEY_IS_SPENT}"
)
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
_DROP_DECISIONS: Final = f"DELETE FROM decision INDEXED BY decision_at USING hold_lease(:own) WHERE {_ARE_OLD}"
_PRUNED_TO: Final = "SELECT p.tx, p.n FROM pruned p JOIN name o ON o.n = p.org WHERE o.id = :organization"

_FIRST: Final = id_text(LOWEST_ID)


_WRITE_KEYS: Final = (("pruning",),)


class SqlPruning(ABC):
    """See `looply.engine.records.pruning.Pruning`; each store adds `release_space`."""

    def __init__(self, sessions: Sessions, writes: Writes) -> None:
        self._sessions = sessions
        self._writes = writes

    async def is_busy(self) -> bool:
        """Whether units wait, or the disk is behind."""
        return self._writes.is_busy

    async def prune(self, spent: RetentionFilter, after: Cursor, *, is_dry: bool = False) -> Slice:
        """Removes one slice of executions whose retention is over."""
        plan = await self._sessions.read(lambda session: self._plan(session, spent, after))
        if is_dry or not plan.removed:
            return plan.report
        return await self._remove(plan, spent, after)

    async def drop_keys(self, now: datetime, after: Cursor, *, is_dry: bool = False) -> Slice:
        """Removes idempotency keys whose time is over and whose execution is not open."""
        below = self._sessions.key(id_text(first_id(now)))
        parameters = {"after_id": self._key(after), "below": below, "now": to_ms(now), "most": SLICE_KEYS}
        found = await self._sessions.select(lambda row: id_text(row[0]), _KEYS, parameters)
        if found and not is_dry:
            await self._sessions.change(
                _DROP_KEYS, {**parameters, "end_id": self._sessions.key(found[-1])}, _WRITE_KEYS
            )
        return Slice(keys=len(found), after=(0, found[-1]) if len(found) == SLICE_KEYS else None)

    async def drop_decisions(self, before: datetime, after: Cursor, *, is_dry: bool = False) -> Slice:
        """Removes old decisions of executions that are gone."""
        found, parameters = await self._sessions.read(lambda session: self._find_decisions(session, before, after))
        if found.decisions and not is_dry:
            await self._sessions.change(_DROP_DECISIONS, parameters, _WRITE_KEYS)
        return found

    async def last_pruned_position(self, organization_id: str) -> Position:
        """Returns the position up to which executions of an organization were removed."""
        found = await self._sessions.find(lambda row: (row[0], row[1]), _PRUNED_TO, {"organization": organization_id})
        return found or (0, 0)

    @abstractmethod
    async def _remove(self, plan: PrunePlan, spent: RetentionFilter, after: Cursor) -> Slice:
        """Removes the executions of a plan that have not changed since it was made; returns the result."""

    async def _plan(self, session: Session, spent: RetentionFilter, after: Cursor) -> PrunePlan:
        """Returns what one slice removes; nothing when the workflow of the filter is unknown."""
        workflow: int | None = 0
        if spent.workflow_id:
            (workflow,) = await session.find_numbers(spent.workflow_id)
        if workflow is None:
            return PrunePlan((), Slice())
        ids = {"after_id": self._key(after), "below": self._sessions.key(id_text(highest_id(spent)))}
        parameters = slice_parameters(spent, workflow, after) | ids
        statement = _EXPIRED if spent.ended_before is None else _OLD_OF_WORKFLOW if workflow else _OLD
        found = await session.rows(statement, parameters)
        candidates = await self._candidates(session, found, parameters["now"])
        return plan_removals(candidates, has_more=len(candidates) < len(found) or len(found) == SLICE_ROWS)

    async def _candidates(self, session: Session, rows: Sequence[Row], now_ms: int) -> list[Candidate]:
        """Returns the candidates of rows of (due_ms, id, seq, whether it has expired), until a slice is full."""
        candidates: list[Candidate] = []
        taken = size = 0
        for begin in range(0, len(rows), SLICE):
            part = rows[begin : begin + SLICE]
            ids = self._sessions.keys(id_text(key) for _, key, _, is_expired in part if is_expired)
            held = {row[0]: row[1:] for row in await session.rows(_HELD, {"ids": ids, "now": now_ms})}
            for due_ms, key, seq, is_expired in part:
                is_held, bytes_held = held.get(key, (False, 0))
                candidates.append(Candidate(due_ms, id_text(key), seq, bool(is_expired), bool(is_held), bytes_held))
                if is_expired and not is_held:
                    taken, size = taken + 1, size + bytes_held
            if taken > SLICE or size > SLICE_BYTES:
                break
        return candidates

    async def _find_decisions(self, session: Session, before: datetime, after: Cursor) -> tuple[Slice, dict[str, Any]]:
        parameters = {"after_ms": after[0], "after_id": self._key(after), "before": to_ms(before)}
        ends = await session.rows(_DECISIONS_END, {**parameters, "most": SLICE_ROWS - 1})
        end_ms, end_id = (ends[0][0], id_text(ends[0][1])) if ends else (parameters["before"], _FIRST)
        parameters |= {"end_ms": end_ms, "end_id": self._sessions.key(end_id)}
        ((count,),) = await session.rows(_COUNT_DECISIONS, parameters)
        return Slice(decisions=count, after=(end_ms, end_id) if ends else None), parameters

    def _key(self, after: Cursor) -> Any:
        return self._sessions.key(after[1] or _FIRST)
