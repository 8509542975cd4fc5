"""The absences of a store with tables."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from looply.clock import from_ms, to_ms
from looply.definition.settings.mail import person_of
from looply.engine.coding.rows import Row
from looply.engine.sql.sessions import Session, Sessions
from looply.execution.facts.absences import Absence
from looply.jsontext import encode_json

_SELECT: Final = (
    "SELECT n.id, a.name, a.substitute, a.begins_ms, a.ends_ms, a.workflows, a.note FROM absence a"
    " JOIN name n ON n.n = a.org"
)
_FIND: Final = f"{_SELECT} WHERE n.id = :organization AND a.person = :person"
_OVERLAP: Final = "a.begins_ms < :end AND a.ends_ms > :begin"
_OVERLAPPING: Final = f"{_SELECT} WHERE n.id = :organization AND {_OVERLAP} ORDER BY a.person"
_ACTIVE: Final = f"{_SELECT} WHERE {_OVERLAP} ORDER BY n.id, a.person"
_PUT: Final = (
    "INSERT INTO absence(org, person, name, substitute, begins_ms, ends_ms, workflows, note) SELECT :org, :person,"
    " :name, :substitute, :begin, :end, :workflows, :note FROM hold_lease(:own) ON CONFLICT (org, person) DO UPDATE SET"
    " name = excluded.name, substitute = excluded.substitute, begins_ms = excluded.begins_ms,"
    " ends_ms = excluded.ends_ms, workflows = excluded.workflows, note = excluded.note"
)
_DROP: Final = (
    "DELETE FROM absence AS a USING hold_lease(:own) WHERE a.person = :person"
    " AND a.org = (SELECT n.n FROM name n WHERE n.id = :organization)"
)
_DROP_ENDED: Final = "DELETE FROM absence AS a USING hold_lease(:own) WHERE a.ends_ms < :before"


class SqlAbsences:
    """See `looply.engine.records.absences.Absences`."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def find(self, organization_id: str, person: str) -> Absence | None:
        """Returns the absence of a person, or None."""
        return await self._sessions.find(
            _absence_from, _FIND, {"organization": organization_id, "person": person_of(person)}
        )

    async def overlapping(self, organization_id: str, begin: datetime, end: datetime) -> Sequence[Absence]:
        """Returns the absences of an organization that overlap a span."""
        parameters = {"organization": organization_id, "begin": to_ms(begin), "end": to_ms(end)}
        return await self._sessions.select(_absence_from, _OVERLAPPING, parameters)

    async def active(self, at: datetime) -> Sequence[tuple[str, Absence]]:
        """Returns the absences of all organizations that are active at an instant."""
        parameters = {"begin": to_ms(at), "end": to_ms(at) + 1}
        return await self._sessions.select(lambda row: (row[0], _absence_from(row)), _ACTIVE, parameters)

    async def put(self, organization_id: str, absence: Absence) -> None:
        """Stores the absence of its person."""
        parameters = {
            "person": absence.key,
            "name": absence.person,
            "substitute": absence.substitute,
            "begin": to_ms(absence.begins_on),
            "end": to_ms(absence.ends_on),
            "workflows": encode_json(list(absence.workflow_ids)).decode(),
            "note": absence.note,
        }

        async def write(session: Session) -> None:
            (org,) = await session.assign_numbers(organization_id)
            await session.change(_PUT, {**parameters, "org": org})

        await self._sessions.write(write, [("absence", organization_id, absence.key)])

    async def drop(self, organization_id: str, person: str) -> bool:
        """Removes the absence of a person."""
        parameters = {"organization": organization_id, "person": person_of(person)}

        async def write(session: Session) -> bool:
            return await session.change(_DROP, parameters) > 0

        return await self._sessions.write(write, [("absence", organization_id, person_of(person))])

    async def drop_ended(self, before: datetime) -> int:
        """Removes the absences that ended before an instant."""

        async def write(session: Session) -> int:
            return await session.change(_DROP_ENDED, {"before": to_ms(before)})

        return await self._sessions.write(write)


def _absence_from(row: Row) -> Absence:
    return Absence(
        person=row[1],
        substitute=row[2],
        begins_on=from_ms(row[3]),
        ends_on=from_ms(row[4]),
        workflow_ids=msgspec.json.decode(row[5], type=tuple[str, ...]),
        note=row[6],
    )
