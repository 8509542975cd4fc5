"""Trying expressions: what the editors of the web app ask while somebody types. Nothing is stored or called."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

from looply.app.context.services import Services
from looply.definition.values.pointer import split_pointer
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
from looply.expressions.evaluation import Run
from looply.expressions.values import Kind, kind_of
from looply.jsontext import Json, fingerprint, size_problem
from looply.limits import Limits

Form: TypeAlias = Literal["expression", "template", "card"]
"""A bare expression, a value as it stands in the settings of steps, or a card."""


class Source(msgspec.Struct, frozen=True):
    """What an author wrote. `text` is a text for an expression, any JSON value for the others."""

    form: Form
    text: Json


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What a source is evaluated on.

    `data` is the data document; a card takes any value. `host` is what a card sees as `$host`. None stands for nothing
    given. Without `now` it is the server's time. The stream of chance is made of `seed` alone, so that the same trial
    gives the same value.
    """

    data: Json
    host: Json = None
    now: datetime | None = None
    seed: str = ""


class Mistake(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong, where: `path` is the JSON Pointer of the text within the source, `place` a place of that text."""

    code: str
    message: str
    path: str
    place: SourceLocation | None = None
    hint: str = ""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a trial: a value, or the first mistake. `fuel` is the work it took.

    `is_present`: the value is not that of a path that leads nowhere, which is null.
    """

    now: datetime
    fuel: int = 0
    value: Json = None
    is_present: bool = False
    mistake: Mistake | None = None

    @property
    def type(self) -> Kind:
        """The kind of the value."""
        return kind_of(self.value)


async def evaluate(services: Services, source: Source, trial: Trial) -> Outcome:
    """Returns the value of a source, with the limits that the steps of a workflow have. Raises: Overloaded."""
    now = trial.now if trial.now is not None else services.clock.now()
    data: Mapping[str, Any] = trial.data if isinstance(trial.data, dict) else {}
    evaluation = Evaluation(data=data, now=now, chance=_chance(trial.seed), limits=services.limits)
    return await services.aside.run(lambda: _outcome(source, trial, evaluation))


def _outcome(source: Source, trial: Trial, evaluation: Evaluation) -> Outcome:
    limits = evaluation.limits
    try:
        parsed = parsed_source(source, limits)
    except (ExpressionSyntaxError, ExpressionLimit) as error:
        return Outcome(now=evaluation.now, mistake=mistake_of(error, source))
    run = parsed.begin(evaluation)
    try:
        is_present, value = _evaluated(parsed, run, trial)
    except ExpressionError as error:
        mistake = mistake_of(error, source, parsed)
        return Outcome(now=evaluation.now, fuel=run.fuel.used, mistake=mistake)
    if reason := size_problem(value, limits.document_bytes, limits):
        message = f"the value {reason}; its limits are `document_bytes` and `json_levels`"
        mistake = Mistake(code=ExpressionLimit.code, message=message, path="")
        return Outcome(now=evaluation.now, fuel=run.fuel.used, mistake=mistake)
    return Outcome(now=evaluation.now, fuel=run.fuel.used, value=value, is_present=is_present)


def parsed_source(source: Source, limits: Limits) -> Expression | Template | CardTemplate:
    """Returns what an author wrote, ready to be evaluated.

    Raises: ExpressionSyntaxError; ExpressionLimit for more of it than can be read while somebody types.
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


def _evaluated(parsed: Expression | Template | CardTemplate, run: Run, trial: Trial) -> tuple[bool, Json]:
    if isinstance(parsed, Expression):
        value = parsed.evaluate_in(run)
        # Only a whole path can lead nowhere.
        return value is not None or parsed.path is None or parsed.lookup_in(run)[0], value
    if isinstance(parsed, Template):
        return True, parsed.evaluate_in(run)
    host = {} if trial.host is None else {"host": trial.host}
    return True, parsed.expand_in(run, {} if trial.data is None else trial.data, **host)


def _chance(seed: str) -> Callable[[], bytes]:
    drawn = 0

    def chance() -> bytes:
        nonlocal drawn
        drawn += 1
        return fingerprint(seed, drawn)

    return chance


def mistake_of(
    error: ExpressionSyntaxError | ExpressionError,
    source: Source,
    parsed: Expression | Template | CardTemplate | None = None,
) -> Mistake:
    """Returns what an error says about the text of the source that it comes from."""
    path = error.pointer
    if not path and isinstance(parsed, Template | CardTemplate):
        # Limits of a whole card are told of the expression that met them, without its place in the card.
        path = next((each for each, expression in parsed.expressions if expression.source == error.source), "")
    text = text_at(source.text, path)
    place = None
    if error.source and isinstance(text, str):
        start = expression_start(text, error.source)
        place = locate(text, start + error.position, token_length(error.source, error.position))
    return Mistake(code=error.code, message=error.reason, path=path, place=place)


def text_at(value: Json, pointer: str) -> Json:
    """Returns what a JSON Pointer of the value leads to, None when it leads nowhere."""
    for part in split_pointer(pointer):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value
