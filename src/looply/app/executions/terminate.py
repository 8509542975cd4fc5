"""Terminating an execution."""

from typing import Final, Literal

from looply.app.context.addressing import find_only
from looply.app.context.reasons import validate_reason
from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.errors import BadRequest, Conflict
from looply.execution.facts.commands import AlreadyTerminated, Declined, Terminate, Terminated
from looply.jsontext import Json

DEFAULT_REASON: Final = "Workflow execution terminated by user."


async def terminate(
    services: Services, principal: Principal, process_id: str, *, reason: str, workflow_id: str = ""
) -> Literal["terminated", "already terminated"]:
    """Terminates the only execution with the id.

    Raises: BadRequest, NotFound, Ambiguous, Conflict (codes `COMPLETED`, `FAILED`) when it has ended otherwise.
    """
    head = await find_only(services, principal.organization_id, process_id, workflow_id=workflow_id)
    command = Terminate(at=services.clock.now(), by=principal.by, via="API", reason=reason)
    reply = await services.engine.submit(head.execution_id, command)
    match reply:
        case Terminated():
            return "terminated"
        case AlreadyTerminated():
            return "already terminated"
        case Declined(code=code, message=message):
            raise Conflict(message, code=code)
        case _:
            raise TypeError(f"a termination cannot be answered by {type(reply).__name__}")


def reason_of(body: Json, *, has_body: bool) -> str:
    """Returns the reason at `payload.termination_reason` of a body, the default reason when there is none.

    Raises: BadRequest (code `BAD_PAYLOAD`) when a part is of the wrong type or the reason is over 2,000 characters.
    """
    if not has_body:
        return DEFAULT_REASON
    if not isinstance(body, dict):
        raise BadRequest.at("", "must be an object", code="BAD_PAYLOAD")
    payload = body.get("payload", {})
    if not isinstance(payload, dict):
        raise BadRequest.at("/payload", "must be an object", code="BAD_PAYLOAD")
    reason = payload.get("termination_reason", "")
    return validate_reason(reason, "/payload/termination_reason", code="BAD_PAYLOAD") or DEFAULT_REASON
