"""`function`: code of the author, run once in a sandbox; its result is recorded and never computed again."""

from looply.definition import FunctionSettings
from looply.execution.events import Event
from looply.execution.steps.effect import scheduled
from looply.execution.steps.visit import Visit


def enter(visit: Visit) -> tuple[Event, ...]:
    """Schedules the code with its input, evaluated once for all attempts."""
    settings = visit.step.settings
    assert isinstance(settings, FunctionSettings)
    return scheduled(visit, "function.run", {"language": settings.language, "code": settings.code})
