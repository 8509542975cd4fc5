"""Calls on executions: resume, terminate, read, list, rerun."""

from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.executions import executions
from looply.app.executions.executions import RerunRequest
from looply.app.executions.resume import ResumeRequest, resume
from looply.app.executions.terminate import reason_of, terminate
from looply.catalog.tenants.names import validate_id
from looply.errors import BadRequest
from looply.execution.facts.commands import Released
from looply.instants import to_ms
from looply.jsontext import Json
from looply.server.executions.records import (
    ExecutionAnswer,
    ExecutionPage,
    execution_page_of,
    name_people,
    render_in_turn,
)
from looply.server.http.call import Call, Parameter, Response, Route, manage_route, read_route
from looply.server.http.wire import (
    LIMIT,
    SUCCESS,
    WORKFLOW_ID,
    cursor_of,
    execution_cursor,
    limit_of,
    number_of,
    version_of,
)

_PROCESS_ID: Final = {"process_id": "Process id of the execution, or its execution id."}
_NARROWED: Final = Parameter("workflow_id", "Selects the workflow when executions of several have the process id.")


class Identifier(msgspec.Struct, frozen=True, kw_only=True):
    """The execution that the call addressed."""

    organization_id: str
    workflow_id: str
    workflow_execution_id: str


class ResumeData(msgspec.Struct, frozen=True, kw_only=True):
    """Data of the answer to a resume."""

    workflow_identifier: Identifier


class ResumeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a resume. `buffered`: the resume is stored for the first wait that opens."""

    message: Literal["restarted", "already restarted"]
    code: Literal["WORKFLOW_RESTARTED", "WORKFLOW_ALREADY_RESTARTED"]
    data: ResumeData
    buffered: bool | UnsetType = UNSET
    answered_by: str | UnsetType | None = UNSET
    answered_on: int | UnsetType = UNSET


class ResumeBody(msgspec.Struct, frozen=True, kw_only=True):
    """`payload.source` must be SAP or TEAMS; `payload.wait_token` may name the wait. The workflow reads the rest."""

    payload: dict[str, Json]


class TerminateBody(msgspec.Struct, frozen=True, kw_only=True):
    """`payload.termination_reason` is a text of at most 2,000 characters."""

    payload: dict[str, Json] = {}


class TerminateAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether this call ended the execution."""

    message: Literal["terminated", "already terminated"]


class RerunBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The execution whose input to run again, by default with its own version, profile and process id.

    `workflow_version` is a number or `latest`.
    """

    workflow_execution_id: str
    workflow_version: int | str | None = None
    profile: str = ""
    process_id: str | None = None


class RerunAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The new execution."""

    message: str
    looply_execution_id: str


async def resume_workflow(call: Call) -> Response:
    """Resumes a wait with the payload in the field `payload`."""
    if not isinstance(call.body, dict):
        raise _no_object()
    return await _resume(call, call.body.get("payload"))


async def resume_workflow_v1(call: Call) -> Response:
    """Resumes a wait with the whole body as payload."""
    if not isinstance(call.body, dict):
        raise _no_object()
    return await _resume(call, call.body)


async def _resume(call: Call, payload: Json) -> Response:
    head, reply = await resume(
        call.services,
        call.principal,
        ResumeRequest(
            process_id=call.values["process_id"],
            payload=payload,
            body_size=call.body_size,
            workflow_id=call.query.get("workflow_id"),
            state=call.query.get("state"),
        ),
    )
    identifier = Identifier(
        organization_id=head.organization_id, workflow_id=head.workflow_id, workflow_execution_id=head.execution_id
    )
    data = ResumeData(workflow_identifier=identifier)
    if isinstance(reply, Released):
        return Response(
            ResumeAnswer(message="restarted", code="WORKFLOW_RESTARTED", data=data, buffered=reply.buffered or UNSET)
        )
    return Response(
        ResumeAnswer(
            message="already restarted",
            code="WORKFLOW_ALREADY_RESTARTED",
            data=data,
            answered_by=reply.answered_by or None,
            answered_on=to_ms(reply.answered_on),
        )
    )


def _no_object() -> BadRequest:
    return BadRequest.at("", "must be a JSON object with a payload", code="BAD_PAYLOAD")


async def terminate_workflow(call: Call) -> Response:
    """Terminates an execution."""
    reason = reason_of(call.body, has_body=call.has_body)
    workflow_id = call.query.get("workflow_id")
    message = await terminate(
        call.services, call.principal, call.values["process_id"], reason=reason, workflow_id=workflow_id
    )
    return Response(TerminateAnswer(message=message))


async def get_execution(call: Call) -> Response:
    """Reads one execution with its event log."""
    workflow_id = validate_id(call.query.get("workflow_id"), "workflow")
    execution_id = call.query.get("workflow_execution_id")
    after = _after(call)
    record = await executions.get(call.services, call.principal, workflow_id, execution_id, after=after)
    item = await render_in_turn(call.services, call.principal.organization_id, record)
    (named,) = await name_people(call, [item])
    return Response(ExecutionAnswer(message=SUCCESS, item=named))


def _after(call: Call) -> int:
    text = call.query.get("after", "0")
    return 0 if text == "0" else number_of(text, "after")


async def get_history(call: Call) -> Response:
    """Lists the executions of a workflow."""
    workflow_id = validate_id(call.query.get("workflow_id"), "workflow")
    after = call.query.get("workflow_execution_id")
    page = await executions.list_page(
        call.services,
        call.principal,
        workflow_id=workflow_id,
        after=execution_cursor(after) if after else "",
        limit=limit_of(call),
    )
    return Response(await execution_page_of(call, page))


async def get_organization_executions(call: Call) -> Response:
    """Lists the executions of the organization."""
    limit = limit_of(call)
    cursor = cursor_of(call, "workflow_id", "workflow_execution_id")
    after = ""
    if cursor is not None:
        validate_id(cursor[0], "workflow")
        after = execution_cursor(cursor[1])
    page = await executions.list_page(call.services, call.principal, workflow_id="", after=after, limit=limit)
    return Response(await execution_page_of(call, page))


async def rerun_execution(call: Call) -> Response:
    """Starts an execution with the input of another one."""
    body: RerunBody = call.body
    request = RerunRequest(
        execution_id=body.workflow_execution_id,
        has_version=body.workflow_version is not None,
        version=version_of(body.workflow_version),
        profile=body.profile,
        process_id=body.process_id,
    )
    started = await executions.rerun(call.services, call.principal, request)
    return Response(RerunAnswer(message=SUCCESS, looply_execution_id=started.execution_id))


_RESUME: Final[dict[str, Any]] = {
    "method": "POST",
    "access": "execute",
    "path_values": _PROCESS_ID,
    "parameters": (
        _NARROWED,
        Parameter("state", "Selects the step when several steps wait."),
    ),
    "answer": ResumeAnswer,
    "refusals": (404, 409, 422, 429),
    "tag": "Executions",
    "takes_text": True,
}
EXECUTION_KEY: Final = Parameter("workflow_execution_id", "Pagination key from `lastKey`.")

ROUTES: Final = (
    Route(
        path="/v2/workflows/resumeWorkflow/{process_id}",
        takes_bound_keys=True,
        handle=resume_workflow,
        summary="Resume a waiting execution",
        description="Exactly one call resumes a wait; a repeated call is answered by `already restarted`.",
        body=ResumeBody,
        has_strict_body=False,
        **_RESUME,
    ),
    Route(
        path="/v1/workflows/resumeworkflow/{process_id}",
        takes_bound_keys=True,
        handle=resume_workflow_v1,
        summary="Resume a waiting execution (older form: `source` at the top of the body)",
        body=dict[str, Any],
        has_strict_body=False,
        **_RESUME,
    ),
    Route(
        method="POST",
        path="/v2/workflows/terminateWorkflow/{process_id}",
        access="execute",
        takes_bound_keys=True,
        handle=terminate_workflow,
        summary="Terminate an execution",
        description="If several open executions have the process id, the call is refused as ambiguous (409).",
        tag="Executions",
        path_values=_PROCESS_ID,
        parameters=(_NARROWED,),
        body=TerminateBody,
        takes_text=True,
        is_body_optional=True,
        has_strict_body=False,
        answer=TerminateAnswer,
        refusals=(404, 409, 429),
    ),
    read_route(
        path="/v2/workflows/getWorkflowExecutionById",
        access="read.payloads",
        takes_bound_keys=True,
        handle=get_execution,
        summary="Read an execution with its event log",
        tag="Executions",
        parameters=(
            WORKFLOW_ID,
            Parameter("workflow_execution_id", "Id of the execution.", is_required=True),
            Parameter(
                "after", "Number of the last event that was read. `truncated`: more events follow.", kind="offset"
            ),
        ),
        answer=ExecutionAnswer,
        refusals=(404,),
    ),
    read_route(
        path="/v2/workflows/getWorkflowExecutionHistory",
        access="read.payloads",
        takes_bound_keys=True,
        handle=get_history,
        summary="List the executions of a workflow, newest first",
        tag="Executions",
        parameters=(WORKFLOW_ID, LIMIT, EXECUTION_KEY),
        answer=ExecutionPage,
        refusals=(404,),
    ),
    read_route(
        path="/v2/workflows/getOrganizationExecutions",
        access="read.payloads",
        takes_bound_keys=True,
        handle=get_organization_executions,
        summary="List the executions of the organization, newest first",
        tag="Executions",
        parameters=(LIMIT, Parameter("workflow_id", "Pagination key from `lastKey`."), EXECUTION_KEY),
        answer=ExecutionPage,
    ),
    manage_route(
        path="/v2/workflows/rerunExecution",
        access="repair",
        takes_bound_keys=True,
        handle=rerun_execution,
        summary="Start a new execution with the input of another one",
        tag="Executions",
        body=RerunBody,
        answer=RerunAnswer,
        refusals=(404, 409, 422, 429),
    ),
)
