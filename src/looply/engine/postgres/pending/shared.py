"""The work queue where several processes share the database: one process at a time claims a row.

Another process may claim the row when the first one has not finished it after `CLAIM_SECONDS`: that one may have ended,
or be paused. Should it resume, the fence of the execution refuses its late write.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

import structlog

from looply.clock import to_ms
from looply.engine.coding.rows import (
    Row,
    delivery_from,
    effect_from,
    id_text,
    optional_instant,
    schedule_from,
    timer_from,
)
from looply.engine.ports.port import Schedule
from looply.engine.ports.store import POISON_LOADS, EffectRow, TimerRow
from looply.engine.postgres.database.connections import Connection, row, rows
from looply.engine.postgres.database.ownership import LEASE_SECONDS, end_lost
from looply.engine.postgres.pending.deliveries import TAKE_DELIVERIES
from looply.engine.postgres.pending.schedules import PostgresSchedules
from looply.engine.postgres.pending.work import PostgresWorkQueue
from looply.engine.sql.schedules import NAMES_OF_SCHEDULE, SCHEDULE_COLUMNS
from looply.execution.facts.deliveries import Delivery

_log = structlog.get_logger(__name__)

CLAIM_SECONDS: Final = 10
"""So long a row belongs to the process that claimed it."""

STRETCH_SECONDS: Final = 30
"""So long a cut stretch does; each unit of it belongs to the process that stores it."""

_TAKE_TIMERS: Final = "SELECT due_ms, execution_id, seq, kind FROM take_timers(%s, %s, make_interval(secs => %s), %s)"
# A claimed timer is handled by its process, or found by the poll of each second.
_NEXT_TIMER: Final = "SELECT due_ms FROM timer WHERE taken = '-infinity' ORDER BY due_ms, execution_id, seq LIMIT 1"
_EFFECT: Final = "e.execution_id, e.seq, n.id, e.queue, e.state, e.attempt, e.epoch"
_TAKE_EFFECTS: Final = (
    f"SELECT {_EFFECT} FROM take_effects(%s, make_interval(secs => %s), %s) e JOIN name n ON n.n = e.org"
)
_LOST: Final = (
    f"SELECT {_EFFECT} FROM effect e JOIN name n ON n.n = e.org WHERE e.state = 1 AND e.epoch <> %(own)s"
    " AND NOT EXISTS (SELECT 1 FROM lease l WHERE l.epoch = e.epoch)"
    " ORDER BY e.execution_id, e.seq LIMIT %(limit)s"
)
_TAKE_CONTINUATIONS: Final = "SELECT * FROM take_continuations(%s, make_interval(secs => %s), %s)"
_TAKE_SCHEDULES: Final = (
    f"SELECT {SCHEDULE_COLUMNS} FROM take_schedules(%s, %s, make_interval(secs => %s), %s) s {NAMES_OF_SCHEDULE}"
)
_NEXT_SCHEDULE: Final = (
    "SELECT next_ms + delay_ms FROM schedule WHERE status = 1 AND next_ms IS NOT NULL AND taken = '-infinity'"
    " ORDER BY next_ms + delay_ms LIMIT 1"
)


class SharedWorkQueue(PostgresWorkQueue):
    """See `looply.engine.ports.store.WorkQueue`."""

    async def due_timers(self, now: datetime, limit: int) -> Sequence[TimerRow]:
        """Claims timers that are due and returns them, earliest first."""
        arguments = (to_ms(now), CLAIM_SECONDS, limit)
        found = await self._claim(_TAKE_TIMERS, arguments)
        return sorted(
            (timer_from(each) for each in found), key=lambda timer: (timer.due, timer.execution_id, timer.seq)
        )

    async def next_due(self) -> datetime | None:
        """Returns the instant of the earliest timer that no process has claimed, or None."""
        found = await self._database.read(lambda connection: row(connection, _NEXT_TIMER))
        return optional_instant(found[0] if found is not None else None)

    async def find_lost_effects(self, epoch: int, limit: int) -> Sequence[EffectRow]:
        """Returns RUNNING effects of all processes that were ended; those of this process, `epoch`, are never lost."""
        arguments = {"own": epoch, "limit": limit}

        async def read(connection: Connection) -> list[EffectRow]:
            cursor = await connection.execute(_LOST, arguments, binary=True)
            return [effect_from(each) for each in await cursor.fetchall()]

        return await self._database.read(read)

    async def overdue_effects(self, limit: int) -> Sequence[EffectRow]:
        """Claims QUEUED effects that were offered `CLAIM_SECONDS` ago, and returns them."""
        return [effect_from(each) for each in await self._claim(_TAKE_EFFECTS, (CLAIM_SECONDS, limit))]

    async def continuations(self, limit: int) -> Sequence[str]:
        """Claims cut stretches of processes that have ended, and returns the ids of their executions."""
        return [id_text(key) for (key,) in await self._claim(_TAKE_CONTINUATIONS, (STRETCH_SECONDS, limit))]

    async def deliveries(self, limit: int, but_to: Collection[str] = ()) -> Sequence[Delivery]:  # noqa: ARG002
        """Claims deliveries that wait for their targets: of those between two executions the first."""
        return [delivery_from(each) for each in await self._claim(TAKE_DELIVERIES, (CLAIM_SECONDS, limit))]

    async def end_lost_processes(self) -> Sequence[str]:
        """Ends the expired leases; returns the executions that ended too many processes."""

        async def write(connection: Connection) -> tuple[Sequence[int], Sequence[bytes]]:
            return await end_lost(connection, self._database.epoch, POISON_LOADS)

        ended, poisoned = await self._database.write(write)
        for epoch in ended:
            _log.warning("process_lost", epoch=epoch, unheard_seconds=LEASE_SECONDS)
        return [id_text(key) for key in poisoned]

    async def _claim(self, statement: str, arguments: tuple[int, ...]) -> Sequence[Row]:
        # The rows of a claim whose connection broke are unknown: they are free again after a while.
        own = self._database.epoch
        return await self._database.write(lambda connection: rows(connection, statement, (own, *arguments)))


class SharedSchedules(PostgresSchedules):
    """See `looply.engine.ports.store.Schedules`."""

    async def due(self, now: datetime, limit: int) -> Sequence[Schedule]:
        """Claims ACTIVE schedules whose next instant has come, and returns them, earliest first."""
        arguments = (self._database.epoch, to_ms(now), CLAIM_SECONDS, limit)
        found = await self._database.write(lambda connection: rows(connection, _TAKE_SCHEDULES, arguments))
        return sorted(
            (schedule_from(each) for each in found), key=lambda schedule: (schedule.due, schedule.workflow_id)
        )

    async def next_due(self) -> datetime | None:
        """Returns the earliest next instant of an ACTIVE schedule that no process has claimed, or None."""
        found = await self._database.read(lambda connection: row(connection, _NEXT_SCHEDULE))
        return optional_instant(found[0] if found is not None else None)
