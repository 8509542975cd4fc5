"""The absences of the memory store."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from kit.memory.commits import Commits
from kit.memory.data import MemoryData
from looply.definition.settings.mail import person_of
from looply.execution.facts.absences import Absence


class MemoryAbsences:
    """See `looply.engine.records.absences.Absences`."""

    def __init__(self, data: MemoryData, commits: Commits) -> None:
        self._data = data
        self._commits = commits

    async def find(self, organization_id: str, person: str) -> Absence | None:
        """Returns the absence of a person, or None."""
        return self._data.absences.get((organization_id, person_of(person)))

    async def overlapping(self, organization_id: str, begin: datetime, end: datetime) -> Sequence[Absence]:
        """Returns the absences of an organization that overlap a span."""
        return [absence for owner, absence in self._overlapping(begin, end) if owner == organization_id]

    async def active(self, at: datetime) -> Sequence[tuple[str, Absence]]:
        """Returns the absences of all organizations that are active at an instant."""
        return self._overlapping(at, at + timedelta(milliseconds=1))

    async def put(self, organization_id: str, absence: Absence) -> None:
        """Stores the absence of its person."""

        def write() -> None:
            self._data.absences[(organization_id, absence.key)] = absence

        await self._commits.submit(write)

    async def drop(self, organization_id: str, person: str) -> bool:
        """Removes the absence of a person."""

        def write() -> bool:
            return self._data.absences.pop((organization_id, person_of(person)), None) is not None

        return await self._commits.submit(write)

    async def drop_ended(self, before: datetime) -> int:
        """Removes the absences that ended before an instant."""

        def write() -> int:
            ended = [key for key, absence in self._data.absences.items() if absence.ends_on < before]
            for key in ended:
                del self._data.absences[key]
            return len(ended)

        return await self._commits.submit(write)

    def _overlapping(self, begin: datetime, end: datetime) -> list[tuple[str, Absence]]:
        rows = sorted(self._data.absences.items())
        return [(key[0], absence) for key, absence in rows if absence.begins_on < end and absence.ends_on > begin]
