"""Resuming a waiting execution."""

from functools import partial
from typing import NamedTuple

import msgspec

from looply.app.context.addressing import Ambiguous, find_resumable
from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.definition import SOURCES
from looply.engine.ports.lists import Head
from looply.errors import BadRequest, Conflict, Refused
from looply.execution.facts.commands import AlreadyReleased, Declined, Released, Resume, Unfit
from looply.jsontext import Json, fingerprint
from looply.rates import offload_if_large


class ResumeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One call. `payload` is the unchecked value of that field, `body_size` the bytes of the body around it."""

    process_id: str
    payload: Json
    body_size: int = 0
    workflow_id: str = ""
    state: str = ""


class Resumption(NamedTuple):
    """The execution that the call addressed, and its reply."""

    head: Head
    reply: Released | AlreadyReleased


async def resume(services: Services, principal: Principal, request: ResumeRequest) -> Resumption:
    """Submits a resume to the execution that the call addresses.

    Raises: BadRequest, NotFound, Conflict with the reason as code, Ambiguous with the choices, Refused when the
    payload does not fit the wait.
    """
    payload, source, token = _validate_payload(request.payload)
    same = await offload_if_large(request.body_size, partial(fingerprint, payload))
    head = await find_resumable(
        services, principal.organization_id, request.process_id, workflow_id=request.workflow_id, token=token
    )
    command = Resume(
        at=services.clock.now(),
        by=principal.by,
        via="API",
        source=source,
        payload=payload,
        request=same,
        token=token,
        state=request.state,
    )
    reply = await services.engine.submit(head.execution_id, command)
    match reply:
        case Released() | AlreadyReleased():
            return Resumption(head, reply)
        case Unfit(problems=problems):
            raise Refused("the payload does not fit what the wait accepts", code="PAYLOAD_REFUSED", problems=problems)
        case Declined(code="AMBIGUOUS", message=message, states=states):
            raise Ambiguous(message, field="states", choices=states)
        case Declined(code=code, message=message):
            raise Conflict(message, code=code)
        case _:
            raise TypeError(f"a resume cannot be answered by {type(reply).__name__}")


def _validate_payload(payload: Json) -> tuple[dict[str, Json], str, str]:
    """Returns the payload as the workflow sees it, its source and its wait token."""
    if not isinstance(payload, dict):
        raise BadRequest.at("/payload", "must be an object with a source", code="BAD_PAYLOAD")
    source = payload.get("source")
    if not isinstance(source, str) or source not in SOURCES:
        raise BadRequest.at("/payload/source", f"must be {' or '.join(SOURCES)}", code="BAD_PAYLOAD")
    token = payload.get("wait_token", "")
    if not isinstance(token, str):
        raise BadRequest.at("/payload/wait_token", "must be a string", code="BAD_PAYLOAD")
    return {name: value for name, value in payload.items() if name != "wait_token"}, source, token
