"""`redirect`: continues at another step, a bounded number of times."""

from looply.definition import RedirectSettings
from looply.execution.document.evaluation import StepError
from looply.execution.facts.events import Computed, Event
from looply.execution.steps.visit import Visit


def enter(visit: Visit) -> tuple[Event, ...]:
    """Returns the visit. Raises: StepError (code `LOOP_LIMIT`) when the step was visited too often."""
    settings = visit.step.settings
    assert isinstance(settings, RedirectSettings)
    most = settings.max_visits if settings.max_visits is not None else visit.limits.redirect_visits
    if visit.address.visit > most:
        message = (
            f"it has sent the execution back to '{settings.target}' {most} times, which is its limit; "
            "raise max_visits, or end the loop by a condition"
        )
        raise StepError(message, code="LOOP_LIMIT")
    return (Computed(**visit.common(), output={"target": settings.target}),)
