"""What is due or runnable in a store with tables, and which of it may have crashed a process: the suspects.

Where several processes share the database, one process at a time takes a row. Another process may take it when the
first one has not finished it after `TAKEN_SECONDS`: that one may have ended, or be paused. Should it resume, the fence
of the execution refuses its late write.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from looply.engine.coding.rows import EFFECT_STATES, delivery_from, effect_from, id_text, timer_from
from looply.engine.ports.store import EffectRow, TimerRow
from looply.engine.records.spans import LOWEST_ID
from looply.engine.records.trials import LARGEST_BATCH, MAX_CRASH_COUNT
from looply.engine.sql.dialects import TakeStatement, Variants
from looply.engine.sql.sessions import Session, Sessions
from looply.execution.facts.deliveries import Delivery, DeliveryKey
from looply.instants import instant_or_none, to_ms

TAKEN_SECONDS: Final = 10
"""How long a row belongs to the process that took it."""

STRETCH_SECONDS: Final = 30
"""After this time another process continues a cut stretch whose process has taken it and stored nothing since."""

_LIFE: Final = "make_interval(secs => :seconds)"
_TIMER: Final = "SELECT due_ms, execution_id, seq, kind"
_DUE: Final = TakeStatement(
    f"{_TIMER} FROM timer WHERE due_ms <= :now ORDER BY due_ms, execution_id, seq LIMIT :limit",
    f"{_TIMER} FROM take_timers(:own, :now, {_LIFE}, :limit)",
)
# A taken timer is handled by its process, or found by the poll of each second.
_NEXT: Final = Variants(
    "SELECT min(due_ms) FROM timer",
    "SELECT min(t.due_ms) FROM (SELECT due_ms FROM timer WHERE taken = '-infinity'"
    " ORDER BY due_ms, execution_id, seq LIMIT 1) t",
)
_EFFECT: Final = "SELECT e.execution_id, e.seq, n.id, e.queue, e.state, e.attempt, e.epoch"
_NAMED: Final = "e JOIN name n ON n.n = e.org"
_EFFECTS: Final = f"{_EFFECT} FROM effect {_NAMED}"
_OVERDUE: Final = f"{_EFFECT} FROM take_effects(:own, {_LIFE}, :limit) {_NAMED}"
# Another process may have opened an incident since this one looked: while it is open no effect may begin.
_MARK: Final = Variants(
    "UPDATE effect SET state = 1, epoch = :epoch WHERE execution_id = :execution AND seq = :seq AND state = 0"
    " RETURNING true",
    "SELECT mark_running(:own, :execution:uuid, :seq, :epoch)"
    " WHERE NOT EXISTS (SELECT 1 FROM incident i WHERE i.execution_id = :execution:uuid)",
)
_MARKED: Final = (
    "SELECT 1 FROM effect WHERE execution_id = :execution:uuid AND seq = :seq AND state = 1 AND epoch = :epoch"
)
_AFTER: Final = "(e.execution_id, e.seq) > (:after_id:uuid, :after_seq)"
_ORDER: Final = "ORDER BY e.execution_id, e.seq LIMIT :limit"
_QUEUED: Final = f"{_EFFECTS} WHERE {_AFTER} AND e.state = 0 {_ORDER}"
_QUEUED_OF: Final = Variants(
    "SELECT execution_id, seq FROM effect WHERE state = 0 AND execution_id IN"
    " (SELECT unhex(value, '-') FROM json_each(:executions))",
    "SELECT execution_id, seq FROM effect WHERE state = 0 AND execution_id = ANY (:executions:uuid[])",
)
_LOST: Final = Variants(
    f"{_EFFECTS} WHERE e.state = 1 AND e.epoch < :epoch {_ORDER}",
    f"{_EFFECTS} WHERE e.state = 1 AND e.epoch <> :epoch"
    f" AND NOT EXISTS (SELECT 1 FROM lease l WHERE l.epoch = e.epoch AND l.epoch <> :own) {_ORDER}",
)
_RUNNING: Final = f"{_EFFECTS} WHERE {_AFTER} AND e.state = 1 AND e.epoch = :epoch {_ORDER}"
_CONTINUATIONS: Final = TakeStatement(
    "SELECT execution_id FROM continuation ORDER BY execution_id LIMIT :limit",
    f"SELECT * FROM take_continuations(:own, {_LIFE}, :limit)",
)
_FIRST_DELIVERIES: Final = Variants(
    """
  SELECT d.target, d.sender, d.seq, d.kind FROM delivery d WHERE NOT EXISTS (
    SELECT 1 FROM delivery e WHERE e.target = d.target AND e.sender = d.sender AND e.seq < d.seq)
    AND d.target NOT IN (SELECT unhex(value, '-') FROM json_each(:but_to))
  ORDER BY d.target, d.sender LIMIT :limit
""",
    "SELECT d.target, d.sender, d.seq, d.kind FROM delivery d WHERE NOT EXISTS (SELECT 1 FROM delivery b"
    " WHERE b.target = d.target AND b.sender = d.sender AND b.seq < d.seq) AND d.target <> ALL (:but_to:uuid[])"
    " ORDER BY d.target, d.sender LIMIT :limit",
)
_DELIVERIES: Final = TakeStatement(
    _FIRST_DELIVERIES, f"SELECT target, sender, seq, kind FROM take_deliveries(:own, {_LIFE}, :limit)"
)
_DROP_DELIVERIES: Final = Variants(
    "DELETE FROM delivery WHERE (target, sender, seq) IN"
    " (SELECT unhex(value ->> 'target', '-'), unhex(value ->> 'sender', '-'), value ->> 'seq' FROM json_each(:rows))",
    "SELECT drop_deliveries(:own, :rows:jsonb)",
)
# Goes from one workflow with a queue to the next one in the index, and looks at the first of its queue only.
_QUEUES: Final = """
  WITH RECURSIVE queue(workflow) AS (
    SELECT min(workflow) FROM concurrency_slot WHERE is_held = 0
    UNION ALL
    SELECT (SELECT min(p.workflow) FROM concurrency_slot p WHERE p.is_held = 0 AND p.workflow > queue.workflow)
      FROM queue WHERE queue.workflow IS NOT NULL)
"""


def next_for_slot(workflow: str) -> str:
    """Returns SQLite's text for the execution that may take a slot of a workflow now, NULL where there is none.

    Of those that are queued it is the one that waits longest, while its `max_concurrency` is not used up. PostgreSQL
    has a function of the same name. `workflow` is the text of a column or parameter.
    """
    return f"""(SELECT f.execution_id FROM concurrency_slot f WHERE f.execution_id = (
      SELECT q.execution_id FROM concurrency_slot q WHERE q.is_held = 0 AND q.workflow = {workflow}
        ORDER BY q.since_ms, q.execution_id LIMIT 1)
    AND (SELECT count(*) FROM concurrency_slot h WHERE h.is_held = 1 AND h.workflow = {workflow}) < f.max_concurrency)
"""


# Joined and not selected: SQLite would compute a selected value once more for the condition on it.
_OF_QUEUES: Final = f"JOIN concurrency_slot n ON n.execution_id = {next_for_slot('queue.workflow')}"
ADMISSIBLE: Final = Variants(
    f"{_QUEUES} SELECT n.execution_id FROM queue {_OF_QUEUES} LIMIT :limit",
    f"{_QUEUES} SELECT n.execution_id FROM queue CROSS JOIN LATERAL next_for_slot(queue.workflow) n(execution_id)"
    " WHERE n.execution_id IS NOT NULL LIMIT :limit",
)
"""The executions that may take a concurrency slot."""

# An effect that is only queued was never loaded: it did not cause a crash.
_LOADED: Final = "SELECT execution_id FROM effect WHERE state = :running UNION SELECT execution_id FROM continuation"
_AT_FRONT: Final = (
    "SELECT execution_id FROM"
    " (SELECT execution_id FROM timer WHERE due_ms <= :now ORDER BY due_ms, execution_id, seq LIMIT :limit) t"
    " UNION SELECT target FROM (SELECT DISTINCT target FROM delivery ORDER BY target LIMIT :limit) d"
)
_RUNNABLE: Final = (
    f"{_LOADED} UNION SELECT execution_id FROM timer WHERE due_ms <= :now UNION SELECT target FROM delivery"
    " UNION SELECT execution_id FROM concurrency_slot WHERE is_held = 0"
)
_SUSPECT_IF: Final = "UPDATE execution SET crash_count = 1 WHERE crash_count = 0 AND id"
_WORKED_ON: Final = f"{_LOADED} UNION {_AT_FRONT} UNION SELECT execution_id FROM"
_SUSPECT: Final = Variants(
    f"{_SUSPECT_IF} IN ({_WORKED_ON} ({ADMISSIBLE.sqlite}) a)",
    f"{_SUSPECT_IF} = ANY (ARRAY({_WORKED_ON} ({ADMISSIBLE.postgres}) a))",
)
_WITH_CRASH_COUNT: Final = "SELECT id, crash_count > :crash_count FROM execution WHERE crash_count > 0 AND id"
_SUSPECTS: Final = Variants(
    f"{_WITH_CRASH_COUNT} IN ({_RUNNABLE}) ORDER BY id", f"{_WITH_CRASH_COUNT} = ANY (ARRAY({_RUNNABLE})) ORDER BY id"
)
# Asked for where several processes share the database only.
_CRASH_COUNTS: Final = (
    "SELECT id, CASE WHEN is_tried(id) THEN 1 ELSE crash_count END FROM execution"
    " WHERE id = ANY (:ids:uuid[]) AND crash_count > 0"
)
_BEGIN: Final = Variants(
    "UPDATE execution SET crash_count = crash_count + 1 WHERE id = :execution RETURNING true",
    "SELECT begin_trial(:own, :execution:uuid)",
)
_END: Final = Variants(
    "UPDATE execution SET crash_count = 0 WHERE id = :execution AND crash_count > 0",
    "SELECT end_trial(:own, :execution:uuid)",
)

_FIRST: Final = id_text(LOWEST_ID)


class SqlWorkQueue:
    """See `looply.engine.ports.store.WorkQueue`."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def due_timers(self, now: datetime, limit: int) -> Sequence[TimerRow]:
        """Returns timers that are due, earliest first."""
        parameters = {"now": to_ms(now), "seconds": TAKEN_SECONDS, "limit": limit}
        found = await self._sessions.take(timer_from, _DUE, parameters)
        return sorted(found, key=lambda timer: (timer.due, timer.execution_id, timer.seq))

    async def next_due(self) -> datetime | None:
        """Returns the instant of the earliest timer that no process has taken, or None."""
        return instant_or_none(await self._sessions.value(_NEXT))

    async def mark_running(self, execution_id: str, seq: int, epoch: int) -> bool:
        """Marks a QUEUED effect as RUNNING; durable when it returns."""
        if (key := self._sessions.key(execution_id)) is None:
            return False
        parameters = {"execution": key, "seq": seq, "epoch": epoch}

        async def write(session: Session) -> bool:
            return [bool(row[0]) for row in await session.rows(_MARK, parameters)] == [True]

        async def look_up(session: Session) -> tuple[bool] | None:
            return (True,) if await session.rows(_MARKED, parameters) else None

        return await self._sessions.write(write, [("execution", execution_id)], look_up)

    async def find_queued_effects(self, after: tuple[str, int], limit: int) -> Sequence[EffectRow]:
        """Returns QUEUED effects by (execution id, seq), those after `after`."""
        return await self._sessions.select(effect_from, _QUEUED, self._page(after, limit))

    async def find_still_queued(self, effects: Collection[tuple[str, int]]) -> Collection[tuple[str, int]]:
        """Returns those of these effects, each an (execution id, seq), that are QUEUED."""
        executions = self._sessions.keys(dict(effects))
        found = await self._sessions.select(tuple, _QUEUED_OF, {"executions": executions})
        return {(id_text(key), seq) for key, seq in found} & {*effects}

    async def find_lost_effects(self, epoch: int, limit: int) -> Sequence[EffectRow]:
        """Returns RUNNING effects of processes that have ended; those of this process, `epoch`, are never lost."""
        return await self._sessions.select(effect_from, _LOST, {"epoch": epoch, "limit": limit})

    async def running_effects(self, epoch: int, after: tuple[str, int], limit: int) -> Sequence[EffectRow]:
        """Returns the RUNNING effects of one process, those after `after`."""
        return await self._sessions.select(effect_from, _RUNNING, {"epoch": epoch, **self._page(after, limit)})

    async def overdue_effects(self, limit: int) -> Sequence[EffectRow]:
        """Takes QUEUED effects that were offered `TAKEN_SECONDS` ago, and returns them."""
        if not self._sessions.is_shared:
            # The one process of the store knows what it has queued.
            return ()
        parameters = {"seconds": TAKEN_SECONDS, "limit": limit}
        return await self._sessions.take_rows(effect_from, _OVERDUE, parameters)

    async def continuations(self, limit: int) -> Sequence[str]:
        """Returns ids of executions whose stretch was cut."""
        parameters = {"seconds": STRETCH_SECONDS, "limit": limit}
        return await self._sessions.take(lambda row: id_text(row[0]), _CONTINUATIONS, parameters)

    async def deliveries(self, limit: int, but_to: Collection[str] = ()) -> Sequence[Delivery]:
        """Returns rows that wait for their targets, of what one execution sent to another one the first."""
        parameters = {"but_to": self._sessions.keys(but_to), "seconds": TAKEN_SECONDS, "limit": limit}
        return await self._sessions.take(delivery_from, _DELIVERIES, parameters)

    async def drop_deliveries(self, rows: Sequence[DeliveryKey]) -> None:
        """Removes deliveries that have no effect any more; durable when it returns."""
        found = [{"target": row.target, "sender": row.sender, "seq": row.seq} for row in rows]
        await self._sessions.change(_DROP_DELIVERIES, {"rows": msgspec.json.encode(found).decode()})

    async def admissible(self, limit: int) -> Sequence[str]:
        """Returns ids of executions whose turn it is to take a slot."""
        return await self._sessions.select(lambda row: id_text(row[0]), ADMISSIBLE, {"limit": limit})

    async def end_lost_processes(self) -> Sequence[str]:
        """Does nothing: there is no other process."""
        return ()

    def _page(self, after: tuple[str, int], limit: int) -> dict[str, Any]:
        return {"after_id": self._sessions.key(after[0] or _FIRST), "after_seq": after[1], "limit": limit}


class SqlTrials:
    """See `looply.engine.records.trials.Trials`."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def suspects(self, execution_ids: Collection[str]) -> Mapping[str, int]:
        """Returns the suspects among these executions, each with its crash count, 1 while a process tries it."""
        known = [execution_id for execution_id in execution_ids if self._sessions.key(execution_id) is not None]
        if not known or not self._sessions.is_shared:
            return {}
        found = await self._sessions.select(tuple, _CRASH_COUNTS, {"ids": self._sessions.keys(known)})
        return {id_text(key): crash_count for key, crash_count in found}

    async def begin_trial(self, execution_id: str) -> bool:
        """Raises the crash count of a suspect that is about to be worked on, unless another living process tries it.

        It stays counted when the process ends before the trial does.
        """
        parameters = {"execution": self._sessions.key(execution_id)}

        async def write(session: Session) -> bool:
            return any(row[0] for row in await session.rows(_BEGIN, parameters))

        return await self._sessions.write(write)

    async def end_trial(self, execution_id: str) -> None:
        """Sets the crash count of an execution that this process has tried to 0, where no unit has done so."""
        await self._sessions.change(_END, {"execution": self._sessions.key(execution_id)})


async def mark_suspects(session: Session, now_ms: int) -> None:
    """Marks the executions that a crashed process may have worked on as suspects; no other process works on any."""
    await session.change(_SUSPECT, {"now": now_ms, "running": EFFECT_STATES.index("RUNNING"), "limit": LARGEST_BATCH})


async def find_suspects(session: Session, now_ms: int) -> tuple[frozenset[str], list[str]]:
    """Returns the suspects that have work to do, and by id those of them that ended too many processes."""
    parameters = {"now": now_ms, "running": EFFECT_STATES.index("RUNNING"), "crash_count": MAX_CRASH_COUNT}
    found = [(id_text(key), is_poisoned) for key, is_poisoned in await session.rows(_SUSPECTS, parameters)]
    return (
        frozenset(execution_id for execution_id, is_poisoned in found if not is_poisoned),
        [execution_id for execution_id, is_poisoned in found if is_poisoned],
    )
