"""The shapes of the results of operators, and the operands that they accept."""

from collections.abc import Iterator
from typing import Final

from looply.expressions.shapes.shape import (
    KINDS,
    LIST,
    NEVER,
    NULL,
    NUMBER,
    NUMERIC,
    TEXT,
    TEXTUAL,
    WHOLE,
    Shape,
    union,
    union_of,
)

_BITS: Final = tuple(KINDS.values())
_KEEPS_WHOLE: Final = frozenset({"-", "*", "%", "/"})


def arithmetic_shape(symbol: str, left: Shape, right: Shape) -> Shape:
    """Returns the result of an arithmetic operator; NEVER when it fails on all values of the shapes."""
    if symbol == "+":
        return _sum(left, right)
    if not (left.kinds & NUMBER and right.kinds & NUMBER):
        return NEVER
    return WHOLE if left.is_whole and right.is_whole and symbol in _KEEPS_WHOLE else NUMERIC


def _sum(left: Shape, right: Shape) -> Shape:
    made = NEVER
    if left.kinds & NUMBER and right.kinds & NUMBER:
        made = WHOLE if left.is_whole and right.is_whole else NUMERIC
    takes_text = any(_makes_text(one, two) for one, two in _pairs(left, right))
    return union(made, TEXTUAL) if takes_text else made


def _makes_text(one: int, two: int) -> bool:
    """Returns whether the sum of two kinds is a text: null is an empty one, unless the other is a number."""
    if (one | two) & ~(NUMBER | TEXT | NULL):
        return False
    return not (one | two) & NUMBER or bool((one | two) & TEXT)


def _pairs(left: Shape, right: Shape) -> Iterator[tuple[int, int]]:
    return ((one, two) for one in _BITS if left.kinds & one for two in _BITS if right.kinds & two)


def can_be_ordered(left: Shape, right: Shape) -> bool:
    """Returns whether any values of the shapes have an order: two numbers, or two texts."""
    return bool(left.kinds & right.kinds & (NUMBER | TEXT))


def can_be_equal(left: Shape, right: Shape) -> bool:
    """Returns whether any values of the shapes can be equal, by their kinds and listed texts."""
    shared = left.kinds & right.kinds
    if shared == TEXT and left.texts is not None and right.texts is not None:
        return bool(left.texts & right.texts)
    return bool(shared)


def concatenation_shape(shapes: tuple[Shape, ...]) -> Shape:
    """Returns the result of `a & b & ...`: lists together are a list, anything else is a text."""
    if len(shapes) == 1:
        return shapes[0]
    if not any(shape.kinds & LIST for shape in shapes):
        may_be_null = all(shape.kinds & NULL for shape in shapes)
        return TEXTUAL.or_null() if may_be_null else TEXTUAL
    if all(shape.kinds == LIST for shape in shapes):
        return union_of(shapes)
    return Shape(LIST | TEXT | NULL)
