"""The call that tries one step on sample data."""

from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.studio import step_tries
from looply.app.studio.step_tries import TryRequest, TryResult
from looply.errors import BadRequest
from looply.jsontext import Json
from looply.server.authoring.expressions import Fuel
from looply.server.http.call import Call, Response, manage_route
from looply.server.http.wire import SUCCESS, version_of


class TryStepBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A step of a definition, or of a stored version, and the data document that it reads.

    With a `definition`, `workflow_id` may name the workflow that it is a draft of, whose profiles are used.
    `workflow_version` is a number or `latest`, which is also the default. `data` is a sample of the data document:
    `payload` and each step have `output`; `item` and `index` are those of the body of a `forEach`. `from_execution` is
    an execution whose present document is used in its place. `profile` names the profile whose values become
    `environment`; left out, the sample's own, else the default profile's.
    `send`: make the real call. `i_know`: make it although it may not be repeated.
    """

    definition: dict[str, Json] | None = None
    workflow_id: str | None = None
    workflow_version: int | str | None = None
    step_id: str
    data: dict[str, Json] | None = None
    from_execution: str | None = None
    profile: str | None = None
    send: bool = False
    i_know: bool = False


class StepTryError(msgspec.Struct, frozen=True, kw_only=True):
    """Why the step failed. `status` is that of the other system, `kind` what it means; empty when there is none."""

    code: str
    message: str
    status: str
    kind: str


class StepTryRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What the step did. Secrets are shown as `***`.

    `DONE`: it left by `exit` with `output`. `FAILED`: `error` says why; `exit` is `error` when the step has an edge
    there. `WAITS`: it would wait, for what is in `input`. `BEGINS`: it would begin its branches, or the iterations of
    the items in `input`. `NOT_SENT`: it would call `operation` with `input`, or show a card, and did not. `UNKNOWN`:
    the call was sent and its outcome is not known. `repeat` says whether the call may be repeated; each value but
    `always` needs `i_know`. `curl` is the call as a command line, of steps that send HTTP. `fuel` counts the work of
    its expressions.
    """

    state: Literal["DONE", "FAILED", "WAITS", "BEGINS", "NOT_SENT", "UNKNOWN"]
    exit: str
    input: Json
    output: Json
    error: StepTryError | None
    operation: str
    repeat: Literal["", "always", "with_key", "ask", "never"]
    millis: int
    fuel: Fuel
    curl: str | UnsetType = UNSET


class TryStepAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the step did when it was tried."""

    message: str
    item: StepTryRecord


async def try_step(call: Call) -> Response:
    """Tries a step."""
    body: TryStepBody = call.body
    if body.definition is None and not body.workflow_id:
        raise BadRequest.at("/definition", "give a definition or a workflow_id")
    if body.definition is not None and body.workflow_version is not None:
        raise BadRequest.at("/workflow_version", "is only allowed without a definition")
    if body.data is not None and body.from_execution:
        raise BadRequest.at("/from_execution", "cannot be combined with data")
    request = TryRequest(
        step_id=body.step_id,
        definition=body.definition,
        workflow_id=body.workflow_id or "",
        version=version_of(body.workflow_version),
        data=body.data,
        execution_id=body.from_execution or "",
        profile=body.profile,
        send=body.send,
        i_know=body.i_know,
    )
    result = await step_tries.try_step(call.services, call.principal, request)
    return Response(TryStepAnswer(message=SUCCESS, item=_record(result, call.services.limits.expression_fuel)))


def _record(result: TryResult, most_fuel: int) -> StepTryRecord:
    outcome, failure = result.outcome, result.outcome.failure
    return StepTryRecord(
        state=outcome.outcome,
        exit=outcome.exit,
        input=outcome.input,
        output=outcome.output,
        error=None
        if failure is None
        else StepTryError(code=failure.code, message=failure.message, status=failure.status, kind=failure.kind),
        operation=result.operation,
        repeat=result.repeat,
        millis=result.millis,
        fuel=Fuel(used=result.fuel, limit=most_fuel),
        curl=result.curl or UNSET,
    )


ROUTES: Final = (
    manage_route(
        path="/v2/workflows/testStep",
        access="edit.drafts",
        handle=try_step,
        summary="Try one step on sample data, or on the data of an execution; nothing is stored in a history",
        description="Expressions and steps that compute run as in an execution, with the same limits. A real call "
        "(`send`) also needs the permission `test.call`, is recorded in the audit, and is refused for an operation "
        "that may not be repeated (409 `NOT_REPEATABLE`), unless `i_know` is true. Data of an execution need "
        "`read.payloads`.",
        body=TryStepBody,
        answer=TryStepAnswer,
        refusals=(404, 409, 422, 429),
    ),
)
