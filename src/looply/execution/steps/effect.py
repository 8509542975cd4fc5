"""`httpRequest`, `sapRequest` and `email`: calls of other systems, recorded before they leave."""

from looply.execution.evaluation import secret_pointers
from looply.execution.events import Event, StepScheduled
from looply.execution.steps.visit import Visit
from looply.jsontext import Json


def enter_http(visit: Visit) -> tuple[Event, ...]:
    """Schedules the call with its input, evaluated once for all attempts."""
    return _scheduled(visit, "http.request")


def enter_sap(visit: Visit) -> tuple[Event, ...]:
    """Schedules the OData call with its input, evaluated once for all attempts."""
    return _scheduled(visit, "sap.odata")


def enter_email(visit: Visit) -> tuple[Event, ...]:
    """Schedules the mail, evaluated once for all attempts."""
    return _scheduled(visit, "email.send")


def _scheduled(visit: Visit, operation: str) -> tuple[Event, ...]:
    return scheduled(visit, operation, {})


def scheduled(visit: Visit, operation: str, fixed: dict[str, Json]) -> tuple[Event, ...]:
    """Returns the event that schedules an operation: its input is the step's, with what is `fixed` beside it."""
    step = visit.step
    assert step.input is not None
    spread = secret_pointers(step.input, visit.state, visit.address.scope)
    timeout = step.timeout or visit.limits.attempt_timeout
    value = {**fixed, **step.input.evaluate(visit.evaluation())}
    visit.check_size(value, "the input")
    return (
        StepScheduled(
            **visit.common(),
            operation=operation,
            timeout_seconds=timeout.total_seconds(),
            input=value,
            secret=tuple(f"/input{pointer}" for pointer in dict.fromkeys((*step.input_secrets, *spread))),
        ),
    )
