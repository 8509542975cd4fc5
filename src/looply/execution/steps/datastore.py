"""`datastore`: an operation on a named document of the organization, which the engine itself carries out."""

from looply.definition import DatastoreSettings
from looply.definition.settings.datastores import canonical_name, name_finding, path_finding, revision_finding
from looply.execution.document.evaluation import StepError, reads_secret
from looply.execution.facts.datastores import over_limits
from looply.execution.facts.events import Event, StepScheduled
from looply.execution.steps.visit import Visit
from looply.jsontext import Json


def enter(visit: Visit) -> tuple[Event, ...]:
    """Schedules the operation with its input, evaluated once; an invalid input fails the step before."""
    settings, template = visit.step.settings, visit.step.input
    assert isinstance(settings, DatastoreSettings)
    assert template is not None
    if reads_secret(template, visit.state, visit.address.scope):
        raise StepError("the datastore would show a value that is marked secret", code="SECRET_IN_DATASTORE")
    timeout = visit.step.timeout or visit.limits.attempt_timeout
    return (
        StepScheduled(
            **visit.common(),
            operation=f"datastore.{settings.operation}",
            timeout_seconds=timeout.total_seconds(),
            input=_validate_input(visit, settings.operation, template.evaluate(visit.evaluation())),
        ),
    )


def _validate_input(visit: Visit, operation: str, values: dict[str, Json]) -> dict[str, Json]:
    """Returns the input in its canonical form. Raises: StepError."""
    visit.check_size(values, "the input")
    findings = [name_finding(values["name"]), path_finding(values.get("path", ""))]
    if "if_revision" in values:
        findings.append(revision_finding(values["if_revision"]))
    if operation == "merge" and not isinstance(values["value"], dict):
        findings.append("a merge takes an object; use `set` to replace a value")
    if found := next(filter(None, findings), ""):
        raise StepError(found, code="BAD_INPUT")
    if reason := over_limits(values.get("value"), visit.limits):
        raise StepError(f"the value {reason}", code="LIMIT")
    whole = {"if_revision": int(values["if_revision"])} if "if_revision" in values else {}
    return {**values, "name": canonical_name(values["name"]), **whole}
