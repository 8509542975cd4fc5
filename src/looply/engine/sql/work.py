"""What is due or runnable in a store with tables, for a process that has the store to itself."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from looply.clock import to_ms
from looply.engine.coding.rows import delivery_from, effect_from, id_text, optional_instant, timer_from
from looply.engine.ports.store import EffectRow, TimerRow
from looply.engine.records.spans import LOWEST_ID
from looply.engine.sql.dialects import Variants
from looply.engine.sql.sessions import Sessions
from looply.execution.facts.deliveries import Delivery

_DUE: Final = (
    "SELECT due_ms, execution_id, seq, kind FROM timer WHERE due_ms <= :now"
    " ORDER BY due_ms, execution_id, seq LIMIT :limit"
)
_NEXT: Final = "SELECT min(due_ms) FROM timer"
_EFFECTS: Final = (
    "SELECT e.execution_id, e.seq, n.id, e.queue, e.state, e.attempt, e.epoch FROM effect e JOIN name n ON n.n = e.org"
)
_AFTER: Final = "(e.execution_id, e.seq) > (:after_id:uuid, :after_seq)"
_ORDER: Final = "ORDER BY e.execution_id, e.seq LIMIT :limit"
_QUEUED: Final = f"{_EFFECTS} WHERE {_AFTER} AND e.state = 0 {_ORDER}"
_LOST: Final = f"{_EFFECTS} WHERE e.state = 1 AND e.epoch < :epoch {_ORDER}"
_RUNNING: Final = f"{_EFFECTS} WHERE {_AFTER} AND e.state = 1 AND e.epoch = :epoch {_ORDER}"
_CONTINUATIONS: Final = "SELECT execution_id FROM continuation ORDER BY execution_id LIMIT :limit"
_DELIVERIES: Final = Variants(
    """
  SELECT d.target, d.sender, d.seq, d.kind FROM delivery d WHERE NOT EXISTS (
    SELECT 1 FROM delivery e WHERE e.target = d.target AND e.sender = d.sender AND e.seq < d.seq)
    AND hex(d.target) NOT IN (SELECT value FROM json_each(:but_to))
  ORDER BY d.target, d.sender LIMIT :limit
""",
    "SELECT d.target, d.sender, d.seq, d.kind FROM delivery d WHERE NOT EXISTS (SELECT 1 FROM delivery b"
    " WHERE b.target = d.target AND b.sender = d.sender AND b.seq < d.seq) AND d.target <> ALL (:but_to:uuid[])"
    " ORDER BY d.target, d.sender LIMIT :limit",
)
# Goes from one workflow with a queue to the next one in the index, and looks at the first of its queue only.
_QUEUES: Final = """
  WITH RECURSIVE line(workflow) AS (
    SELECT min(workflow) FROM place WHERE held = 0
    UNION ALL
    SELECT (SELECT min(p.workflow) FROM place p WHERE p.held = 0 AND p.workflow > line.workflow) FROM line
      WHERE line.workflow IS NOT NULL)
"""
_HAS_ROOM: Final = "(SELECT count(*) FROM place h WHERE h.held = 1 AND h.workflow = line.workflow) < f.most"
ADMISSIBLE: Final = Variants(
    f"""{_QUEUES}
  SELECT f.execution_id FROM line JOIN place f ON f.execution_id = (
      SELECT p.execution_id FROM place p WHERE p.held = 0 AND p.workflow = line.workflow
      ORDER BY p.since_ms, p.execution_id LIMIT 1)
    WHERE {_HAS_ROOM} LIMIT :limit
""",
    f"""{_QUEUES}
  SELECT f.execution_id FROM line JOIN LATERAL (
      SELECT p.execution_id, p.most FROM place p WHERE p.held = 0 AND p.workflow = line.workflow
      ORDER BY p.since_ms, p.execution_id LIMIT 1) f ON true
    WHERE {_HAS_ROOM} LIMIT :limit
""",
)
"""The executions that may take a concurrency slot."""

_FIRST: Final = id_text(LOWEST_ID)


class SqlWorkQueue:
    """See `looply.engine.ports.store.WorkQueue`; each store adds `mark_running` and `drop_deliveries`."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def due_timers(self, now: datetime, limit: int) -> Sequence[TimerRow]:
        """Returns timers that are due, earliest first."""
        return await self._sessions.select(timer_from, _DUE, {"now": to_ms(now), "limit": limit})

    async def next_due(self) -> datetime | None:
        """Returns the instant of the earliest timer, or None."""
        return optional_instant(await self._sessions.value(_NEXT))

    async def find_queued_effects(self, after: tuple[str, int], limit: int) -> Sequence[EffectRow]:
        """Returns QUEUED effects by (execution id, seq), those after `after`."""
        key = self._sessions.key(after[0] or _FIRST)
        facts = {"after_id": key, "after_seq": after[1], "limit": limit}
        return await self._sessions.select(effect_from, _QUEUED, facts)

    async def find_lost_effects(self, epoch: int, limit: int) -> Sequence[EffectRow]:
        """Returns RUNNING effects of epochs before `epoch`."""
        return await self._sessions.select(effect_from, _LOST, {"epoch": epoch, "limit": limit})

    async def running_effects(self, epoch: int, after: tuple[str, int], limit: int) -> Sequence[EffectRow]:
        """Returns the RUNNING effects of one process, those after `after`."""
        key = self._sessions.key(after[0] or _FIRST)
        facts = {"epoch": epoch, "after_id": key, "after_seq": after[1], "limit": limit}
        return await self._sessions.select(effect_from, _RUNNING, facts)

    async def overdue_effects(self, limit: int) -> Sequence[EffectRow]:  # noqa: ARG002 - the port has it
        """Returns nothing: the one process of the store knows what it has queued."""
        return ()

    async def continuations(self, limit: int) -> Sequence[str]:
        """Returns ids of executions whose stretch was cut."""
        return await self._sessions.select(lambda row: id_text(row[0]), _CONTINUATIONS, {"limit": limit})

    async def deliveries(self, limit: int, but_to: Collection[str] = ()) -> Sequence[Delivery]:
        """Returns rows that wait for their targets, of what one execution sent to another one the first."""
        facts = {"but_to": self._sessions.keys(but_to), "limit": limit}
        return await self._sessions.select(delivery_from, _DELIVERIES, facts)

    async def admissible(self, limit: int) -> Sequence[str]:
        """Returns ids of executions whose turn it is to take a slot."""
        return await self._sessions.select(lambda row: id_text(row[0]), ADMISSIBLE, {"limit": limit})

    async def end_lost_processes(self) -> Sequence[str]:
        """Does nothing: there is no other process."""
        return ()
