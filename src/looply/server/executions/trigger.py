"""The call that triggers a workflow."""

from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.executions.trigger import TriggerRequest, TriggerResult, output_of, parse_wait, store_mock, trigger
from looply.errors import BadRequest
from looply.server.http.call import Call, Headers, Parameter, Response, Route
from looply.server.http.wire import flag_of, version_of

KEY_HEADER: Final = b"idempotency-key"
_DEPTH_HEADER: Final = b"x-looply-depth"
_DEPTH_DIGITS: Final = 9
_REPLAYED: Final[Headers] = ((b"idempotent-replayed", b"true"),)
_ENDED: Final = ("COMPLETED", "FAILED", "TERMINATED")


class TriggerAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The execution is durable. `status` and `output` are present if the caller waited long enough."""

    message: str = "success"
    looply_execution_id: str | UnsetType = UNSET
    profile: str | UnsetType = UNSET
    status: Literal["WAITING", "COMPLETED", "FAILED", "TERMINATED"] | UnsetType = UNSET
    output: Any | UnsetType = UNSET


async def trigger_workflow(call: Call) -> Response:
    """Starts an execution."""
    request = _request(call)
    if flag_of(call, "test"):
        await store_mock(call.services, call.principal, request)
        return Response(TriggerAnswer())
    result = await trigger(call.services, call.principal, request)
    return Response(_trigger_answer(result, request.profile), headers=_REPLAYED if result.replayed else ())


def _request(call: Call) -> TriggerRequest:
    query, values = call.query, call.values
    version = version_of(values.get("workflow_version", ""))
    key = call.headers.get(KEY_HEADER, "")
    return TriggerRequest(
        workflow_id=values["workflow_id"],
        version=version,
        body=call.body,
        has_body=call.has_body,
        body_size=call.body_size,
        process_id=query.get("process_id") if "process_id" in query else None,
        profile=query.get("profile"),
        wait=parse_wait(query.get("wait")) if "wait" in query else None,
        key=key,
        covered=_identity(call, version) if key else (),
        depth=_depth(call),
    )


def _depth(call: Call) -> int:
    text = call.headers.get(_DEPTH_HEADER, "0")
    if not text.isdigit() or len(text) > _DEPTH_DIGITS:
        raise BadRequest("the header x-looply-depth is not a number; leave it out, steps set it", code="BAD_HEADER")
    return int(text)


def _identity(call: Call, version: int | None) -> tuple[str, ...]:
    """Returns path and query in a normal form that is equal for equal requests."""
    given = [f"{name}={value}" for name in sorted(call.query.values) for value in call.query.all(name)]
    return (call.values["workflow_id"].lower(), str(version or "latest"), *given)


def _trigger_answer(result: TriggerResult, profile: str) -> TriggerAnswer:
    settled = result.settled
    if settled is None:
        return TriggerAnswer(looply_execution_id=result.execution_id, profile=profile or UNSET)
    status = settled.head.status
    assert status != "RUNNING"
    return TriggerAnswer(
        looply_execution_id=result.execution_id,
        profile=profile or UNSET,
        status=status,
        output=output_of(settled) if status in _ENDED else UNSET,
    )


def _routes(version: str, name: str) -> tuple[Route, ...]:
    shared: dict[str, Any] = {
        "method": "POST",
        "access": "execute",
        "handle": trigger_workflow,
        "description": (
            "Starts an execution and answers once it is durable. The body is any JSON value or empty. A process id "
            "comes in the query or as `process_id` of the body. While it is in use, the same call returns the same "
            "execution again."
        ),
        "parameters": (
            Parameter("process_id", "The caller's own id of the execution, 1 to 128 printable characters."),
            Parameter("profile", "Environment profile to use. Default: the default profile of the workflow."),
            Parameter(
                "test",
                "`true`: store the body as mock payload of the version, and run nothing (permission `edit.drafts`).",
                kind="flag",
            ),
            Parameter("wait", "How long to wait until the execution ends or waits, such as `PT10S`; at most `PT60S`."),
        ),
        "header_values": {
            "Idempotency-Key": "A repeated request with the same key returns the same execution again.",
            "X-Looply-Depth": "Depth of nested executions that led to this call. Steps set it, to end loops.",
        },
        "body": Any,
        "is_body_optional": True,
        "answer": TriggerAnswer,
        "refusals": (404, 409, 422, 429),
        "takes_bound_keys": True,
        "takes_text": True,
    }
    ids = {"workflow_id": "Id of the workflow (UUID)."}
    number = {"workflow_version": "Version of the workflow. Default, and `latest`: the newest ACTIVE version."}
    return (
        Route(
            path=f"/{version}/workflows/{name}/{{workflow_id}}",
            path_values=ids,
            summary="Trigger the newest ACTIVE version of a workflow",
            **shared,
        ),
        Route(
            path=f"/{version}/workflows/{name}/{{workflow_id}}/{{workflow_version}}",
            path_values={**ids, **number},
            summary="Trigger a version of a workflow",
            **shared,
        ),
    )


ROUTES: Final = (*_routes("v2", "triggerworkflow"), *_routes("v1", "triggerworkflow"))
