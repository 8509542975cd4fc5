"""Evaluation of expressions on sample data, for the editors of the web app. Nothing is stored or called."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

from looply.app.context.services import Services
from looply.definition.values.pointer import split_pointer, value_at
from looply.expressions import (
    CardTemplate,
    Evaluation,
    Expression,
    ExpressionError,
    ExpressionLimit,
    ExpressionSyntaxError,
    Template,
    parse_card,
    parse_expression,
    parse_template,
)
from looply.expressions.editing.locations import SourceLocation, expression_start, locate, token_length
from looply.expressions.values.evaluation import Run
from looply.expressions.values.semantics import Kind, kind_of
from looply.jsontext import Json, fingerprint, size_problem
from looply.limits import Limits

Form: TypeAlias = Literal["expression", "template", "card"]
"""A bare expression, a value of a step's settings, or a card."""


class Source(msgspec.Struct, frozen=True):
    """The source that an author wrote. `text` is a text for an expression, any JSON value for the other forms."""

    form: Form
    text: Json


class EvaluationInput(msgspec.Struct, frozen=True, kw_only=True):
    """The input of an evaluation.

    `data` is the data document; a card accepts any value. `host` is the value of `$host` in a card. None means absent.
    Without `now` it is the server's time. Random values depend on `seed` alone, so that the same input gives the same
    value.
    """

    data: Json
    host: Json = None
    now: datetime | None = None
    seed: str = ""


class SourceFinding(msgspec.Struct, frozen=True, kw_only=True):
    """An error or warning. `path` is the JSON Pointer of the text within the source, `place` its range in that text."""

    code: str
    message: str
    path: str
    place: SourceLocation | None = None
    hint: str = ""


class EvaluationResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of an evaluation: a value, or the first error. `fuel` is the work it took.

    `is_present` is false for a path that does not exist in the data, whose value is null.
    """

    now: datetime
    fuel: int = 0
    value: Json = None
    is_present: bool = False
    finding: SourceFinding | None = None

    @property
    def type(self) -> Kind:
        """The kind of the value."""
        return kind_of(self.value)


async def evaluate(services: Services, source: Source, sample: EvaluationInput) -> EvaluationResult:
    """Evaluates a source within the limits of workflow steps. Raises: Overloaded."""
    now = sample.now if sample.now is not None else services.clock.now()
    data: Mapping[str, Any] = sample.data if isinstance(sample.data, dict) else {}
    evaluation = Evaluation(data=data, now=now, chance=_random_source(sample.seed), limits=services.limits)
    return await services.background.run(lambda: _evaluate_source(source, sample, evaluation))


def _evaluate_source(source: Source, data: EvaluationInput, evaluation: Evaluation) -> EvaluationResult:
    limits = evaluation.limits
    try:
        parsed = parse_source(source, limits)
    except (ExpressionSyntaxError, ExpressionLimit) as error:
        return EvaluationResult(now=evaluation.now, finding=finding_of_error(error, source))
    run = parsed.begin(evaluation)
    try:
        is_present, value = _evaluate(parsed, run, data)
    except ExpressionError as error:
        finding = finding_of_error(error, source, parsed)
        return EvaluationResult(now=evaluation.now, fuel=run.fuel.used, finding=finding)
    if reason := size_problem(value, limits.document_bytes, limits):
        message = f"the value {reason}; its limits are `document_bytes` and `json_levels`"
        finding = SourceFinding(code=ExpressionLimit.code, message=message, path="")
        return EvaluationResult(now=evaluation.now, fuel=run.fuel.used, finding=finding)
    return EvaluationResult(now=evaluation.now, fuel=run.fuel.used, value=value, is_present=is_present)


def parse_source(source: Source, limits: Limits) -> Expression | Template | CardTemplate:
    """Parses a source.

    Raises: ExpressionSyntaxError; ExpressionLimit when it is too long to be parsed while an author types.
    """
    if source.form != "expression":
        characters = sum(len(text) for text in _texts(source.text) if "${" in text)
        if characters > limits.editor_characters:
            reason = f"texts with expressions of {characters} characters, allowed are {limits.editor_characters}"
            raise ExpressionLimit("editor_characters", reason)
    match source.form:
        case "expression":
            return parse_expression(source.text, limits)
        case "template":
            return parse_template(source.text, limits)
        case _:
            return parse_card(source.text, limits)


def _texts(value: Json) -> Iterator[str]:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict | list):
            pending.extend(item.values() if isinstance(item, dict) else item)


def _evaluate(parsed: Expression | Template | CardTemplate, run: Run, data: EvaluationInput) -> tuple[bool, Json]:
    if isinstance(parsed, Expression):
        value = parsed.evaluate_in(run)
        # Only an expression that is a single path can be absent from the data.
        return value is not None or parsed.path is None or parsed.lookup_in(run)[0], value
    if isinstance(parsed, Template):
        return True, parsed.evaluate_in(run)
    host = {} if data.host is None else {"host": data.host}
    return True, parsed.expand_in(run, {} if data.data is None else data.data, **host)


def _random_source(seed: str) -> Callable[[], bytes]:
    drawn = 0

    def chance() -> bytes:
        nonlocal drawn
        drawn += 1
        return fingerprint(seed, drawn)

    return chance


def finding_of_error(
    error: ExpressionSyntaxError | ExpressionError,
    source: Source,
    parsed: Expression | Template | CardTemplate | None = None,
) -> SourceFinding:
    """Returns an error with its position in the source."""
    path = error.pointer
    if not path and isinstance(parsed, Template | CardTemplate):
        # The error of a limit of the whole card names the expression that exceeded it, but not its pointer in the card.
        path = next((each for each, expression in parsed.expressions if expression.source == error.source), "")
    text = text_at(source.text, path)
    place = None
    if error.source and isinstance(text, str):
        start = expression_start(text, error.source)
        place = locate(text, start + error.position, token_length(error.source, error.position))
    return SourceFinding(code=error.code, message=error.reason, path=path, place=place)


def text_at(value: Json, pointer: str) -> Json:
    """Returns the value at a JSON Pointer, None when there is none."""
    return value_at(value, split_pointer(pointer))
