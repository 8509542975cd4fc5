"""The side of the PostgreSQL store that knows what is due or runnable, for a process that is alone."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from looply.clock import to_ms
from looply.engine.coding.rows import effect_from, find_id, id_text, optional_instant, timer_from
from looply.engine.ports.store import EffectRow, TimerRow
from looply.engine.postgres.database.connections import Connection, call, row, rows
from looply.engine.postgres.database.database import Database
from looply.engine.postgres.pending.deliveries import admissible, drop_deliveries, waiting
from looply.engine.records.spans import LOWEST_ID
from looply.execution.facts.deliveries import Delivery, DeliveryKey

_DUE: Final = (
    "SELECT due_ms, execution_id, seq, kind FROM timer WHERE due_ms <= %s ORDER BY due_ms, execution_id, seq LIMIT %s"
)
_NEXT: Final = "SELECT min(due_ms) FROM timer"
MARK: Final = "SELECT mark_running(%(own)s, %(id)s::uuid, %(seq)s, %(runner)s)"
_MARKED: Final = "SELECT 1 FROM effect WHERE execution_id = %s::uuid AND seq = %s AND state = 1 AND epoch = %s"
_QUEUED: Final = (
    "SELECT e.execution_id, e.seq, n.id, e.queue, e.state, e.attempt, e.epoch FROM effect e JOIN name n ON n.n = e.org"
    " WHERE (e.execution_id, e.seq) > (%s::uuid, %s) AND e.state = 0 ORDER BY e.execution_id, e.seq LIMIT %s"
)
_LOST: Final = (
    "SELECT e.execution_id, e.seq, n.id, e.queue, e.state, e.attempt, e.epoch FROM effect e JOIN name n ON n.n = e.org"
    " WHERE e.state = 1 AND e.epoch < %s ORDER BY e.execution_id, e.seq LIMIT %s"
)
_RUNNING: Final = (
    "SELECT e.execution_id, e.seq, n.id, e.queue, e.state, e.attempt, e.epoch FROM effect e JOIN name n ON n.n = e.org"
    " WHERE (e.execution_id, e.seq) > (%s::uuid, %s) AND e.state = 1 AND e.epoch = %s"
    " ORDER BY e.execution_id, e.seq LIMIT %s"
)
_CONTINUATIONS: Final = "SELECT execution_id FROM continuation ORDER BY execution_id LIMIT %s"

_FIRST: Final = id_text(LOWEST_ID)


class PostgresWorkQueue:
    """See `looply.engine.ports.store.WorkQueue`."""

    _mark = MARK

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due_timers(self, now: datetime, limit: int) -> Sequence[TimerRow]:
        """Returns timers that are due, earliest first."""
        found = await self._database.read(lambda connection: rows(connection, _DUE, (to_ms(now), limit)))
        return [timer_from(each) for each in found]

    async def next_due(self) -> datetime | None:
        """Returns the instant of the earliest timer, or None."""
        return optional_instant(await self._database.read(lambda connection: call(connection, _NEXT)))

    async def mark_running(self, execution_id: str, seq: int, epoch: int) -> bool:
        """Marks a QUEUED effect as RUNNING; durable when it returns."""
        if find_id(execution_id) is None:
            return False

        async def write(connection: Connection) -> bool:
            facts = {"own": self._database.epoch, "id": execution_id, "seq": seq, "runner": epoch}
            marked = await row(connection, self._mark, facts)
            return marked is not None and bool(marked[0])

        async def found(connection: Connection) -> tuple[bool] | None:
            return (True,) if await row(connection, _MARKED, (execution_id, seq, epoch)) is not None else None

        return await self._database.write(write, [("execution", execution_id)], found)

    async def queued_effects(self, after: tuple[str, int], limit: int) -> Sequence[EffectRow]:
        """Returns QUEUED effects by (execution id, seq), those after `after`."""
        arguments = (after[0] or _FIRST, after[1], limit)
        found = await self._database.read(lambda connection: rows(connection, _QUEUED, arguments))
        return [effect_from(each) for each in found]

    async def lost_effects(self, epoch: int, limit: int) -> Sequence[EffectRow]:
        """Returns RUNNING effects of epochs before `epoch`."""
        found = await self._database.read(lambda connection: rows(connection, _LOST, (epoch, limit)))
        return [effect_from(each) for each in found]

    async def running_effects(self, epoch: int, after: tuple[str, int], limit: int) -> Sequence[EffectRow]:
        """Returns the RUNNING effects of one process, those after `after`."""
        arguments = (after[0] or _FIRST, after[1], epoch, limit)
        found = await self._database.read(lambda connection: rows(connection, _RUNNING, arguments))
        return [effect_from(each) for each in found]

    async def overdue_effects(self, limit: int) -> Sequence[EffectRow]:  # noqa: ARG002 - the port has it
        """Returns nothing: whoever is alone knows what it has in line."""
        return ()

    async def continuations(self, limit: int) -> Sequence[str]:
        """Returns ids of executions whose stretch was cut."""
        found = await self._database.read(lambda connection: rows(connection, _CONTINUATIONS, (limit,)))
        return [id_text(key) for (key,) in found]

    async def deliveries(self, limit: int, but_to: Collection[str] = ()) -> Sequence[Delivery]:
        """Returns rows that wait for their targets, of what one execution sent to another one the first."""
        return await self._database.read(lambda connection: waiting(connection, limit, but_to))

    async def drop_deliveries(self, rows: Sequence[DeliveryKey]) -> None:
        """Removes rows that move nothing any more; durable when it returns."""
        own = self._database.epoch
        await self._database.write(lambda connection: drop_deliveries(connection, own, rows))

    async def admissible(self, limit: int) -> Sequence[str]:
        """Returns ids of executions whose turn it is to take a slot."""
        return await self._database.read(lambda connection: admissible(connection, limit))

    async def end_lost_processes(self) -> Sequence[str]:
        """Does nothing: there is no other process."""
        return ()
