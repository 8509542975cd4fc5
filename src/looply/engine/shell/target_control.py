"""What operators see of systems that are not called as usual, and what they decide about them."""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Final, TypeAlias

from msgspec.structs import replace

from looply.clock import Clock
from looply.engine.effects.gate import TargetGate
from looply.engine.effects.outages import drain_target
from looply.engine.effects.target_rows import TargetRows
from looply.engine.ports.store import Store
from looply.engine.records.targets import Maintenance, TargetCounts, TargetReport, TargetRow
from looply.errors import Conflict
from looply.slots import Lane

_TRIES: Final = 5
"""A row that other processes change at the same time is read and changed again so often."""


LookUp: TypeAlias = Callable[[Lane], Awaitable[None]]
"""Notes which system a lane leads to by its connection, without a call."""


class StoredTargets:
    """See `looply.engine.records.targets.TargetControl`."""

    def __init__(self, store: Store, gate: TargetGate, clock: Clock, look_up: LookUp) -> None:
        self._store = store
        self._gate = gate
        self._clock = clock
        self._look_up = look_up

    async def list(self, organization_id: str, workflow_id: str = "") -> Sequence[TargetReport]:
        """Returns the systems of an organization that are not called as usual, by name, with what waits for them."""
        rows = [row for row in (await self._rows()).all if row.organization_id == organization_id]
        if not rows:
            return []
        waiting: Counter[str] = Counter()
        for _, count, row in await self._count_queued(organization_id, workflow_id):
            if row is not None:
                waiting[row.target] += count
        return [TargetReport(row=row, waiting=waiting[row.target]) for row in rows]

    async def count(self) -> TargetCounts:
        """Returns how many systems of all organizations are not called as usual, and how many effects wait for them."""
        now, rows, parked = self._clock.now(), (await self._rows()).all, 0
        for organization_id in sorted({row.organization_id for row in rows if self._gate.is_stopped(row)}):
            for _, count, row in await self._count_queued(organization_id):
                parked += count if row is not None and self._gate.is_stopped(row) else 0
        return TargetCounts(states=Counter(row.call_state(now) for row in rows), parked=parked)

    async def queues(self, organization_id: str, targets: Collection[str]) -> Mapping[str, int]:
        """Returns the queues whose effects wait for one of these systems, or ways, now, with how many these are."""
        rows = await self._rows()
        if not any(rows.find(Lane(organization_id, target)) for target in targets):
            return {}
        queued = await self._count_queued(organization_id)
        return {lane.target: count for lane, count, row in queued if row is not None and row.target in targets}

    async def _count_queued(
        self, organization_id: str, workflow_id: str = ""
    ) -> Sequence[tuple[Lane, int, TargetRow | None]]:
        """Returns how many effects of each lane are QUEUED, with the row that decides about them.

        A process that has called nothing yet looks up which systems the connections lead to.
        """
        counts = await self._store.targets.count_queued(organization_id, workflow_id)
        for lane, _ in counts:
            if self._gate.is_unknown(lane):
                await self._look_up(lane)
        return [(lane, count, self._gate.row_of(lane)) for lane, count in counts]

    async def find(self, organization_id: str, target: str) -> TargetRow | None:
        """Returns the row of a system as it is stored now; None when the system is called as usual."""
        return (await self._rows()).find(Lane(organization_id, target))

    async def pause(self, organization_id: str, target: str, window: Maintenance) -> TargetRow:
        """Stores a time in which a system is not called, in place of a former one."""
        now = self._clock.now()

        def paused(row: TargetRow | None) -> TargetRow:
            if row is not None:
                return replace(row, revision=row.revision + 1, maintenance=window)
            return TargetRow(
                organization_id=organization_id,
                target=target,
                revision=1,
                state="CLOSED",
                since=now,
                changed_on=now,
                next_on=now,
                maintenance=window,
            )

        changed = await self._change(organization_id, target, paused)
        assert changed is not None
        return changed

    async def drain(self, organization_id: str, target: str, rate: float) -> TargetRow | None:
        """Lets what waits for a system go at a fixed rate, and ends its maintenance; None when it has no row."""
        now = self._clock.now()

        def drained(row: TargetRow | None) -> TargetRow | None:
            return drain_target(replace(row, maintenance=None), now, rate, is_ramped=False) if row is not None else None

        return await self._change(organization_id, target, drained)

    async def release(self, organization_id: str, target: str) -> bool:
        """Calls a system as usual again, at once; returns whether it had a row."""
        for _ in range(_TRIES):
            rows = await self._rows()
            row = rows.find(Lane(organization_id, target))
            if row is None:
                return False
            if await rows.drop(row):
                return True
        raise _moved(target)

    async def _change(
        self, organization_id: str, target: str, change: Callable[[TargetRow | None], TargetRow | None]
    ) -> TargetRow | None:
        for _ in range(_TRIES):
            rows = await self._rows()
            changed = change(rows.find(Lane(organization_id, target)))
            if changed is None or await rows.put(changed):
                return changed
        raise _moved(target)

    async def _rows(self) -> TargetRows:
        """Returns the rows as they are stored now."""
        await self._gate.rows.refresh()
        return self._gate.rows


def _moved(target: str) -> Conflict:
    message = f"others change the state of {target} at the same time; repeat in a second"
    return Conflict(message, code="TARGET_CHANGED")
