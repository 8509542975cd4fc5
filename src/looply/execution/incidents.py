"""What is told of an incident: to those who read it, and to the workflow that is started for it."""

from looply.clock import to_ms
from looply.execution.state import Incident
from looply.jsontext import Json


def incident_facts(incident: Incident) -> dict[str, Json]:
    """Returns what an incident is; `state` and `visit` are null when no single step is the cause."""
    return {
        "incident_id": incident.incident_id,
        "state": incident.step or None,
        "visit": incident.visit if incident.step else None,
        "kind": incident.kind,
        "code": incident.code,
        "message": incident.message,
        "opened_on": to_ms(incident.opened_on),
    }
