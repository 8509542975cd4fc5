"""The schedules of a store: the live ones, and the outcome of each of their instants."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from looply.engine.ports.port import Fire, LedgerRow, MissedFires, Schedule


class Schedules(Protocol):
    """The live schedules, one for each workflow, and their ledger, which has one row for each nominal instant."""

    async def find(self, organization_id: str, workflow_id: str) -> Schedule | None:
        """Returns the schedule of the workflow, or None."""
        ...

    async def list(self, organization_id: str) -> Sequence[Schedule]:
        """Returns the schedules of an organization by workflow id."""
        ...

    async def put(self, schedule: Schedule, *, former: Schedule | None = None) -> bool:
        """Stores the schedule in place of the workflow's former one; durable when it returns.

        With `former` it is stored only while that one is what is stored. Returns whether it was stored.
        """
        ...

    async def drop(self, organization_id: str, workflow_id: str) -> None:
        """Removes the schedule if there is one; durable when it returns. Queued starts count as MISSED."""
        ...

    async def due(self, now: datetime, limit: int) -> Sequence[Schedule]:
        """Returns ACTIVE schedules whose next instant has come, earliest first."""
        ...

    async def next_due(self) -> datetime | None:
        """Returns the earliest next instant of an ACTIVE schedule, or None."""
        ...

    async def skip(self, fire: Fire) -> None:
        """Advances the schedule past a nominal instant without an execution: SKIPPED, QUEUED, REFUSED or MISSED.

        Raises: FireTaken.
        """
        ...

    async def list_queued(self, limit: int) -> Sequence[tuple[Schedule, datetime]]:
        """Returns ACTIVE schedules with queued starts, and the nominal instant of the oldest one, by workflow id."""
        ...

    async def count_queued(self, workflow_id: str) -> int:
        """Returns how many starts of a workflow's schedule are queued."""
        ...

    async def fires(self, workflow_id: str, before: datetime | None, limit: int) -> Sequence[LedgerRow]:
        """Returns rows of the ledger of one workflow, newest first, those before `before`."""
        ...

    async def find_missed(self, organization_id: str) -> Mapping[str, MissedFires]:
        """Returns the missed instants of live schedules in the ledger, by workflow id."""
        ...

    async def trim(self, workflow_id: str, keep: int) -> None:
        """Removes all but the newest rows of the ledger of one workflow; queued starts stay."""
        ...
