"""Terminating an execution."""

from typing import Final, Literal

from looply.app.addressing import find_only
from looply.app.services import Services
from looply.catalog.keys import Principal
from looply.errors import BadRequest, Conflict, Problem
from looply.execution.commands import AlreadyTerminated, Declined, Terminate, Terminated
from looply.jsontext import Json

DEFAULT_REASON: Final = "Workflow execution terminated by user."
MAX_REASON: Final = 2000


async def terminate(
    services: Services, principal: Principal, process_id: str, *, reason: str, workflow_id: str = ""
) -> Literal["terminated", "already terminated"]:
    """Ends the execution that answers to the id; it never guesses between several.

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


def checked_reason(body: Json, *, has_body: bool) -> str:
    """Returns the reason that a body gives at `payload.termination_reason`, the default when it gives none.

    Raises: BadRequest (code `BAD_PAYLOAD`) when a part is of the wrong type or the reason is over 2,000 characters.
    """
    if not has_body:
        return DEFAULT_REASON
    if not isinstance(body, dict):
        raise _bad("", "the body must be an object")
    payload = body.get("payload", {})
    if not isinstance(payload, dict):
        raise _bad("/payload", "payload must be an object")
    reason = payload.get("termination_reason", "")
    if not isinstance(reason, str) or len(reason) > MAX_REASON:
        message = f"payload.termination_reason must be a string of at most {MAX_REASON} characters"
        raise _bad("/payload/termination_reason", message)
    return reason or DEFAULT_REASON


def _bad(path: str, message: str) -> BadRequest:
    return BadRequest(message, code="BAD_PAYLOAD", problems=(Problem(path=path, message=message),))
