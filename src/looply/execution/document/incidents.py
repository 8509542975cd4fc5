"""Incidents as readers see them, and as the `on_failure` workflow receives them."""

import msgspec
from msgspec import UNSET, UnsetType

from looply.execution.facts.events import IncidentKind
from looply.execution.facts.state import Incident
from looply.instants import to_ms


class IncidentFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of an incident; `state` and `visit` are null when no single step is the cause."""

    incident_id: str
    state: str | None
    visit: int | None
    kind: IncidentKind
    code: str
    message: str
    opened_on: int


class IncidentRecord(IncidentFacts, frozen=True, kw_only=True):
    """An open incident of the execution that is shown; in a branch or an iteration with its `scope`."""

    scope: str | UnsetType = UNSET


def incident_facts(incident: Incident) -> IncidentFacts:
    """Returns the facts of an incident."""
    return IncidentFacts(
        incident_id=incident.incident_id,
        state=incident.step or None,
        visit=incident.visit if incident.step else None,
        kind=incident.kind,
        code=incident.code,
        message=incident.message,
        opened_on=to_ms(incident.opened_on),
    )
