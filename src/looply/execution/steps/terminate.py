"""`terminate`: ends the execution. `decide` closes it after the visit is recorded."""

from looply.definition import TerminateSettings
from looply.execution.document.evaluation import reads_secret
from looply.execution.document.masking import MASK
from looply.execution.facts.events import Computed, Event
from looply.execution.steps.visit import Visit
from looply.jsontext import Json, encode_json


def enter(visit: Visit) -> tuple[Event, ...]:
    """Returns the visit with the status and reason that the execution ends with."""
    settings = visit.step.settings
    assert isinstance(settings, TerminateSettings)
    reason: Json = ""
    if settings.reason is not None:
        is_secret = reads_secret(settings.reason, visit.state, visit.address.scope)
        reason = MASK if is_secret else settings.reason.evaluate(visit.evaluation())
    visit.check_size(reason, "the reason", visit.limits.body_bytes)
    text = reason if isinstance(reason, str) else encode_json(reason).decode()
    return (Computed(**visit.common(), output={"status": settings.status, "reason": text}),)
