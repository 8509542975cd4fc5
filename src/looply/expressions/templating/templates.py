"""Templates: JSON values whose strings may hold `${...}`, as the settings of steps do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from looply.expressions.closures.scope import Path
from looply.expressions.compiling.expression import Expression
from looply.expressions.compiling.operators import interpolation
from looply.expressions.templating.strings import Piece, split_string
from looply.expressions.values.errors import ExpressionError, ExpressionSyntaxError
from looply.expressions.values.evaluation import MISSING, Closure, Evaluation, Run
from looply.expressions.values.semantics import text
from looply.jsontext import Json
from looply.limits import DEFAULT_LIMITS, Limits

Escape: TypeAlias = Callable[[str], str]
"""Escapes a text for its position in a string. Raises: ExpressionError for a text that cannot be escaped."""

Placement: TypeAlias = Callable[[tuple[Piece, ...]], tuple[Escape | None, ...]]
"""Returns the escape of each piece of a string; that of a literal is ignored."""


def escape_everywhere(escape: Escape) -> Placement:
    """Returns the placement that escapes every expression of a string that is more than one expression."""
    return lambda pieces: (escape if len(pieces) > 1 else None,) * len(pieces)


def escape_by_quotes(within: Escape, outside: Escape | None = None) -> Placement:
    """Returns the placement that escapes expressions between `'` and `'` by `within`, and others by `outside`.

    A string that is one whole expression is outside.
    """

    def placement(pieces: tuple[Piece, ...]) -> tuple[Escape | None, ...]:
        is_within = False
        made: list[Escape | None] = []
        for piece in pieces:
            if isinstance(piece, str):
                is_within ^= piece.count("'") % 2 == 1
            made.append(within if is_within else outside)
        return tuple(made)

    return placement


@dataclass(frozen=True, slots=True)
class Template:
    """A JSON value with expressions, ready to be evaluated any number of times.

    `value` is as authored. `expressions` are the expressions with the JSON Pointers of their strings within the
    value, in document order. `references` are those of all expressions.
    """

    value: Json
    expressions: tuple[tuple[str, Expression], ...]
    references: tuple[Path, ...]
    _constant: Json = field(repr=False)
    _evaluate: Closure | None = field(repr=False)
    _slots: int = field(repr=False)

    @property
    def is_constant(self) -> bool:
        """Whether it contains no expression, so that every evaluation returns the same value."""
        return self._evaluate is None

    def evaluate(self, evaluation: Evaluation) -> Json:
        """Returns the value with its expressions evaluated, in document order.

        A string that is one whole `${...}` becomes the typed value, any other a text. Constant parts and values of
        the document are shared, so the result must not be changed. Fuel is counted over the whole template.

        Raises: ExpressionError with the pointer of the string; its subclass ExpressionLimit for an exceeded limit.
        """
        if self._evaluate is None:
            return self._constant
        return self._evaluate(Run(evaluation, self._slots))

    def evaluate_in(self, run: Run) -> Json:
        """Returns the value as `evaluate` does, within a run of `begin`, which records the fuel that it uses."""
        return self._constant if self._evaluate is None else self._evaluate(run)

    def begin(self, evaluation: Evaluation) -> Run:
        """Returns a run for `evaluate_in`."""
        return Run(evaluation, self._slots)

    def lookup(self, evaluation: Evaluation) -> tuple[bool, Json]:
        """Returns whether the value is present, and the value; only a path without a value is absent.

        Raises: as `evaluate`.
        """
        if self._evaluate is not None and isinstance(self.value, str) and len(self.expressions) == 1:
            _, expression = self.expressions[0]
            if expression.path is not None and self.value == f"${{{expression.source}}}":
                return expression.lookup(evaluation)
        return True, self.evaluate(evaluation)


def parse_template(
    value: Json, limits: Limits = DEFAULT_LIMITS, placements: Mapping[str, Placement] | None = None
) -> Template:
    """Returns the template of a JSON value. Keys are never expressions.

    `placements` has, by the JSON Pointer of a string, the escapes of the values of its expressions. An escaped value is
    inserted as a text, also where it is the whole string; there a list or an object is not changed.

    Raises: ExpressionSyntaxError with the pointer of the string.
    """
    builder = _Builder(limits, placements or {})
    constant, evaluate = builder.build(value, "", limits.json_levels)
    expressions = tuple(builder.expressions)
    references = tuple(dict.fromkeys(path for _, expression in expressions for path in expression.references))
    slots = max((expression.compiled.slots for _, expression in expressions), default=0)
    return Template(value, expressions, references, constant, evaluate, slots)


def split_template(text: str, limits: Limits = DEFAULT_LIMITS) -> tuple[Piece, ...]:
    """Returns the literal texts and the expressions of a string, in their order. Raises: ExpressionSyntaxError."""
    return split_string(text, limits)


def escape_key(key: str) -> str:
    """Returns a key as a part of a JSON Pointer. Source: RFC 6901 section 3."""
    return key.replace("~", "~0").replace("/", "~1")


class _Builder:
    """Compiles each value to a constant or a closure."""

    def __init__(self, limits: Limits, placements: Mapping[str, Placement]) -> None:
        self._limits = limits
        self._placements = placements
        self.expressions: list[tuple[str, Expression]] = []

    def build(self, value: Json, pointer: str, levels: int) -> tuple[Json, Closure | None]:
        """Returns the constant and None, or any value and the closure."""
        if isinstance(value, str):
            return self._string(value, pointer)
        if isinstance(value, dict):
            made = self._parts(value.items(), pointer, levels)
            return _container(value, dict(value), made)
        if isinstance(value, list):
            made = self._parts(enumerate(value), pointer, levels)
            return _container(value, list(value), made)
        return value, None

    def _parts(self, items: Json, pointer: str, levels: int) -> list[tuple[Json, Json, Closure | None]]:
        if levels == 0:
            raise ExpressionSyntaxError("nested too deeply; the limit is `json_levels`", source="", position=0)
        return [(key, *self.build(item, f"{pointer}/{escape_key(str(key))}", levels - 1)) for key, item in items]

    def _string(self, value: str, pointer: str) -> tuple[Json, Closure | None]:
        if "${" not in value:
            return value, None
        try:
            pieces = split_string(value, self._limits)
        except ExpressionSyntaxError as error:
            raise error.within(pointer) from error
        found = [(pointer, piece) for piece in pieces if isinstance(piece, Expression)]
        if not found:
            return "".join(map(str, pieces)), None
        self.expressions.extend(found)
        placement = self._placements.get(pointer)
        escapes = placement(pieces) if placement is not None else (None,) * len(pieces)
        parts = tuple(_part(piece, escape, len(pieces) == 1) for piece, escape in zip(pieces, escapes, strict=True))
        if len(parts) == 1 and not isinstance(parts[0], str):
            return None, _with_pointer(parts[0], pointer)
        return None, _with_pointer(interpolation(parts), pointer)


def _part(piece: Piece, escape: Escape | None, is_whole: bool) -> str | Closure:
    if isinstance(piece, str):
        return piece
    return _value_of(piece) if escape is None else _escaped_text(piece, escape, is_whole=is_whole)


def _value_of(expression: Expression) -> Closure:
    """Returns the closure of an expression of a template, in which a whole path without a value is always null."""
    find = expression.compiled.find
    if find is None:
        return expression.evaluate_in

    def evaluate(run: Run) -> Json:
        value = find(run)
        return None if value is MISSING else value

    return evaluate


def _escaped_text(expression: Expression, escape: Escape, *, is_whole: bool) -> Closure:
    closure = _value_of(expression)

    def evaluate(run: Run) -> Json:
        value = closure(run)
        if is_whole and isinstance(value, list | dict):
            return value
        try:
            return escape(text(run, value))
        except ExpressionError as error:
            error.locate(expression.source, 0)
            raise

    return evaluate


def _with_pointer(closure: Callable[[Run], Json], pointer: str) -> Closure:
    def evaluate(run: Run) -> Json:
        try:
            return closure(run)
        except ExpressionError as error:
            error.within(pointer)
            raise

    return evaluate


def _container(value: Json, copy: Json, parts: list[tuple[Json, Json, Closure | None]]) -> tuple[Json, Closure | None]:
    """Returns the container itself when nothing in it changes, else the closure that fills a copy."""
    for key, constant, closure in parts:
        if closure is None:
            copy[key] = constant
    moving = tuple((key, closure) for key, _, closure in parts if closure is not None)
    if not moving:
        is_same = all(constant is value[key] for key, constant, _ in parts)
        return (value if is_same else copy), None

    def evaluate(run: Run) -> Json:
        made = copy.copy()
        for key, closure in moving:
            made[key] = closure(run)
        return made

    return None, evaluate
