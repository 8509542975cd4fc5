"""`overridePayload`: sets names of `payload.output`, or replaces the caller's part of it."""

from typing import Literal

from msgspec.structs import replace

from looply.definition import OverridePayloadSettings
from looply.execution.document.evaluation import StepError, secrets_of
from looply.execution.document.overlays import owner_scope, size_of
from looply.execution.document.payload import override_payload
from looply.execution.document.sizes import json_bytes, over_document_and_payload
from looply.execution.facts.events import Computed, Event
from looply.execution.steps.visit import Visit
from looply.jsontext import Json


def enter(visit: Visit) -> tuple[Event, ...]:
    """Returns the event with the names and values that the step sets."""
    settings = visit.step.settings
    assert isinstance(settings, OverridePayloadSettings)
    evaluation = visit.evaluation()
    secrets = secrets_of(visit.state, visit.address.scope)
    if settings.payload is not None:
        spread = [f"/output{pointer}" for pointer in secrets.pointers(settings.payload)]
        return _override(visit, "replace", settings.payload.evaluate(evaluation), spread)
    if settings.levels > visit.limits.json_levels:
        message = f"a name leads {settings.levels} levels down; the limit json_levels is {visit.limits.json_levels}"
        raise StepError(message, code="LIMIT")
    output = {name: value.evaluate(evaluation) for name, value in settings.parameters}
    spread = [f"/output/{name}{pointer}" for name, value in settings.parameters for pointer in secrets.pointers(value)]
    return _override(visit, "set", output, spread)


def _override(visit: Visit, kind: Literal["set", "replace"], output: Json, spread: list[str]) -> tuple[Event, ...]:
    visit.check_size(output, "the output")
    secret = tuple(dict.fromkeys((*visit.step.output_secrets, *spread))) if spread else visit.step.output_secrets
    event = Computed(**visit.common(), output=output, override=kind, size=json_bytes(output), secret=secret)
    payload_size = _payload_size(visit, event)
    reason = over_document_and_payload(visit.state, visit.step.id, event.size, payload_size, visit.limits, event.scope)
    if reason:
        raise StepError(reason, code="DOCUMENT_TOO_LARGE")
    return (replace(event, payload_size=payload_size),)


def _payload_size(visit: Visit, event: Computed) -> int:
    """Returns the bytes of the payload after the override; in an iteration those of its overlay."""
    state, scope = visit.state, visit.address.scope
    if not owner_scope(state, scope):
        return json_bytes(override_payload(state.payload, event))
    # The rest is shared with the enclosing payload; to measure it in each iteration would take longer than the step.
    return event.size + (size_of(state, scope, "payload") if event.override == "set" else 0)
