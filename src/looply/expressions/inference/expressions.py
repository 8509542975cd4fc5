"""Infers the shape of an expression's value from the shapes of its inputs, and reports findings.

Sound: whenever the expression has a value for inputs of those shapes, the value has the inferred shape; and an
expression with a finding that is an error fails for all of them. A whole path without a value is null, as in templates.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from looply.expressions.functions.declaring.declaration import Function
from looply.expressions.functions.table import FUNCTIONS
from looply.expressions.inference.findings import Finding, FindingCollector
from looply.expressions.inference.operators import (
    COMPARISONS,
    chain_shape,
    choice_shape,
    comparison_shape,
    condition_shape,
    note_text_number,
    note_text_numbers,
    unary_shape,
)
from looply.expressions.inference.paths import path_shape
from looply.expressions.inference.visible import Visible, visible_in_step
from looply.expressions.parsing.lexer import Lexer
from looply.expressions.parsing.parser import parse
from looply.expressions.parsing.syntax import (
    Access,
    Call,
    Chain,
    Conditional,
    Constant,
    Interpolation,
    ListOf,
    Name,
    Node,
    ObjectOf,
    Unary,
)
from looply.expressions.shapes.results import acceptable_kinds, result_of
from looply.expressions.shapes.shape import (
    ANY,
    LIST,
    NEVER,
    NULL,
    NUMBER,
    OBJECT,
    TEXT,
    TEXTUAL,
    TRUTH,
    Field,
    Shape,
    kinds_text,
    list_of,
    object_of,
    shape_of_scalar,
    union,
    union_of,
)
from looply.expressions.shapes.steps import items, loop_variable
from looply.limits import DEFAULT_LIMITS, Limits

_LENIENT: Final = frozenset({"exists", "empty", "contains", "bool", "not"})
"""Functions that return false for an argument that cannot be evaluated."""
_OF_LISTS: Final = frozenset({"sum", "average", "max", "min"})
"""Functions that compute with the numbers in a list."""
_CONDITIONS: Final = {"and": "&&", "or": "||"}
OWN_RULES: Final = frozenset({*_LENIENT, *_CONDITIONS, *COMPARISONS, "if", "setPathToValue"})
"""Functions that do not need the values of all their arguments; all others fail when one of them fails."""
_UNITS = 200_000


class Budget:
    """The work that the inference may take. Beyond it every value may be anything, and no more findings are made."""

    def __init__(self, units: int = _UNITS) -> None:
        self.left = units


@dataclass(frozen=True, slots=True)
class InferenceResult:
    """The shape of a value, and the findings about the expression, in the order of the source."""

    shape: Shape
    findings: tuple[Finding, ...]


def infer(tree: Node, visible: Visible, source: str = "", budget: Budget | None = None) -> InferenceResult:
    """Returns the shape of an expression's value, and the findings. Never raises."""
    walk = _Walk(FindingCollector(source, visible.outcome), budget or Budget())
    shape = walk.whole(tree, visible)
    return InferenceResult(shape, walk.notes.result(shape))


def infer_expression(source: str, document: Shape, limits: Limits = DEFAULT_LIMITS) -> InferenceResult:
    """Returns the shape and the findings of a source without `${}` around it, as an expression of a step's settings.

    Raises: ExpressionSyntaxError when it does not parse; the existence of functions is not checked.
    """
    return infer(parse(Lexer(source).tokenize(), source, limits), visible_in_step(document), source)


class _Walk:
    def __init__(self, notes: FindingCollector, budget: Budget) -> None:
        self.notes = notes
        self._budget = budget

    def whole(self, tree: Node, visible: Visible) -> Shape:
        """Returns the shape of a whole expression."""
        return path_shape(self, tree, visible, is_whole=True) if isinstance(tree, Access) else self.shape(tree, visible)

    def shape(self, node: Node, visible: Visible) -> Shape:
        """Returns the shape of a node; NEVER for one that always fails."""
        if self._budget.left <= 0:
            return ANY
        made = self._shape(node, visible)
        self._budget.left -= 1 + (made.weight >> 4)
        return made

    def shapes(self, nodes: Iterable[Node], visible: Visible) -> tuple[Shape, ...]:
        """Returns the shapes of nodes that are all evaluated."""
        return tuple(self.shape(node, visible) for node in nodes)

    def shape_if_evaluated(self, node: Node, visible: Visible) -> Shape:
        """Returns the shape of a node that may not be evaluated, or whose failure is handled: errors are warnings."""
        before = len(self.notes.found)
        shape = self.shape(node, visible)
        self.notes.downgrade_errors(before)
        return shape

    def _shape(self, node: Node, visible: Visible) -> Shape:
        match node:
            case Constant(value):
                return Shape(TEXT, frozenset({value})) if isinstance(value, str) else shape_of_scalar(value)
            case Name() | Access():
                return path_shape(self, node, visible)
            case Call():
                return self._call(node, visible)
            case Unary():
                return unary_shape(self, node, visible)
            case Chain():
                return chain_shape(self, node, visible)
            case Conditional(first, choices):
                return choice_shape(self, first, choices, visible)
            case Interpolation(pieces):
                return self._list_shape((piece for piece in pieces if not isinstance(piece, str)), visible, TEXTUAL)
            case ListOf(items):
                return self._list_shape(items, visible, None)
            case ObjectOf(members):  # pragma: no branch  # the type checker knows that there is no other
                shapes = self.shapes((member for _, member in members), visible)
                named = zip((name for name, _ in members), shapes, strict=True)
                return object_of({name: Field(shape) for name, shape in named}) if _all_possible(shapes) else NEVER

    def _list_shape(self, nodes: Iterable[Node], visible: Visible, shape: Shape | None) -> Shape:
        """Returns the shape of a node that needs the values of all `nodes`: a list of them, unless `shape` is given."""
        shapes = self.shapes(nodes, visible)
        if not _all_possible(shapes):
            return NEVER
        return shape if shape is not None else list_of(union_of(shapes))

    def _call(self, node: Call, visible: Visible) -> Shape:
        function, given = FUNCTIONS.get(node.name), node.arguments
        if function is None or not _has_count(function, len(given)):
            self._visit_optional(given, visible)
            return ANY
        if node.name in COMPARISONS:
            return comparison_shape(self, COMPARISONS[node.name], given[0], given[1], visible)
        if node.name in _CONDITIONS:
            return condition_shape(self, _CONDITIONS[node.name], given, visible)
        if node.name == "if":
            return choice_shape(self, given[0], ((given[1], given[2]),), visible)
        if function.build_loop is not None:
            return self._loop(function, node, visible)
        if node.name == "setPathToValue":
            self.shape_if_evaluated(given[0], visible)
            return self.shape(given[1], visible)
        if node.name in _LENIENT:
            self._visit_optional(given, visible)
            return TRUTH
        return self._call_shape(function, node, visible)

    def _visit_optional(self, nodes: Iterable[Node], visible: Visible) -> None:
        for node in nodes:
            self.shape_if_evaluated(node, visible)

    def _call_shape(self, function: Function, node: Call, visible: Visible) -> Shape:
        shapes = self.shapes(node.arguments, visible)
        if not _all_possible(shapes):
            return NEVER
        is_fitting = True
        for index, shape in enumerate(shapes):
            is_fitting &= self._accepts(function, index, node.arguments[index], shape)
        if function.name == "add":
            operands = list(zip(node.arguments, shapes, strict=True))
            for left, right in pairwise(operands):
                note_text_numbers(self, "+", left, right)
        made = result_of(function, shapes) if is_fitting else NEVER
        if is_fitting and not made.kinds:
            self.notes.add_failing(node, f"{function.name}() fails for all that its arguments can be")
        return made

    def _accepts(self, function: Function, index: int, node: Node, shape: Shape) -> bool:
        """Returns whether a function may accept the argument; adds findings for kinds that it does not accept."""
        argument = function.argument(index)
        kinds = acceptable_kinds(function, argument)
        if not shape.kinds & kinds:
            expected, found = kinds_text(kinds), kinds_text(shape.kinds)
            self.notes.add_failing(node, f"{function.name}() expects {expected} as `{argument.name}`, found {found}")
            return False
        if shape.is_doubtful and not kinds & NULL:
            self.notes.add_missing(node, f"{function.name}()")
        number = items(shape) if function.name in _OF_LISTS and shape.kinds & LIST else shape
        if number.may_be_text_number and (number is not shape or (kinds & NUMBER and not kinds & TEXT)):
            note_text_number(self, node, number, f"{function.name}() fails")
        return True

    def _loop(self, function: Function, node: Call, visible: Visible) -> Shape:
        collection, variable, body = node.arguments
        found = self.shape(collection, visible)
        if not found.kinds or not isinstance(variable, Name) or not self._accepts(function, 0, collection, found):
            return NEVER if isinstance(variable, Name) else ANY
        made = self.shape_if_evaluated(body, visible.with_variable(variable.name, loop_variable(found)))
        if function.name in {"foreach", "select"}:
            return list_of(made)
        if function.name != "where":
            return TRUTH
        kept = Shape(LIST, item=found.item) if found.kinds & LIST else NEVER
        return union(kept, Shape(OBJECT) if found.kinds & OBJECT else NEVER)


def _all_possible(shapes: tuple[Shape, ...]) -> bool:
    return all(shape.kinds for shape in shapes)


def _has_count(function: Function, count: int) -> bool:
    return count >= function.min_arguments and (function.max_arguments is None or count <= function.max_arguments)
