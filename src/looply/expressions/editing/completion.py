"""Completion of an expression that is being written: names, functions, and the fields of a value."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal, TypeAlias

from looply.expressions.editing.paths import PLAIN_NAME, quote_name, root_path
from looply.expressions.editing.unfinished import PartialExpression, read_partial
from looply.expressions.functions.table import FUNCTIONS
from looply.expressions.inference.expressions import infer
from looply.expressions.inference.visible import Visible, visible_in_step
from looply.expressions.parsing.lexer import Lexer
from looply.expressions.parsing.parser import parse
from looply.expressions.shapes.shape import ANY, OBJECT, Field, Presence, Shape
from looply.expressions.shapes.steps import loop_variable
from looply.expressions.values.errors import ExpressionSyntaxError
from looply.limits import DEFAULT_LIMITS, Limits

CompletionKind: TypeAlias = Literal["field", "function", "variable"]

_REST: Final = re.compile(r"[A-Za-z0-9_]*")
_REST_OF_TEXT: Final = re.compile(r"[^'\"\]]*['\"]?\s*\]?")
_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Completion:
    """One candidate at a position: `insert` replaces the characters from `start` up to `end`.

    `detail` is the shape of a field or a variable, such as `list of object`, or the call of a function and its type.
    """

    label: str
    kind: CompletionKind
    detail: str
    insert: str
    start: int
    end: int


def completions(
    source: str,
    position: int,
    document: Shape,
    limits: Limits = DEFAULT_LIMITS,
    *,
    visible: Visible | None = None,
) -> tuple[Completion, ...]:
    """Returns the candidates at a position of an expression, at most two hundred.

    `source` is the expression without `${}` around it, which may be incomplete; `position` counts its characters from
    0. `document` is the shape of the data document, from `definition.document_shape(definition, step_id)` or
    `shape_of_value(sample)`. For an expression of a card, `visible` is `visible_in_card(document, data)`. Never
    raises; returns nothing where nothing is known, or for a source over `limits.expression_characters`.
    """
    if not 0 <= position <= len(source) or len(source) > limits.expression_characters:
        return ()
    known = visible if visible is not None else visible_in_step(document)
    return tuple(islice(_CompletionContext(source, position, known, limits).candidates(), _MOST))


class _CompletionContext:
    """The position that is completed: the source before it, and the characters that are replaced."""

    def __init__(self, source: str, position: int, visible: Visible, limits: Limits) -> None:
        self._limits = limits
        self._before: PartialExpression = read_partial(source[:position])
        self._visible = self._in_loops(visible)
        pieces = self._before.pieces
        is_begun = bool(pieces) and pieces[-1].kind == "name" and pieces[-1].end == position
        self._prefix = pieces[-1].text if is_begun else ""
        self._last = len(pieces) - (2 if is_begun else 1)
        """The index of the piece before the name that is completed; -1 for none."""
        self._start = pieces[-1].start if is_begun else position
        rest = _REST.match(source, position) if is_begun or self._prefix == "" else None
        self._end = rest.end() if rest is not None else position
        self._source = source
        self._position = position

    def candidates(self) -> Iterator[Completion]:
        """Yields the candidates."""
        before, last = self._before, self._last
        if before.quote is not None:
            yield from self._bracketed_names(before.quote)
            return
        text = before.pieces[last].text if last >= 0 else ""
        is_key = before.enclosing_symbol() == "{" and text in {"{", ","}
        function, count = before.arguments()
        declared = FUNCTIONS.get(function)
        is_variable = declared is not None and declared.build_loop is not None and count == 1
        if before.is_literal or is_key or (is_variable and text == ","):
            return
        if text == ".":
            yield from self._members(before.operand_before(last - 1), before.pieces[last].start)
        elif last < 0 or not before.pieces[last].ends_operand:
            yield from self._names()

    def _in_loops(self, visible: Visible) -> Visible:
        for loop in self._before.loops():
            visible = visible.with_variable(loop.variable, loop_variable(self._shape(loop.collection, visible) or ANY))
        return visible

    def _shape(self, source: str, visible: Visible) -> Shape | None:
        try:
            tree = parse(Lexer(source).tokenize(), source, self._limits)
        except ExpressionSyntaxError:
            return None
        return infer(tree, visible).shape

    def _bracketed_names(self, quote: int) -> Iterator[Completion]:
        """Completes the name in `value['`."""
        pieces = self._before.pieces
        if len(pieces) < 2 or pieces[-1].text != "[":
            return
        rest = _REST_OF_TEXT.match(self._source, self._position)
        end = rest.end() if rest is not None else self._position
        prefix = self._source[quote + 1 : self._position].lower()
        for name, found in self._fields(self._before.operand_before(len(pieces) - 2)):
            if name.lower().startswith(prefix):
                yield Completion(name, "field", _detail(found), f"{quote_name(name)}]", quote, end)

    def _members(self, operand: str, dot: int) -> Iterator[Completion]:
        """Completes the name after `value.`."""
        for name, found in self._fields(operand):
            if name.lower().startswith(self._prefix.lower()):
                is_plain = PLAIN_NAME.fullmatch(name) is not None
                insert, start = (name, self._start) if is_plain else (f"[{quote_name(name)}]", dot)
                yield Completion(name, "field", _detail(found), insert, start, self._end)

    def _fields(self, operand: str) -> Iterator[tuple[str, Field]]:
        shape = self._shape(operand, self._visible) if operand else None
        if shape is not None and shape.kinds & OBJECT:
            yield from (shape.fields or {}).items()

    def _names(self) -> Iterator[Completion]:
        """Completes a bare name: a variable, a name of the document, or a function."""
        prefix = self._prefix.lower()
        variables = [
            Completion(name, "variable", str(shape), name, self._start, self._end)
            for name, shape in reversed(tuple(self._visible.variables.items()))
            if name.lower().startswith(prefix)
        ]
        yield from (each for each in variables if not each.label.startswith("$"))
        for name, found in (self._visible.document.fields or {}).items():
            if name.lower().startswith(prefix) and name not in self._visible.variables:
                yield Completion(name, "field", _detail(found), root_path(name), self._start, self._end)
        yield from (each for each in variables if each.label.startswith("$"))
        call = "" if self._source.startswith("(", self._end) else "("
        for name, function in FUNCTIONS.items():
            if name.lower().startswith(prefix):
                detail = f"{function.signature()}: {function.result}"
                yield Completion(name, "function", detail, f"{name}{call}", self._start, self._end)


def _detail(field: Field) -> str:
    return f"{field.shape}, may be missing" if field.presence is Presence.SOMETIMES else str(field.shape)
