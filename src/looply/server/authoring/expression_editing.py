"""Calls of editors while an author writes an expression: completion, errors and warnings."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from looply.app.authoring import expression_editing
from looply.app.authoring.expression_editing import DataContext, Sample, Schema, StepOfDefinition, StepOfWorkflow
from looply.errors import BadRequest
from looply.jsontext import Json
from looply.server.authoring.expressions import ExpressionFinding, finding_item, source_of
from looply.server.http.call import Call, Response, Route
from looply.server.http.wire import SUCCESS, version_of

_BASES: Final = ("data", "schema", "definition", "workflow_id")


class DataContextBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most one of four fields describes the data document; null counts as absent.

    `data` is a sample. `schema` is a JSON Schema. `definition` with `step_id` is a workflow that is being edited, and
    the step whose settings are written. `workflow_id` with `step_id` and `workflow_version` is a stored workflow;
    `latest`, or no version, is the newest ACTIVE version.
    """

    data: Json = None
    schema: dict[str, Json] | None = None
    definition: dict[str, Json] | None = None
    workflow_id: str | None = None
    workflow_version: int | str | None = None
    step_id: str | None = None


class CompleteBody(DataContextBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Exactly one of three texts, and a position in it, which counts characters (code points) from 0.

    `expression` is a bare expression, without `${}`. `template` is a text of a step's settings, `card` a text of a
    card; both are completed within `${}` only, which need not be closed.
    """

    position: Annotated[int, Meta(ge=0)]
    expression: str | None = None
    template: str | None = None
    card: str | None = None


class ValidateExpressionBody(DataContextBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Exactly one of the three forms that `evaluateExpression` accepts, and a description of the data document."""

    expression: str | None = None
    template: Json = None
    card: Json = None


class CompletionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One completion: `insert` replaces `length` characters of the text from `position` on.

    `detail` is the type of a field or a variable, or the signature of a function with its result.
    """

    label: str
    kind: Literal["field", "function", "variable"]
    detail: str
    insert: str
    position: int
    length: int


class CompletionList(msgspec.Struct, frozen=True, kw_only=True):
    """The completions at the position: variables of loops, fields, then functions; at most 200."""

    message: str
    count: int
    items: list[CompletionRecord]


class ExpressionFindings(msgspec.Struct, frozen=True, kw_only=True):
    """The errors and warnings of an expression, for all values that the data document may have.

    An error occurs at every evaluation of the expression. The `code` of a warning is `UNKNOWN` (a name that does not
    exist), `MISSING` (a value that may be missing) or `WRONG` (probably not what is meant). `type` is the type of a
    bare expression without errors, such as `list of text`.
    """

    message: str
    errors: list[ExpressionFinding]
    warnings: list[ExpressionFinding]
    type: str | None


async def complete_expression(call: Call) -> Response:
    """Completes an expression."""
    body: CompleteBody = call.body
    source = source_of(body)
    if body.position > len(source.text):
        raise BadRequest.at(
            "/position", f"is {body.position}, beyond the text, which has {len(source.text)} characters"
        )
    context = _data_context(body, takes_any=source.form == "card")
    found = await expression_editing.complete(call.services, call.principal, source, body.position, context)
    items = [
        CompletionRecord(
            label=each.label,
            kind=each.kind,
            detail=each.detail,
            insert=each.insert,
            position=each.start,
            length=each.end - each.start,
        )
        for each in found
    ]
    return Response(CompletionList(message=SUCCESS, count=len(items), items=items))


async def validate_expression(call: Call) -> Response:
    """Checks an expression, a template or a card."""
    body: ValidateExpressionBody = call.body
    source = source_of(body)
    context = _data_context(body, takes_any=source.form == "card")
    result = await expression_editing.check(call.services, call.principal, source, context)
    return Response(
        ExpressionFindings(
            message=SUCCESS,
            errors=[finding_item(finding) for finding in result.errors],
            warnings=[finding_item(finding) for finding in result.warnings],
            type=result.type or None,
        )
    )


def _data_context(body: DataContextBody, *, takes_any: bool) -> DataContext:
    """Returns a body's description of the data document. Raises: BadRequest (codes `BAD_BODY`, `BAD_NUMBER`)."""
    given = [name for name in _BASES if getattr(body, name) is not None]
    if len(given) > 1:
        raise BadRequest.at(f"/{given[1]}", f"cannot be combined with {given[0]}; at most one describes the data")
    needs_step = given[:1] in (["definition"], ["workflow_id"])
    if needs_step != (body.step_id is not None):
        raise BadRequest.at("/step_id", "is required with definition or workflow_id, and only allowed with them")
    if body.workflow_version is not None and body.workflow_id is None:
        raise BadRequest.at("/workflow_version", "is only allowed with workflow_id")
    step_id = body.step_id or ""
    if body.data is not None:
        if not takes_any and not isinstance(body.data, dict):
            raise BadRequest.at("/data", "must be an object; only a card accepts another value")
        return Sample(body.data)
    if body.schema is not None:
        return Schema(body.schema)
    if body.definition is not None:
        return StepOfDefinition(body.definition, step_id)
    if body.workflow_id is not None:
        return StepOfWorkflow(body.workflow_id, version_of(body.workflow_version), step_id)
    return None


_EDITORS: Final[dict[str, Any]] = {
    "method": "POST",
    "access": "read.definitions",
    "tag": "Expressions",
    "refusals": (404, 409, 429),
}

ROUTES: Final = (
    Route(
        path="/v2/workflows/completeExpression",
        takes_bound_keys=True,
        handle=complete_expression,
        summary="List the completions at a position of an expression",
        body=CompleteBody,
        answer=CompletionList,
        **_EDITORS,
    ),
    Route(
        path="/v2/workflows/validateExpression",
        takes_bound_keys=True,
        handle=validate_expression,
        summary="Check an expression, a settings value or a card against a description of its data",
        description="Nothing is evaluated. An answer with findings is 200; they are in `errors` and `warnings`.",
        body=ValidateExpressionBody,
        answer=ExpressionFindings,
        **_EDITORS,
    ),
)
