"""The values of XPath and their conversions, with the rules of Microsoft's package.

A value is a truth value, a number (always a float), a text, or a list of nodes without repetition, in any order.
"""

import math
import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeAlias

from looply.expressions.queries.xpath.tree import Kind, Node
from looply.expressions.values.evaluation import Run
from looply.expressions.values.javascript import SPACES, float_text

Value: TypeAlias = bool | float | str | list[Node]

_STRICT = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)")
_LOOSE = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_TEXTS = frozenset({Kind.TEXT, Kind.CDATA})

Comparison = Callable[[float, float], bool]
COMPARISONS: Mapping[str, Comparison] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def text_of_node(run: Run, nodes: list[Node], node: Node) -> str:
    """Returns the text of a node; for a container, all text within. `nodes` is the document."""
    if node.kind is not Kind.DOCUMENT and node.kind is not Kind.ELEMENT:
        return node.value
    inner = nodes[node.position + 1 : node.end]
    run.spend(1 + (len(inner) >> 2))
    made = "".join(each.value for each in inner if each.kind in _TEXTS)
    run.spend(len(made) >> 6)
    return made


def first_of(run: Run, nodes: list[Node]) -> Node | None:
    """Returns the node that is first in the document; None for no nodes."""
    run.spend(len(nodes) >> 2)
    return min(nodes, key=lambda node: node.key) if nodes else None


def strict_number(text: str) -> float:
    """Returns the number that XPath reads in a text, NaN when it reads none."""
    digits = text.strip(SPACES)
    return float(digits) if _STRICT.fullmatch(digits) else math.nan


def loose_number(text: str) -> float:
    """Returns the number that ECMAScript reads in a decimal text, 0 of an empty one."""
    digits = text.strip(SPACES)
    return float(digits or "0") if not digits or _LOOSE.fullmatch(digits) else math.nan


class Conversion:
    """Converts values; `nodes` is the document, in order."""

    def __init__(self, run: Run, nodes: list[Node]) -> None:
        self.run = run
        self.nodes = nodes

    def text(self, value: Value) -> str:
        """Returns the text of a value; of nodes, that of the first."""
        if isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, list):
            node = first_of(self.run, value)
            return "" if node is None else self.text_of(node)
        return _number_text(value)

    def text_of(self, node: Node) -> str:
        """Returns the text of a node."""
        return text_of_node(self.run, self.nodes, node)

    def number(self, value: Value) -> float:
        """Returns the number of a value; an empty node is 0, an empty text NaN."""
        if isinstance(value, str):
            return strict_number(value)
        if isinstance(value, list):
            return loose_number(self.text(value))
        return float(value)

    def holds(self, value: Value) -> bool:
        """Returns the truth of a value."""
        if isinstance(value, list | str):
            return len(value) > 0
        return value != 0 and not math.isnan(value)

    def compare(self, symbol: str, left: Value, right: Value) -> bool:
        """Returns whether a comparison holds; with nodes, whether it holds for any of them."""
        if isinstance(left, list):
            return self._compare_nodes(symbol, left, right)
        if symbol not in _TURNED:
            if isinstance(right, list):
                return self._compare_nodes(symbol, right, left)
            return self._same(left, right) is (symbol == "=")
        number = self.number(left)
        if isinstance(right, list):
            return self._compare_nodes(_TURNED[symbol], right, number)
        return COMPARISONS[symbol](number, self.number(right))

    def _same(self, left: bool | float | str, right: bool | float | str) -> bool:
        if isinstance(left, bool) or isinstance(right, bool):
            return self.holds(left) is self.holds(right)
        if isinstance(left, str) and isinstance(right, str):
            self.run.spend(len(left) >> 6)
            return left == right
        return self.number(left) == self.number(right)

    def _compare_nodes(self, symbol: str, nodes: list[Node], other: Value) -> bool:
        if isinstance(other, bool):
            return self.compare(symbol, bool(nodes), other)
        if isinstance(other, list):
            texts = [self.text_of(node) for node in other]
            return any(self._any_text(symbol, nodes, text) for text in texts)
        if isinstance(other, str):
            return self._any_text(symbol, nodes, other)
        comparison = COMPARISONS[symbol]
        return any(comparison(strict_number(self.text_of(node)), other) for node in nodes)

    def _any_text(self, symbol: str, nodes: list[Node], text: str) -> bool:
        for node in nodes:
            self.run.spend(2 + (len(text) >> 6))
            if self.compare(symbol, self.text_of(node), text):
                return True
        return False


def _number_text(value: float) -> str:
    shown = float_text(value)
    return format(Decimal(shown), "f") if "e" in shown else shown
