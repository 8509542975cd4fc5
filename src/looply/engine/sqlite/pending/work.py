"""The side of the SQLite store that knows what is due or runnable."""

from collections.abc import Collection, Sequence
from datetime import datetime

import apsw

from looply.clock import to_ms
from looply.engine.coding.rows import effect_from, find_id, id_bytes, id_text, optional_instant, timer_from
from looply.engine.ports.store import EffectRow, TimerRow
from looply.engine.sqlite.file.threads import Threads
from looply.engine.sqlite.pending.deliveries import admissible, drop_deliveries, waiting
from looply.execution.facts.deliveries import Delivery, DeliveryKey

_DUE = "SELECT due_ms, execution_id, seq, kind FROM timer WHERE due_ms <= ? ORDER BY due_ms, execution_id, seq LIMIT ?"
_NEXT = "SELECT min(due_ms) FROM timer"
_MARK = "UPDATE effect SET state = 1, epoch = ? WHERE execution_id = ? AND seq = ? AND state = 0"
_QUEUED = (
    "SELECT e.execution_id, e.seq, n.id, e.queue, e.state, e.attempt, e.epoch FROM effect e JOIN name n ON n.n = e.org"
    " WHERE (e.execution_id, e.seq) > (?, ?) AND e.state = 0 ORDER BY e.execution_id, e.seq LIMIT ?"
)
_LOST = (
    "SELECT e.execution_id, e.seq, n.id, e.queue, e.state, e.attempt, e.epoch FROM effect e JOIN name n ON n.n = e.org"
    " WHERE e.state = 1 AND e.epoch < ? ORDER BY e.execution_id, e.seq LIMIT ?"
)
_RUNNING = (
    "SELECT e.execution_id, e.seq, n.id, e.queue, e.state, e.attempt, e.epoch FROM effect e JOIN name n ON n.n = e.org"
    " WHERE (e.execution_id, e.seq) > (?, ?) AND e.state = 1 AND e.epoch = ? ORDER BY e.execution_id, e.seq LIMIT ?"
)
_CONTINUATIONS = "SELECT execution_id FROM continuation ORDER BY execution_id LIMIT ?"


class SqliteWorkQueue:
    """See `looply.engine.ports.store.WorkQueue`."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    async def due_timers(self, now: datetime, limit: int) -> Sequence[TimerRow]:
        """Returns timers that are due, earliest first."""
        arguments = (to_ms(now), limit)
        return await self._threads.read(
            lambda connection: [timer_from(row) for row in connection.execute(_DUE, arguments)]
        )

    async def next_due(self) -> datetime | None:
        """Returns the instant of the earliest timer, or None."""
        return await self._threads.read(lambda connection: optional_instant(connection.execute(_NEXT).get))

    async def mark_running(self, execution_id: str, seq: int, epoch: int) -> bool:
        """Marks a QUEUED effect as RUNNING; durable when it returns."""
        key = find_id(execution_id)

        def write(connection: apsw.Connection) -> bool:
            connection.execute(_MARK, (epoch, key, seq))
            return connection.changes() == 1

        return await self._threads.write(write)

    async def queued_effects(self, after: tuple[str, int], limit: int) -> Sequence[EffectRow]:
        """Returns QUEUED effects by (execution id, seq), those after `after`."""
        arguments = (id_bytes(after[0]) if after[0] else b"", after[1], limit)
        return await self._threads.read(
            lambda connection: [effect_from(row) for row in connection.execute(_QUEUED, arguments)]
        )

    async def lost_effects(self, epoch: int, limit: int) -> Sequence[EffectRow]:
        """Returns RUNNING effects of epochs before `epoch`."""
        return await self._threads.read(
            lambda connection: [effect_from(row) for row in connection.execute(_LOST, (epoch, limit))]
        )

    async def running_effects(self, epoch: int, after: tuple[str, int], limit: int) -> Sequence[EffectRow]:
        """Returns the RUNNING effects of one process, those after `after`."""
        arguments = (id_bytes(after[0]) if after[0] else b"", after[1], epoch, limit)
        return await self._threads.read(
            lambda connection: [effect_from(row) for row in connection.execute(_RUNNING, arguments)]
        )

    async def overdue_effects(self, limit: int) -> Sequence[EffectRow]:  # noqa: ARG002 - the port has it
        """Returns nothing: the one process of the store knows what it has in line."""
        return ()

    async def continuations(self, limit: int) -> Sequence[str]:
        """Returns ids of executions whose stretch was cut."""
        return await self._threads.read(
            lambda connection: [id_text(row[0]) for row in connection.execute(_CONTINUATIONS, (limit,))]
        )

    async def deliveries(self, limit: int, but_to: Collection[str] = ()) -> Sequence[Delivery]:
        """Returns rows that wait for their targets, of what one execution sent to another one the first."""
        return await self._threads.read(lambda connection: waiting(connection, limit, but_to))

    async def drop_deliveries(self, rows: Sequence[DeliveryKey]) -> None:
        """Removes rows that move nothing any more; durable when it returns."""
        await self._threads.write(lambda connection: drop_deliveries(connection, rows))

    async def admissible(self, limit: int) -> Sequence[str]:
        """Returns ids of executions whose turn it is to take a slot."""
        return await self._threads.read(lambda connection: admissible(connection, limit))

    async def end_lost_processes(self) -> Sequence[str]:
        """Does nothing: there is no other process."""
        return ()
