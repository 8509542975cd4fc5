"""Assistance for editors of expressions: completion, errors and warnings. Nothing is stored."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

import msgspec

from looply.app.authoring import workflows
from looply.app.authoring.expression_evaluation import Source, SourceFinding, finding_of_error, parse_source, text_at
from looply.app.context.embedding import embed_cards
from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.definition import document_shape
from looply.expressions import (
    CardTemplate,
    Expression,
    ExpressionError,
    ExpressionLimit,
    ExpressionSyntaxError,
    Template,
)
from looply.expressions.editing.completion import Completion, completions
from looply.expressions.editing.locations import expression_spans, expression_start, locate
from looply.expressions.inference.cards import card_expressions, findings_in_card
from looply.expressions.inference.expressions import Budget, infer
from looply.expressions.inference.findings import Finding, FindingKind
from looply.expressions.inference.visible import Visible, visible_in_card, visible_in_step
from looply.expressions.shapes.schemas import shape_of_schema
from looply.expressions.shapes.shape import ANY, Shape, shape_of_value
from looply.jsontext import Json
from looply.limits import Limits


class Sample(msgspec.Struct, frozen=True):
    """The data document looks like this sample."""

    data: Json


class Schema(msgspec.Struct, frozen=True):
    """The data document matches this JSON Schema."""

    schema: dict[str, Json]


class StepOfDefinition(msgspec.Struct, frozen=True):
    """The data document is the one that a step of this definition sees."""

    definition: dict[str, Json]
    step_id: str


class StepOfWorkflow(msgspec.Struct, frozen=True):
    """The data document is the one that a step of a stored version sees; None is the newest ACTIVE version."""

    workflow_id: str
    version: int | None
    step_id: str


DataContext: TypeAlias = Sample | Schema | StepOfDefinition | StepOfWorkflow | None
"""A description of the data document; None if nothing is known of it."""


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """The errors and warnings of a source.

    `type` is the type of a bare expression; empty for the other forms, and if there is an error.
    """

    errors: tuple[SourceFinding, ...]
    warnings: tuple[SourceFinding, ...] = ()
    type: str = ""


async def complete(
    services: Services, principal: Principal, source: Source, position: int, context: DataContext
) -> tuple[Completion, ...]:
    """Returns the completions at a position of a text; none outside of its expressions.

    Raises: BadRequest, NotFound or Conflict for a version that cannot be found; Overloaded.
    """
    shape = await _shape_function(services, principal, context)
    return await services.background.run(lambda: _complete(source, position, shape(), services.limits))


async def check(services: Services, principal: Principal, source: Source, context: DataContext) -> CheckResult:
    """Checks a source without evaluating it. Raises: as `complete`."""
    shape = await _shape_function(services, principal, context)
    return await services.background.run(lambda: _check(source, shape(), services.limits))


async def _shape_function(services: Services, principal: Principal, context: DataContext) -> Callable[[], Shape]:
    """Returns a function that computes the shape of the data document, which takes a while for a large one."""
    match context:
        case Sample(data):
            return lambda: shape_of_value(data)
        case Schema(schema):
            return lambda: shape_of_schema(schema)
        case StepOfDefinition(definition, step_id):
            embedded, _ = await embed_cards(services.catalog.cards, principal.organization_id, definition)
            return lambda: document_shape(embedded, step_id)
        case StepOfWorkflow(workflow_id, version, step_id):
            row = await workflows.get(services, principal, workflow_id, version)
            embedded, _ = await embed_cards(services.catalog.cards, principal.organization_id, row.definition)
            return lambda: document_shape(embedded, step_id, row.mock_schema)
        case _:
            return lambda: ANY


def _complete(source: Source, position: int, document: Shape, limits: Limits) -> tuple[Completion, ...]:
    visible = visible_in_card(document, document) if source.form == "card" else None
    if source.form == "expression":
        return completions(source.text, position, document, limits)
    if len(source.text) > limits.expression_characters:
        return ()
    start, end = next(
        ((start, end) for start, end in expression_spans(source.text) if start <= position <= end), (-1, -1)
    )
    if start < 0:
        return ()
    found = completions(source.text[start:end], position - start, document, limits, visible=visible)
    return tuple(replace(each, start=each.start + start, end=each.end + start) for each in found)


def _check(source: Source, document: Shape, limits: Limits) -> CheckResult:
    try:
        parsed = parse_source(source, limits)
    except (ExpressionSyntaxError, ExpressionLimit) as error:
        return CheckResult(errors=(finding_of_error(error, source),))
    budget = Budget()
    found: list[tuple[Finding, SourceFinding]] = []
    type_ = ""
    for path, expression, visible in _visible_expressions(parsed, document, budget):
        if isinstance(parsed, CardTemplate):
            findings = findings_in_card(expression, visible, budget)
        else:
            inferred = infer(expression.tree, visible, expression.source, budget)
            findings, type_ = inferred.findings, str(inferred.shape) if isinstance(parsed, Expression) else ""
        found += [(finding, _source_finding(finding, source, path, expression)) for finding in findings]
    errors = dict.fromkeys(located for finding, located in found if finding.severity == "error")
    warnings = dict.fromkeys(located for finding, located in found if finding.severity == "warning")
    return CheckResult(errors=tuple(errors), warnings=tuple(warnings), type="" if errors else type_)


def _visible_expressions(
    parsed: Expression | Template | CardTemplate, document: Shape, budget: Budget
) -> Iterator[tuple[str, Expression, Visible]]:
    """Yields each expression with the pointer of its text and the names that are visible to it."""
    if isinstance(parsed, CardTemplate):
        yield from card_expressions(parsed, document, budget)
        return
    expressions = (("", parsed),) if isinstance(parsed, Expression) else parsed.expressions
    for path, expression in expressions:
        yield path, expression, visible_in_step(document)


def _source_finding(finding: Finding, source: Source, path: str, expression: Expression) -> SourceFinding:
    text = text_at(source.text, path)
    start = expression_start(text, expression.source)
    # An expression that fails only if it is evaluated, which may never happen, is probably a mistake.
    doubt = FindingKind.WRONG if finding.kind is FindingKind.FAILING else finding.kind
    return SourceFinding(
        code=ExpressionError.code if finding.severity == "error" else doubt.name,
        message=finding.message,
        path=path,
        place=locate(text, start + finding.position, finding.length or None),
        hint=finding.suggestion,
    )
