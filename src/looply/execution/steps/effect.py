"""Steps that call an operation of a connector: the call is recorded before it is sent."""

from looply.definition import CallSettings
from looply.execution.document.evaluation import secret_pointers
from looply.execution.facts.events import Event, StepScheduled
from looply.execution.steps.visit import Visit


def enter(visit: Visit) -> tuple[Event, ...]:
    """Schedules the operation of the step with its input, evaluated once for all attempts."""
    step, settings = visit.step, visit.step.settings
    assert isinstance(settings, CallSettings)
    assert step.input is not None
    spread = secret_pointers(step.input, visit.state, visit.address.scope)
    timeout = step.timeout or visit.limits.attempt_timeout
    value = {**settings.literal_input, **step.input.evaluate(visit.evaluation())}
    visit.check_size(value, "the input")
    return (
        StepScheduled(
            **visit.common(),
            operation=settings.operation,
            timeout_seconds=timeout.total_seconds(),
            input=value,
            secret=tuple(f"/input{pointer}" for pointer in dict.fromkeys((*step.input_secrets, *spread))),
        ),
    )
