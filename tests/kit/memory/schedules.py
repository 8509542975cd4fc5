"""The schedules of the memory store, and their ledger."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from kit.memory.commits import Commits
from kit.memory.data import MemoryData
from looply.engine.ports.port import Fire, LedgerRow, MissedFires, Schedule


class MemorySchedules:
    """See `looply.engine.ports.store.Schedules`."""

    def __init__(self, data: MemoryData, commits: Commits) -> None:
        self._data = data
        self._commits = commits

    async def find(self, organization_id: str, workflow_id: str) -> Schedule | None:
        """Returns the schedule of the workflow, or None."""
        schedule = self._data.schedules.get(workflow_id)
        return schedule if schedule is not None and schedule.organization_id == organization_id else None

    async def list(self, organization_id: str) -> Sequence[Schedule]:
        """Returns the schedules of an organization by workflow id."""
        schedules = sorted(self._data.schedules.items())
        return [schedule for _, schedule in schedules if schedule.organization_id == organization_id]

    async def put(self, schedule: Schedule, *, former: Schedule | None = None) -> bool:
        """Stores the schedule in place of the workflow's former one, with `former` only while it is that one."""

        def write() -> bool:
            if former is not None and self._data.schedules.get(schedule.workflow_id) != former:
                return False
            self._data.schedules[schedule.workflow_id] = schedule
            return True

        return await self._commits.submit(write)

    async def drop(self, organization_id: str, workflow_id: str) -> None:
        """Removes the schedule if there is one."""

        def write() -> None:
            schedule = self._data.schedules.get(workflow_id)
            if schedule is not None and schedule.organization_id == organization_id:
                del self._data.schedules[workflow_id]
                ledger = self._data.fires.get(workflow_id, {})
                ledger.update({row.nominal: replace(row, outcome="MISSED") for row in _queued(ledger)})

        await self._commits.submit(write)

    async def due(self, now: datetime, limit: int) -> Sequence[Schedule]:
        """Returns ACTIVE schedules whose next instant has come, earliest first."""
        due = [
            (schedule.due, workflow_id, schedule)
            for workflow_id, schedule in self._data.schedules.items()
            if schedule.status == "ACTIVE" and schedule.due is not None and schedule.due <= now
        ]
        return [schedule for _, _, schedule in sorted(due, key=lambda entry: entry[:2])][:limit]

    async def next_due(self) -> datetime | None:
        """Returns the earliest next instant of an ACTIVE schedule, or None."""
        active = (schedule.due for schedule in self._data.schedules.values() if schedule.status == "ACTIVE")
        return min((instant for instant in active if instant is not None), default=None)

    async def skip(self, fire: Fire) -> None:
        """Moves the schedule past a nominal instant without an execution. Raises: FireTaken."""
        await self._commits.submit(lambda: self._data.take_fire(fire, ""))

    async def list_queued(self, limit: int) -> Sequence[tuple[Schedule, datetime]]:
        """Returns ACTIVE schedules with queued starts, and the oldest one."""
        found = []
        for workflow_id, schedule in sorted(self._data.schedules.items()):
            waiting = _queued(self._data.fires.get(workflow_id, {}))
            if schedule.status == "ACTIVE" and waiting:
                found.append((schedule, min(row.nominal for row in waiting)))
        return found[:limit]

    async def count_queued(self, workflow_id: str) -> int:
        """Returns how many starts of a workflow's schedule are queued."""
        return len(_queued(self._data.fires.get(workflow_id, {})))

    async def fires(self, workflow_id: str, before: datetime | None, limit: int) -> Sequence[LedgerRow]:
        """Returns rows of the ledger of one workflow, newest first."""
        ledger = self._data.fires.get(workflow_id, {})
        return [ledger[at] for at in sorted(ledger, reverse=True) if before is None or at < before][:limit]

    async def find_missed(self, organization_id: str) -> Mapping[str, MissedFires]:
        """Returns the missed instants of live schedules by workflow id."""
        found = {}
        for schedule in await self.list(organization_id):
            ledger = self._data.fires.get(schedule.workflow_id, {})
            missed = [row for row in ledger.values() if row.outcome == "MISSED"]
            if missed:
                count = sum(row.count for row in missed)
                found[schedule.workflow_id] = MissedFires(count=count, last=max(row.nominal for row in missed))
        return found

    async def trim(self, workflow_id: str, keep: int) -> None:
        """Removes all but the newest rows of the ledger of one workflow."""

        def write() -> None:
            ledger = self._data.fires.get(workflow_id, {})
            for nominal in sorted(ledger, reverse=True)[keep:]:
                if ledger[nominal].outcome != "QUEUED":
                    del ledger[nominal]

        await self._commits.submit(write)


def _queued(ledger: Mapping[datetime, LedgerRow]) -> Sequence[LedgerRow]:
    return [row for row in ledger.values() if row.outcome == "QUEUED"]
