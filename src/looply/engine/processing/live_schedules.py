"""The live schedules of an engine, and the outcomes of their instants."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from looply.definition import Workflow
from looply.engine.ports.port import LedgerRow, MissedFires, Schedule
from looply.engine.ports.store import Store
from looply.engine.processing.committer import encode_definition


class StoredSchedules:
    """See `looply.engine.ports.port.LiveSchedules`.

    `changing` is called before each change and refuses it by raising, `changed` after one that may make an instant due
    earlier.
    """

    def __init__(self, store: Store, changing: Callable[[], None], changed: Callable[[], None]) -> None:
        self._store = store
        self._changing = changing
        self._changed = changed

    async def find(self, organization_id: str, workflow_id: str) -> Schedule | None:
        """Returns the live schedule of the workflow, or None."""
        return await self._store.schedules.find(organization_id, workflow_id)

    async def list(self, organization_id: str) -> Sequence[Schedule]:
        """Returns the live schedules of the organization, by workflow id."""
        return await self._store.schedules.list(organization_id)

    async def fires(self, workflow_id: str, before: datetime | None, limit: int) -> Sequence[LedgerRow]:
        """Returns the outcomes of the instants of a workflow's schedules, newest first, those before `before`."""
        return await self._store.schedules.fires(workflow_id, before, limit)

    async def find_missed(self, organization_id: str) -> Mapping[str, MissedFires]:
        """Returns the missed instants of live schedules by workflow id; a schedule that missed none has no entry."""
        return await self._store.schedules.find_missed(organization_id)

    async def put(self, schedule: Schedule, workflow: Workflow, *, former: Schedule | None = None) -> bool:
        """Stores the schedule in place of the workflow's former one. Durable when it returns.

        With `former` it is stored only while that one is what is stored, since it may fire in between. Returns whether
        it was stored.
        """
        self._changing()
        stored = encode_definition(workflow, schedule.workflow_id, schedule.workflow_version)
        await self._store.journal.put_definition(stored)
        is_stored = await self._store.schedules.put(schedule, former=former)
        self._changed()
        return is_stored

    async def drop(self, organization_id: str, workflow_id: str) -> None:
        """Removes the schedule, if there is one."""
        self._changing()
        await self._store.schedules.drop(organization_id, workflow_id)
