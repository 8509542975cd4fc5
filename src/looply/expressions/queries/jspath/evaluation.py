"""Evaluates a JSPath. Each value that is visited is charged."""

import math
import re
from collections.abc import Iterable

from looply.expressions.queries.jspath.comparing import (
    OPERATORS,
    add,
    compute,
    is_less,
    is_truthy,
    number_of,
    text_of,
)
from looply.expressions.queries.jspath.parsing import parse
from looply.expressions.queries.jspath.syntax import (
    Arithmetic,
    Child,
    Comparison,
    Descendant,
    Expr,
    Filter,
    Item,
    Literal,
    Logic,
    Part,
    Path,
    Slice,
    Start,
    Unary,
    Union,
)
from looply.expressions.values.evaluation import MISSING, Run
from looply.jsontext import Json

_INDEX = re.compile("0|[1-9][0-9]{0,9}")
_EVERY = "*"


def select(run: Run, document: Json, path: str) -> Json:
    """Returns the values at a path: a list, or the value itself when the path ends in a position.

    For a position without a value it returns null. Raises: ExpressionError for an invalid path, ExpressionLimit.
    """
    run.spend(len(path))
    tree = parse(path)
    found = _Evaluator(run, document).find(tree, document)
    if isinstance(tree, Path) and tree.parts and isinstance(tree.parts[-1], Item):
        return found[0] if found and found[0] is not MISSING else None
    return [None if each is MISSING else each for each in found]


class _Evaluator:
    def __init__(self, run: Run, document: Json) -> None:
        self._run = run
        self._document = document

    def find(self, tree: Path | Union, here: Json) -> list[Json]:
        """Returns the values that a path, or several, find from the current value."""
        if isinstance(tree, Union):
            joined = [value for path in tree.paths for value in self.find(path, here)]
            return self._check_items(joined)
        value = {Start.HERE: here, Start.DOCUMENT: self._document, Start.NOTHING: MISSING}[tree.start]
        values = value if type(value) is list else [value]
        self._run.spend(1)
        for part in tree.parts:
            values = self._part(part, values)
        return values

    def _part(self, part: Part, values: list[Json]) -> list[Json]:
        match part:
            case Child(name):
                return self._check_items(self._children(name, values)) if name else values
            case Descendant(name):
                return self._descendants(name, values)
            case Filter(condition):
                self._run.spend(len(values))
                return [value for value in values if self._holds(condition, value)]
            case Item(position):
                return self._item(self._value(position, values), values)
            case Slice(start, end):
                first = self._position(start, values, 0, len(values))
                return self._check_items(values[first : self._position(end, values, len(values), len(values))])
            case Union():
                return self.find(part, values)
            case _:
                return values

    def _check_items(self, values: list[Json]) -> list[Json]:
        self._run.check_items(len(values))
        self._run.spend(1 + (len(values) >> 2))
        return values

    def _children(self, name: str, values: list[Json]) -> list[Json]:
        found: list[Json] = []
        for value in values:
            self._run.spend(1)
            if name == _EVERY:
                if type(value) is list:
                    found.extend(value)
                elif type(value) is dict:
                    self._add_all(found, value.values())
            else:
                _add(found, _member(value, name))
            self._run.check_items(len(found))
        return found

    def _descendants(self, name: str, values: list[Json]) -> list[Json]:
        found: list[Json] = []
        pending = values[::-1]
        while pending:
            value = pending.pop()
            self._run.spend(1)
            children: list[Json] = []
            if type(value) is dict:
                if not name:
                    found.append(value)
                elif name != _EVERY:
                    _add(found, value.get(name, MISSING))
                self._add_all(children, value.values())
                if name == _EVERY:
                    found.extend(children)
            elif type(value) is list:
                self._add_all(children, value)
            elif not name:
                _add(found, value)
            self._run.check_items(len(found))
            pending.extend(reversed(children))
        return found

    def _add_all(self, results: list[Json], values: Iterable[Json]) -> None:
        before = len(results)
        for value in values:
            _add(results, value)
        self._run.spend(len(results) - before >> 2)

    def _item(self, position: Json, values: list[Json]) -> list[Json]:
        if is_less(self._run, position, 0):
            position = add(self._run, len(values), position)
        value = _member(values, text_of(self._run, position))
        return [] if value is None or value is MISSING else [value]

    def _position(self, position: Expr | None, values: list[Json], default: int, length: int) -> int:
        if position is None:
            return default
        at = number_of(self._run, self._value(position, values))
        at = 0 if math.isnan(at) else max(-length, min(at, length))
        return max(0, int(at) + length) if at <= -1 else int(at)

    def _value(self, tree: Expr, here: Json) -> Json:
        self._run.spend(1)
        match tree:
            case Literal(value):
                return value
            case Path():
                return self.find(tree, here)
            case Comparison():
                return self._comparison_holds(tree, here)
            case Logic(operator, operands):
                is_decided = operator == "||"
                for operand in operands:
                    if self._holds(operand, here) is is_decided:
                        return is_decided
                return not is_decided
            case Arithmetic(first, links):
                value = self._single(self._value(first, here))
                for symbol, operand in links:
                    value = compute(self._run, symbol, value, self._single(self._value(operand, here)))
                return value
            case Unary("!", operand):
                return not self._holds(operand, here)
            case _:
                return -number_of(self._run, self._single(self._value(tree.operand, here)))

    def _single(self, value: Json) -> Json:
        """Returns the first value of a list, and other values as they are."""
        if type(value) is not list:
            return value
        return value[0] if value else MISSING

    def _holds(self, condition: Expr, here: Json) -> bool:
        value = self._value(condition, here)
        return len(value) > 0 if type(value) is list else is_truthy(value)

    def _comparison_holds(self, tree: Comparison, here: Json) -> bool:
        left, right = self._value(tree.left, here), self._value(tree.right, here)
        lefts, rights = _several(left), _several(right)
        compare = OPERATORS[tree.operator]
        one = left[0] if lefts is None and type(left) is list else left
        two = right[0] if rights is None and type(right) is list else right
        self._run.spend((1 if lefts is None else len(lefts)) * (1 if rights is None else len(rights)))
        if lefts is None and rights is None:
            return compare(self._run, one, two)
        return any(
            compare(self._run, each, other)
            for each in ([one] if lefts is None else lefts)
            for other in ([two] if rights is None else rights)
        )


def _several(value: Json) -> list[Json] | None:
    """Returns the values of a list unless it has exactly one; None for any other value."""
    return value if type(value) is list and len(value) != 1 else None


def _add(results: list[Json], value: Json) -> None:
    """Adds a value, or the items of a list, unless it is missing."""
    if type(value) is list:
        results.extend(value)
    elif value is not MISSING:
        results.append(value)


def _member(value: Json, name: str) -> Json:
    """Returns the member of a name; texts and lists have positions and a length."""
    if type(value) is dict:
        return value.get(name, MISSING)
    if type(value) is list or type(value) is str:
        if name == "length":
            return len(value)
        if _INDEX.fullmatch(name) and int(name) < len(value):
            return value[int(name)]
    return MISSING
