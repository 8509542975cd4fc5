"""The absences of a store: at most one for each person of an organization."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from looply.execution.facts.absences import Absence

KEPT_AFTER_END = timedelta(days=30)
"""How long an absence that has ended can still be read."""


class Absences(Protocol):
    """The absences of all organizations. A person is found by any spelling of the address."""

    async def find(self, organization_id: str, person: str) -> Absence | None:
        """Returns the absence of a person, past, present or to come; None without one."""
        ...

    async def overlapping(self, organization_id: str, begin: datetime, end: datetime) -> Sequence[Absence]:
        """Returns the absences of an organization that overlap a span (`end` exclusive), by their persons."""
        ...

    async def active(self, at: datetime) -> Sequence[tuple[str, Absence]]:
        """Returns the absences of all organizations that are active at an instant, each with its organization."""
        ...

    async def put(self, organization_id: str, absence: Absence) -> None:
        """Stores the absence of its person in place of a former one. Durable when it returns.

        Raises: StoreFull, StoreUnreachable, StoreLost.
        """
        ...

    async def drop(self, organization_id: str, person: str) -> bool:
        """Removes the absence of a person; returns whether there was one. Durable when it returns. Raises: as `put`."""
        ...

    async def drop_ended(self, before: datetime) -> int:
        """Removes the absences that ended before an instant; returns how many. Raises: as `put`."""
        ...


async def active_in(absences: Absences, organization_id: str, at: datetime) -> tuple[Absence, ...]:
    """Returns the absences of an organization that are active at an instant."""
    return tuple(await absences.overlapping(organization_id, at, at + timedelta(milliseconds=1)))
