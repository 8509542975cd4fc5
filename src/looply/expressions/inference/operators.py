"""The shape of what operators and conditions give, and operands that do not fit them."""

from collections.abc import Mapping
from typing import Final

from looply.expressions.inference.findings import quoted, written
from looply.expressions.inference.guards import facts, path_of
from looply.expressions.inference.visible import Inferring, Visible
from looply.expressions.parsing.syntax import Access, Chain, Constant, Name, Node, Unary
from looply.expressions.shapes.operators import can_be_equal, can_be_ordered, concatenated, operated
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
    kinds_shown,
    shape_of_scalar,
    union,
)
from looply.suggest import did_you_mean

COMPARISONS: Final[Mapping[str, str]] = {
    "equals": "==",
    "less": "<",
    "lessOrEquals": "<=",
    "greater": ">",
    "greaterOrEquals": ">=",
}
"""The functions that compare as an operator does."""
_EQUALITIES: Final = frozenset({"==", "!=", "<>"})
_ORDER: Final = frozenset({"<", "<=", ">", ">="})


def unary_shape(walk: Inferring, node: Unary, visible: Visible) -> Shape:
    """Returns the shape of an operand with an operator before it; a sign takes it from 0, or adds it."""
    if node.operator == "!":
        walk.aside(node.operand, visible)
        return TRUTH
    if node.operator == "-" and isinstance(node.operand, Constant):
        return shape_of_scalar(node.operand.value)
    shape = walk.shape(node.operand, visible)
    return _operation(walk, node.operator, (node, WHOLE), (node.operand, shape)) if shape.kinds else NEVER


def chain_shape(walk: Inferring, node: Chain, visible: Visible) -> Shape:
    """Returns the shape of operands between operators of one rank."""
    symbol = node.links[0].operator
    operands = (node.first, *(link.operand for link in node.links))
    if symbol in {"&&", "||"}:
        return condition_shape(walk, symbol, operands, visible)
    if symbol in _EQUALITIES | _ORDER:
        if len(operands) == 2:
            return comparison_shape(walk, symbol, *operands, visible)
        for operand in operands:
            walk.aside(operand, visible)
        return TRUTH
    shapes = walk.shapes(operands, visible)
    if not all(shape.kinds for shape in shapes):
        return NEVER
    if symbol in {"??", "&"}:
        return first_present(shapes) if symbol == "??" else concatenated(shapes)
    made, before = shapes[0], node.first
    for link, shape in zip(node.links, shapes[1:], strict=True):
        made = _operation(walk, link.operator, (before, made), (link.operand, shape))
        before = link.operand if made.kinds else before
        if not made.kinds:
            return NEVER
    return made


def _operation(walk: Inferring, symbol: str, left: tuple[Node, Shape], right: tuple[Node, Shape]) -> Shape:
    made = operated(symbol, left[1], right[1])
    if not made.kinds:
        wrong, shape = left if not operated(symbol, left[1], WHOLE).kinds else right
        wanted = "numbers or texts" if symbol == "+" else "numbers"
        walk.notes.failing(wrong, f"`{symbol}` expects {wanted}, found {kinds_shown(shape.kinds)}")
    if made.kinds:
        note_text_numbers(walk, symbol, left, right)
    for (node, shape), (_, other) in ((left, right), (right, left)):
        if made.kinds and shape.is_doubtful and not operated(symbol, NOTHING, other).kinds:
            walk.notes.missing(node, f"`{symbol}`")
    return made


def condition_shape(walk: Inferring, symbol: str, operands: tuple[Node, ...], visible: Visible) -> Shape:
    """Returns the shape of operands between `&&` or `||`; each is evaluated knowing what those before it tell."""
    for operand in operands:
        walk.aside(operand, visible)
        visible = visible.knowing(facts(operand, holds=symbol == "&&"))
    # What cannot be evaluated is null to `||`, and so is its value when that stands last.
    return TRUTH if symbol == "&&" else TRUTH.or_null()


def choice_shape(walk: Inferring, first: Node, choices: tuple[tuple[Node, Node], ...], visible: Visible) -> Shape:
    """Returns the shape of `first ? yes : no`, and of `if(first, yes, no)`."""
    made = walk.aside(first, visible)
    known = first if len(choices) == 1 else None
    for yes, no in choices:
        made = union(
            walk.aside(yes, visible.knowing(facts(known, holds=True)) if known is not None else visible),
            walk.aside(no, visible.knowing(facts(known, holds=False)) if known is not None else visible),
        )
    return made


def comparison_shape(walk: Inferring, symbol: str, left: Node, right: Node, visible: Visible) -> Shape:
    """Returns the shape of a comparison. It is false for operands that cannot be evaluated, and fails without order."""
    one, two = walk.aside(left, visible), walk.aside(right, visible)
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
        f"`{symbol}` compares two numbers or two texts, not {kinds_shown(sure.kinds)} with {kinds_shown(other.kinds)}"
    )
    mend = _as_number(left, sure, other) or _as_number(right, other, sure)
    if not (one.kinds | two.kinds) & NULL and _is_total(left) and _is_total(right):
        walk.notes.failing(left, message, mend)
        return NEVER
    walk.notes.wrong(left, message, mend)
    return TRUTH


def note_text_numbers(walk: Inferring, symbol: str, left: tuple[Node, Shape], right: tuple[Node, Shape]) -> None:
    """Records operands that are or may be texts where numbers are probably meant.

    Nothing is recorded of a value of which nothing is known, nor of two texts, which have an order of their own.
    """
    for (node, shape), (_, other) in ((left, right), (right, left)):
        is_number_beside = other.kinds & ~NULL == NUMBER
        if shape.may_be_text_number and (is_number_beside if symbol in _EQUALITIES else other.kinds & ~NULL != TEXT):
            outcome = _OUTCOMES.get(symbol, _FAILS if symbol not in _ORDER else _BY_CHARACTER)
            note_text_number(walk, node, shape, f"`{symbol}` {outcome}")
        elif symbol == "+" and shape.kinds & ~NULL == TEXT and is_number_beside and path_of(node):
            message = f"{quoted(node)} is a text, so `+` puts the number beside it"
            walk.notes.wrong(node, message, f"write float({written(node)}) to add, concat(...) to put together")


def note_text_number(walk: Inferring, node: Node, shape: Shape, outcome: str) -> None:
    """Records that a value may be a number that is written as a text, and what comes of that."""
    message = f"{quoted(node)} may be a text ({shape.text_numbers}), and then {outcome}"
    walk.notes.wrong(node, message, f"write float({written(node)})" if path_of(node) else "")


_FAILS: Final = "fails"
_BY_CHARACTER: Final = "compares character by character or fails"
_OUTCOMES: Final[Mapping[str, str]] = {
    "+": "puts texts together",
    "==": "is false for every number",
    "!=": "is true for every number",
    "<>": "is true for every number",
}


def _as_number(node: Node, shape: Shape, other: Shape) -> str:
    return f"write float({written(node)})" if shape.kinds == TEXT and other.kinds == NUMBER and path_of(node) else ""


def _is_total(node: Node) -> bool:
    """Tells whether evaluating a node cannot fail: then only the comparison can."""
    is_plain = isinstance(node, Name) or (
        isinstance(node, Access) and all(isinstance(each, str) for each in node.steps)
    )
    return isinstance(node, Constant) or (is_plain and path_of(node) is not None)


def _note_unequal(walk: Inferring, symbol: str, left: tuple[Node, Shape], right: tuple[Node, Shape]) -> None:
    always = "false" if symbol == "==" else "true"
    (node, shape), (constant, value) = (right, left) if isinstance(left[0], Constant) else (left, right)
    if shape.kinds == value.kinds == TEXT and shape.texts is not None and isinstance(constant, Constant):
        message = f"{quoted(node)} is never {constant.value!r}, so this is always {always}"
        walk.notes.wrong(constant, message, did_you_mean(str(constant.value), shape.texts))
        return
    message = (
        f"{kinds_shown(left[1].kinds)} is never equal to {kinds_shown(right[1].kinds)}, so this is always {always}"
    )
    walk.notes.wrong(left[0], message)
