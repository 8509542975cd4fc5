"""Calls of editors: expressions and cards that are evaluated on sample data, and the functions of the language.

They read nothing but the body of the call: the scope is `read`. The validity of an expression is the subject of the
call, so the answer about a wrong one is 200 with its position; 4xx is for malformed calls.
"""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from looply.app.authoring import expression_evaluation
from looply.app.authoring.expression_evaluation import EvaluationInput, Source, SourceFinding
from looply.errors import BadRequest
from looply.expressions import FUNCTIONS, Argument, Function
from looply.expressions.values.semantics import Kind
from looply.instants import to_ms
from looply.jsontext import Json
from looply.server.http.call import IF_NONE_MATCH, Call, Response, Route, read_route
from looply.server.http.wire import SUCCESS, answer_or_304, instant_of

_MAX_SEED: Final = 128
_FORMS: Final = ("expression", "template", "card")


class SourceBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Exactly one of three forms; null counts as absent.

    `expression` is a bare expression, without `${}`. `template` is a value of a step's settings: a text with `${}` or
    an object of such texts. `card` is an Adaptive Card template.
    """

    expression: str | None = None
    template: Json = None
    card: Json = None


class EvaluateBody(SourceBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An expression, template or card, and the data to evaluate it on.

    `data` is the data document, for a card any value. `host` is the value of `$host` in a card. `now` is the time of
    `utcNow()`, by default the server's time. `seed` determines the values of `newGuid()` and `rand()`: equal seeds give
    equal values, and so do calls without a seed.
    """

    data: Json = None
    host: Json = None
    now: int | None = None
    seed: Annotated[str, Meta(max_length=_MAX_SEED)] = ""


class ExpressionFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding about an expression, with its position.

    `path` is the JSON Pointer of the text within the request, empty for a bare expression. `position` and `length`
    count characters (code points) of that text from 0, `line` and `column` from 1. They are null when the finding has
    no position in the text; `length` is null also when the text cannot be split into tokens.
    """

    path: str
    message: str
    code: str
    hint: str
    position: int | None
    length: int | None
    line: int | None
    column: int | None


class Fuel(msgspec.Struct, frozen=True, kw_only=True):
    """The units of work that an evaluation used, and its limit."""

    used: int
    limit: int


class EvaluateAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The value of the expression, or `error`; with an error `value` and `type` are null.

    `is_present` is false for a path that does not exist in the data, whose value is null. `now` is the time used.
    """

    message: str
    value: Json
    type: Kind | None
    is_present: bool
    error: ExpressionFinding | None
    fuel: Fuel
    now: int


class ArgumentRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One argument. `type` is the static type of expressions that it accepts, `kind` the kind of value it must have."""

    name: str
    type: str
    kind: str
    is_optional: bool
    is_repeated: bool


class ExampleRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An expression and its value, at the time 2026-01-15T09:30:00Z."""

    expression: str
    value: Json


class FunctionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One function of the expression language."""

    name: str
    family: str
    signature: str
    arguments: list[ArgumentRecord]
    result: str
    summary: str
    example: ExampleRecord


class FunctionList(msgspec.Struct, frozen=True, kw_only=True):
    """All functions, by family."""

    message: str
    count: int
    items: list[FunctionRecord]


async def evaluate_expression(call: Call) -> Response:
    """Evaluates an expression, a template or a card."""
    body: EvaluateBody = call.body
    source = source_of(body)
    if source.form != "card" and body.data is not None and not isinstance(body.data, dict):
        raise BadRequest.at("/data", "must be an object; only a card accepts another value")
    if source.form != "card" and body.host is not None:
        raise BadRequest.at("/host", "is for cards only; leave it out")
    now = None if body.now is None else instant_of(body.now, "now")
    given = EvaluationInput(data=body.data, host=body.host, now=now, seed=body.seed)
    result = await expression_evaluation.evaluate(call.services, source, given)
    finding = result.finding
    return Response(
        EvaluateAnswer(
            message=SUCCESS,
            value=result.value,
            type=result.type if finding is None else None,
            is_present=result.is_present,
            error=None if finding is None else finding_item(finding),
            fuel=Fuel(used=result.fuel, limit=call.services.limits.expression_fuel),
            now=to_ms(result.now),
        )
    )


async def get_expression_functions(call: Call) -> Response:
    """Lists the functions."""
    return answer_or_304(call, FunctionList(message=SUCCESS, count=len(_FUNCTION_ITEMS), items=_FUNCTION_ITEMS))


def finding_item(finding: SourceFinding) -> ExpressionFinding:
    """Returns a finding on the wire."""
    place = finding.place
    return ExpressionFinding(
        path=finding.path,
        message=finding.message,
        code=finding.code,
        hint=finding.hint,
        position=place.position if place is not None else None,
        length=place.length if place is not None else None,
        line=place.line if place is not None else None,
        column=place.column if place is not None else None,
    )


def source_of(body: Any) -> Source:
    """Returns the one form that a body contains. Raises: BadRequest (code `BAD_BODY`)."""
    given = [form for form in _FORMS if getattr(body, form) is not None]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise BadRequest(f"give one of expression, template and card; found {found}", code="BAD_BODY")
    form: Any = given[0]
    return Source(form, getattr(body, form))


def _argument_item(argument: Argument) -> ArgumentRecord:
    return ArgumentRecord(
        name=argument.name,
        type=str(argument.expected_type),
        kind=argument.kind.value,
        is_optional=argument.is_optional,
        is_repeated=argument.is_repeated,
    )


def _function_item(function: Function) -> FunctionRecord:
    expression, value = function.example
    return FunctionRecord(
        name=function.name,
        family=function.family,
        signature=function.signature(),
        arguments=[_argument_item(argument) for argument in function.arguments],
        result=str(function.result),
        summary=function.summary,
        example=ExampleRecord(expression=expression, value=value),
    )


_FUNCTION_ITEMS: Final = [_function_item(function) for function in FUNCTIONS.values()]

ROUTES: Final = (
    Route(
        method="POST",
        path="/v2/workflows/evaluateExpression",
        access="read.definitions",
        takes_bound_keys=True,
        handle=evaluate_expression,
        summary="Evaluate an expression, a settings value or a card on sample data",
        description=(
            "The call stores nothing and calls no other system. The limits are those of workflow steps. An invalid "
            "expression is answered by 200 with `error`."
        ),
        tag="Expressions",
        body=EvaluateBody,
        answer=EvaluateAnswer,
        refusals=(429,),
    ),
    read_route(
        path="/v2/workflows/getExpressionFunctions",
        access="read.definitions",
        takes_bound_keys=True,
        handle=get_expression_functions,
        summary="List the functions of the expression language",
        description="The list changes only between releases. Send its `ETag` as `If-None-Match` to receive 304.",
        tag="Expressions",
        header_values={IF_NONE_MATCH: "The `ETag` of the caller's copy of the list."},
        answer=FunctionList,
    ),
)
