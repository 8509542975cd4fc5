"""The shapes of the results of operators and conditions, and findings about their operands."""

from collections.abc import Mapping
from typing import Final

from looply.errors import did_you_mean
from looply.expressions.inference.findings import path_text, quote
from looply.expressions.inference.guards import non_null_paths, path_of
from looply.expressions.inference.visible import ShapeInference, Visible
from looply.expressions.parsing.syntax import Access, Chain, Constant, Name, Node, Unary
from looply.expressions.shapes.operators import arithmetic_shape, can_be_equal, can_be_ordered, concatenation_shape
from looply.expressions.shapes.results import first_present
from looply.expressions.shapes.shape import (
    NEVER,
    NOTHING,
    NULL,
    NUMBER,
    TEXT,
    TRUTH,
    WHOLE,
    Shape,
    kinds_text,
    shape_of_scalar,
    union,
)

COMPARISONS: Final[Mapping[str, str]] = {
    "equals": "==",
    "less": "<",
    "lessOrEquals": "<=",
    "greater": ">",
    "greaterOrEquals": ">=",
}
"""The functions that compare like an operator."""
_EQUALITIES: Final = frozenset({"==", "!=", "<>"})
_ORDER: Final = frozenset({"<", "<=", ">", ">="})


def unary_shape(walk: ShapeInference, node: Unary, visible: Visible) -> Shape:
    """Returns the shape of an operand with an operator before it; a sign subtracts it from 0, or adds it to 0."""
    if node.operator == "!":
        walk.shape_if_evaluated(node.operand, visible)
        return TRUTH
    if node.operator == "-" and isinstance(node.operand, Constant):
        return shape_of_scalar(node.operand.value)
    shape = walk.shape(node.operand, visible)
    return _operation(walk, node.operator, (node, WHOLE), (node.operand, shape)) if shape.kinds else NEVER


def chain_shape(walk: ShapeInference, node: Chain, visible: Visible) -> Shape:
    """Returns the shape of operands between operators of one rank."""
    symbol = node.links[0].operator
    operands = (node.first, *(link.operand for link in node.links))
    if symbol in {"&&", "||"}:
        return condition_shape(walk, symbol, operands, visible)
    if symbol in _EQUALITIES | _ORDER:
        if len(operands) == 2:
            return comparison_shape(walk, symbol, *operands, visible)
        for operand in operands:
            walk.shape_if_evaluated(operand, visible)
        return TRUTH
    shapes = walk.shapes(operands, visible)
    if not all(shape.kinds for shape in shapes):
        return NEVER
    if symbol in {"??", "&"}:
        return first_present(shapes) if symbol == "??" else concatenation_shape(shapes)
    made, before = shapes[0], node.first
    for link, shape in zip(node.links, shapes[1:], strict=True):
        made = _operation(walk, link.operator, (before, made), (link.operand, shape))
        before = link.operand if made.kinds else before
        if not made.kinds:
            return NEVER
    return made


def _operation(walk: ShapeInference, symbol: str, left: tuple[Node, Shape], right: tuple[Node, Shape]) -> Shape:
    made = arithmetic_shape(symbol, left[1], right[1])
    if not made.kinds:
        wrong, shape = left if not arithmetic_shape(symbol, left[1], WHOLE).kinds else right
        expected = "numbers or texts" if symbol == "+" else "numbers"
        walk.notes.add_failing(wrong, f"`{symbol}` expects {expected}, found {kinds_text(shape.kinds)}")
    if made.kinds:
        note_text_numbers(walk, symbol, left, right)
    for (node, shape), (_, other) in ((left, right), (right, left)):
        if made.kinds and shape.is_doubtful and not arithmetic_shape(symbol, NOTHING, other).kinds:
            walk.notes.add_missing(node, f"`{symbol}`")
    return made


def condition_shape(walk: ShapeInference, symbol: str, operands: tuple[Node, ...], visible: Visible) -> Shape:
    """Returns the shape of operands of `&&` or `||`; each is analyzed with the facts that those before it imply."""
    for operand in operands:
        walk.shape_if_evaluated(operand, visible)
        visible = visible.with_non_null(non_null_paths(operand, holds=symbol == "&&"))
    # For `||`, an operand that cannot be evaluated is null, and so is the result when it is the last one.
    return TRUTH if symbol == "&&" else TRUTH.or_null()


def choice_shape(walk: ShapeInference, first: Node, choices: tuple[tuple[Node, Node], ...], visible: Visible) -> Shape:
    """Returns the shape of `first ? yes : no`, and of `if(first, yes, no)`."""
    made = walk.shape_if_evaluated(first, visible)
    known = first if len(choices) == 1 else None
    for yes, no in choices:
        made = union(
            walk.shape_if_evaluated(
                yes, visible.with_non_null(non_null_paths(known, holds=True)) if known is not None else visible
            ),
            walk.shape_if_evaluated(
                no, visible.with_non_null(non_null_paths(known, holds=False)) if known is not None else visible
            ),
        )
    return made


def comparison_shape(walk: ShapeInference, symbol: str, left: Node, right: Node, visible: Visible) -> Shape:
    """Returns the shape of a comparison. It is false for operands that cannot be evaluated, and fails without order."""
    one, two = walk.shape_if_evaluated(left, visible), walk.shape_if_evaluated(right, visible)
    sure, other = one.without(NULL), two.without(NULL)
    if not (sure.kinds and other.kinds):
        return TRUTH
    if symbol in _EQUALITIES:
        if not can_be_equal(sure, other):
            _note_unequal(walk, symbol, (left, sure), (right, other))
        else:
            note_text_numbers(walk, symbol, (left, sure), (right, other))
        return TRUTH
    if can_be_ordered(sure, other):
        note_text_numbers(walk, symbol, (left, sure), (right, other))
        return TRUTH
    message = (
        f"`{symbol}` compares two numbers or two texts, not {kinds_text(sure.kinds)} with {kinds_text(other.kinds)}"
    )
    fix = _as_number(left, sure, other) or _as_number(right, other, sure)
    if not (one.kinds | two.kinds) & NULL and _is_total(left) and _is_total(right):
        walk.notes.add_failing(left, message, fix)
        return NEVER
    walk.notes.add_wrong(left, message, fix)
    return TRUTH


def note_text_numbers(walk: ShapeInference, symbol: str, left: tuple[Node, Shape], right: tuple[Node, Shape]) -> None:
    """Records operands that are or may be texts where numbers are probably intended.

    Nothing is recorded for a value of unknown shape, nor for two texts, which have an order of their own.
    """
    for (node, shape), (_, other) in ((left, right), (right, left)):
        is_number_beside = other.kinds & ~NULL == NUMBER
        if shape.may_be_text_number and (is_number_beside if symbol in _EQUALITIES else other.kinds & ~NULL != TEXT):
            outcome = _OUTCOMES.get(symbol, _FAILS if symbol not in _ORDER else _BY_CHARACTER)
            note_text_number(walk, node, shape, f"`{symbol}` {outcome}")
        elif symbol == "+" and shape.kinds & ~NULL == TEXT and is_number_beside and path_of(node):
            message = f"{quote(node)} is a text, so `+` concatenates"
            walk.notes.add_wrong(node, message, f"write float({path_text(node)}) to add, concat(...) to concatenate")


def note_text_number(walk: ShapeInference, node: Node, shape: Shape, outcome: str) -> None:
    """Records that a value may be a number that is written as a text, with the outcome of that."""
    message = f"{quote(node)} may be a text ({shape.text_numbers}), and then {outcome}"
    walk.notes.add_wrong(node, message, f"write float({path_text(node)})" if path_of(node) else "")


_FAILS: Final = "fails"
_BY_CHARACTER: Final = "compares character by character or fails"
_OUTCOMES: Final[Mapping[str, str]] = {
    "+": "concatenates texts",
    "==": "is false for every number",
    "!=": "is true for every number",
    "<>": "is true for every number",
}


def _as_number(node: Node, shape: Shape, other: Shape) -> str:
    return f"write float({path_text(node)})" if shape.kinds == TEXT and other.kinds == NUMBER and path_of(node) else ""


def _is_total(node: Node) -> bool:
    """Returns whether evaluating a node cannot fail, so that only the comparison can."""
    is_plain = isinstance(node, Name) or (
        isinstance(node, Access) and all(isinstance(each, str) for each in node.steps)
    )
    return isinstance(node, Constant) or (is_plain and path_of(node) is not None)


def _note_unequal(walk: ShapeInference, symbol: str, left: tuple[Node, Shape], right: tuple[Node, Shape]) -> None:
    always = "false" if symbol == "==" else "true"
    (node, shape), (constant, value) = (right, left) if isinstance(left[0], Constant) else (left, right)
    if shape.kinds == value.kinds == TEXT and shape.texts is not None and isinstance(constant, Constant):
        message = f"{quote(node)} is never {constant.value!r}, so this is always {always}"
        walk.notes.add_wrong(constant, message, did_you_mean(str(constant.value), shape.texts))
        return
    message = f"{kinds_text(left[1].kinds)} is never equal to {kinds_text(right[1].kinds)}, so this is always {always}"
    walk.notes.add_wrong(left[0], message)
