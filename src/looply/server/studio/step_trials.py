"""The call that tries one step on sample data."""

from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from looply.jsontext import Json
from looply.server.http.call import Call, Response, manage_route


class TryStepBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A step of a definition, or of a stored workflow, and the data document that it reads.

    `data` is a sample of the data document; `from_execution` is the execution whose present document is used, which
    needs the permission `read.payloads`; with neither, the document has no members but the payload's own. `profile` is
    the name of a profile of the workflow, whose values become `environment`. `item` and `index` are members of `data`
    for a step in the body of a `forEach`.
    `send`: make the real call, which needs the permission `test.call`; without it a step that calls another system
    only shows its input. `i_know`: make it although the operation may not be repeated.
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


class TrialError(msgspec.Struct, frozen=True, kw_only=True):
    """Why the step failed. `status` is that of the other system, `kind` what it means; both empty when there is none.

    `path` is a JSON Pointer into the settings of the step, empty when no single setting is the reason.
    """

    code: str
    message: str
    path: str
    status: str
    kind: str


class TrialRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What the step did.

    `DONE`: it left by `exit` with `output`. `FAILED`: `error` says why; `exit` is `error` when the step has an edge
    there. `WAITS`: it would wait, for what is in `input`. `NOT_SENT`: it would call `operation` with `input`, and was
    not to. `UNKNOWN`: the call was sent and its outcome is not known. `repeat` says whether the call may be repeated:
    `never` needs `i_know`. `curl` is the call as a command line, of steps that send HTTP. Secrets are shown as `***`.
    """

    state: Literal["DONE", "FAILED", "WAITS", "NOT_SENT", "UNKNOWN"]
    exit: str
    input: Json
    output: Json
    error: TrialError | None
    operation: str
    repeat: Literal["", "always", "with_key", "ask", "never"]
    millis: int
    fuel: int
    curl: str | UnsetType = UNSET


class TrialAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The result of the trial."""

    message: str
    item: TrialRecord


async def try_step(call: Call) -> Response:
    """Tries a step."""
    raise NotImplementedError


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
        answer=TrialAnswer,
        refusals=(404, 409, 422, 429),
    ),
)
