"""Absences: who decides in the place of a person who is away."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from looply.definition.settings.mail import person_of


class Absence(msgspec.Struct, frozen=True, kw_only=True):
    """A person is absent from `begins_on` until before `ends_on`, and `substitute` gets their requests.

    With `workflow_ids` only the requests of these workflows. `note` is for readers of the absence; no history holds it.
    """

    person: str
    substitute: str
    begins_on: datetime
    ends_on: datetime
    workflow_ids: tuple[str, ...] = ()
    note: str = ""

    @property
    def key(self) -> str:
        """The person as all spellings of their address are written."""
        return person_of(self.person)

    def includes(self, workflow_id: str) -> bool:
        """Returns whether the substitute gets the requests of a workflow."""
        return not self.workflow_ids or workflow_id in self.workflow_ids

    def is_active(self, at: datetime) -> bool:
        """Returns whether the person is absent at an instant."""
        return self.begins_on <= at < self.ends_on


def find_substitute(absences: Mapping[str, Absence], person: str, workflow_id: str) -> str:
    """Returns who gets a request of a workflow instead of a person, empty when the person gets it.

    `absences` are those that are active, by `Absence.key`. The substitute of a substitute who is absent too gets it;
    where that leads back to a person who was met before, no substitute does.
    """
    found, met = "", {person_of(person)}
    absence = absences.get(person_of(person))
    while absence is not None and absence.includes(workflow_id):
        found, key = absence.substitute, person_of(absence.substitute)
        if key in met:
            return ""
        met.add(key)
        absence = absences.get(key)
    return found


def circle_of(absences: Mapping[str, Absence], new: Absence) -> Sequence[str]:
    """Returns the substitutes by which a new absence would lead back to its person, in their order; empty without one.

    `absences` are those of other people, by `Absence.key`. Only those count that are active at the same time as all
    before them in the circle, and for the same workflows.
    """
    begin, end, scope = new.begins_on, new.ends_on, frozenset(new.workflow_ids)
    found: list[str] = []
    name, met = new.substitute, {new.key}
    while True:
        key = person_of(name)
        found.append(name)
        if key == new.key:
            return found
        absence = absences.get(key)
        if absence is None or key in met:
            return ()
        met.add(key)
        begin, end = max(begin, absence.begins_on), min(end, absence.ends_on)
        both = frozenset(absence.workflow_ids)
        if begin >= end or (scope and both and scope.isdisjoint(both)):
            return ()
        scope, name = (scope & both) if scope and both else (scope or both), absence.substitute
