"""`delay`: waits for a duration or until an instant, as one timer."""

from datetime import datetime

from looply.definition import DelaySettings, parse_duration, parse_instant
from looply.errors import Refused
from looply.execution.document.evaluation import StepError
from looply.execution.facts.events import Event, TimerStarted
from looply.execution.steps.visit import Visit
from looply.expressions import Template


def enter(visit: Visit) -> tuple[Event, ...]:
    """Starts the timer. An instant in the past is due at once."""
    settings = visit.step.settings
    assert isinstance(settings, DelaySettings)
    if settings.until is not None:
        due = _instant(visit, settings.until)
    else:
        assert settings.for_ is not None
        due = instant_after(visit, settings.for_, "for")
    return (TimerStarted(**visit.common(), kind="DELAY", due=due),)


def instant_after(visit: Visit, template: Template, field: str) -> datetime:
    """Returns the instant at the evaluated ISO 8601 duration from now, in the workflow's zone.

    Raises: StepError when the value is not a duration.
    """
    value = template.evaluate(visit.evaluation())
    try:
        if isinstance(value, str):
            return parse_duration(value).after(visit.state.now, visit.workflow.settings.timezone)
    except (Refused, OverflowError) as error:
        raise StepError(f"{field}: {error}", code="BAD_INPUT") from error
    raise StepError(f"{field} must be an ISO 8601 duration such as PT2H or P3D, not {value!r}", code="BAD_INPUT")


def _instant(visit: Visit, template: Template) -> datetime:
    value = template.evaluate(visit.evaluation())
    try:
        if isinstance(value, str):
            return parse_instant(value)
    except Refused as error:
        raise StepError(f"until: {error.message}", code="BAD_INPUT") from error
    raise StepError(f"until must be an RFC 3339 time, not {value!r}", code="BAD_INPUT")
