"""The work queue of the memory store: what is due or can run."""

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec.structs import replace

from kit.memory.commits import Commits
from kit.memory.data import MemoryData
from looply.engine.ports.store import EffectRow, TimerRow
from looply.execution.facts.deliveries import Delivery, DeliveryKey


class MemoryWorkQueue:
    """See `looply.engine.ports.store.WorkQueue`. `marked` has the numbers of the effects that were to be marked."""

    def __init__(self, data: MemoryData, commits: Commits) -> None:
        self._data = data
        self._commits = commits
        self.marked: list[int] = []

    async def due_timers(self, now: datetime, limit: int) -> Sequence[TimerRow]:
        """Returns timers that are due, earliest first."""
        due = [row for row in self._data.timers.values() if row.due <= now]
        return sorted(due, key=lambda row: (row.due, row.execution_id, row.seq))[:limit]

    async def next_due(self) -> datetime | None:
        """Returns the instant of the earliest timer, or None."""
        return min((row.due for row in self._data.timers.values()), default=None)

    async def mark_running(self, execution_id: str, seq: int, epoch: int) -> bool:
        """Marks a QUEUED effect as RUNNING."""
        self.marked.append(seq)

        def write() -> bool:
            row = self._data.effects.get((execution_id, seq))
            if row is None or row.state != "QUEUED":
                return False
            self._data.effects[execution_id, seq] = replace(row, state="RUNNING", epoch=epoch)
            return True

        return await self._commits.submit(write)

    async def find_queued_effects(self, after: tuple[str, int], limit: int) -> Sequence[EffectRow]:
        """Returns QUEUED effects by (execution id, seq), those after `after`."""
        rows = sorted(self._data.effects.items())
        return [row for key, row in rows if key > after and row.state == "QUEUED"][:limit]

    async def find_still_queued(self, effects: Collection[tuple[str, int]]) -> Collection[tuple[str, int]]:
        """Returns those of these effects that are QUEUED."""
        rows = self._data.effects
        return {key for key in effects if key in rows and rows[key].state == "QUEUED"}

    async def find_lost_effects(self, epoch: int, limit: int) -> Sequence[EffectRow]:
        """Returns RUNNING effects of epochs before `epoch`."""
        rows = sorted(self._data.effects.items())
        return [row for _, row in rows if row.state == "RUNNING" and row.epoch < epoch][:limit]

    async def running_effects(self, epoch: int, after: tuple[str, int], limit: int) -> Sequence[EffectRow]:
        """Returns the RUNNING effects of one process, those after `after`."""
        rows = sorted(self._data.effects.items())
        return [row for key, row in rows if key > after and row.state == "RUNNING" and row.epoch == epoch][:limit]

    async def overdue_effects(self, limit: int) -> Sequence[EffectRow]:
        """Returns nothing: the one process of the store knows what it has queued."""
        return ()

    async def continuations(self, limit: int) -> Sequence[str]:
        """Returns ids of executions whose stretch was cut."""
        return sorted(self._data.continuations)[:limit]

    async def deliveries(self, limit: int, but_to: Collection[str] = ()) -> Sequence[Delivery]:
        """Returns deliveries that wait for their targets, the first one of each pair of executions."""
        rows: dict[tuple[str, str], Delivery] = {}
        for row, kind in sorted(self._data.deliveries.items()):
            rows.setdefault((row.target, row.sender), Delivery(row, kind))
        passed = frozenset(but_to)
        return [delivery for delivery in rows.values() if delivery.row.target not in passed][:limit]

    async def drop_deliveries(self, rows: Sequence[DeliveryKey]) -> None:
        """Removes deliveries that have no effect any more."""

        def write() -> None:
            for row in rows:
                self._data.deliveries.pop(row, None)

        await self._commits.submit(write)

    async def admissible(self, limit: int) -> Sequence[str]:
        """Returns ids of executions that may take a concurrency slot."""
        return self._data.admissible()[:limit]

    async def end_lost_processes(self) -> Sequence[str]:
        """Does nothing: there is no other process."""
        return ()
