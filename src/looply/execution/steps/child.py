"""`subworkflow`: requests an execution of another workflow, which the delivery of the event starts."""

from looply.definition import Step, SubworkflowSettings
from looply.definition.settings.children import is_uuid, version_of
from looply.execution.document.evaluation import StepError, reads_secret, secret_pointers
from looply.execution.document.sizes import json_bytes
from looply.execution.facts.address import child_id
from looply.execution.facts.events import ChildStarted, Event
from looply.execution.steps.visit import Visit
from looply.expressions import Template


def enter(visit: Visit) -> tuple[Event, ...]:
    """Returns the request for the child, with its body evaluated once."""
    settings = visit.step.settings
    assert isinstance(settings, SubworkflowSettings)
    _check_depth(visit)
    payload = settings.payload.evaluate(visit.evaluation("payload")) if settings.payload is not None else None
    visit.check_size(payload, "the payload", visit.limits.body_bytes)
    started = visit.state.started
    return (
        ChildStarted(
            **visit.common(),
            child_id=child_id(started.execution_id, visit.address.text, visit.state.now),
            workflow_id=_workflow_id(visit, settings.workflow_id),
            version=_version(visit, settings.version),
            input=payload,
            size=json_bytes(payload),
            is_awaited=settings.wait,
            secret=_secrets(visit.step, settings.payload, visit),
        ),
    )


def _check_depth(visit: Visit) -> None:
    depth, most = visit.state.started.depth, visit.limits.child_depth
    if depth >= most:
        message = f"{depth} executions have called each other down to this one; the limit child_depth is {most}"
        raise StepError(message, code="DEPTH_LIMIT")


def _workflow_id(visit: Visit, template: Template) -> str:
    value = template.evaluate(visit.evaluation("workflow_id"))
    if reads_secret(template, visit.state):
        raise StepError("workflow_id would show a value that is marked secret", code="BAD_INPUT")
    if not isinstance(value, str) or not is_uuid(value):
        raise StepError(f"workflow_id must be a workflow id (UUID), not {str(value)[:100]!r}", code="BAD_INPUT")
    return value.lower()


def _version(visit: Visit, template: Template | None) -> int | None:
    if template is None:
        return None
    value = template.evaluate(visit.evaluation("version"))
    if reads_secret(template, visit.state):
        raise StepError("version would show a value that is marked secret", code="BAD_INPUT")
    try:
        return version_of(value)
    except ValueError as error:
        raise StepError(str(error), code="BAD_INPUT") from error


def _secrets(step: Step, payload: Template | None, visit: Visit) -> tuple[str, ...]:
    """Returns the secret pointers of the body: those that the author declares, and values made of secrets."""
    stated = (pointer.removeprefix("/payload") for pointer in step.secret if pointer.startswith("/payload"))
    spread = secret_pointers(payload, visit.state) if payload is not None else ()
    return tuple(f"/input{pointer}" for pointer in dict.fromkeys((*stated, *spread)))
