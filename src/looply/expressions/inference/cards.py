"""The names that are visible to the expressions of a card: each enclosing `$data` changes them."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from looply.expressions.compiling.expression import Expression
from looply.expressions.inference.expressions import Budget, infer
from looply.expressions.inference.findings import Finding, FindingKind
from looply.expressions.inference.visible import Visible, visible_in_card
from looply.expressions.shapes.shape import LIST, NULL, TEXTUAL, WHOLE, Shape, shape_of_value, union
from looply.expressions.shapes.steps import items
from looply.expressions.templating.cards import CardTemplate
from looply.expressions.templating.templates import escape_key
from looply.jsontext import Json


class CardExpression(NamedTuple):
    """An expression of a card, the JSON Pointer of its string, and the names that are visible there."""

    pointer: str
    expression: Expression
    visible: Visible


def card_expressions(card: CardTemplate, document: Shape, budget: Budget) -> Iterator[CardExpression]:
    """Returns the expressions of a card, in the order of the card. `document` is the shape of the data document."""
    by_pointer: dict[str, list[Expression]] = {}
    for pointer, expression in card.expressions:
        by_pointer.setdefault(pointer, []).append(expression)
    if by_pointer:
        yield from _Walk(document, by_pointer, budget).part(card.value, "", visible_in_card(document, document))


def findings_in_card(expression: Expression, visible: Visible, budget: Budget) -> tuple[Finding, ...]:
    """Returns the findings about an expression of a card.

    All are warnings, and values that may be missing are not reported: a path without a value gives its own text there,
    and so does an expression within a text that fails. A whole expression that fails is treated in the same way.
    """
    found = infer(expression.tree, visible, expression.source, budget).findings
    return tuple(finding.as_warning() for finding in found if finding.kind is not FindingKind.MISSING)


class _Walk:
    def __init__(self, document: Shape, by_pointer: Mapping[str, list[Expression]], budget: Budget) -> None:
        self._document = document
        self._by_pointer = by_pointer
        self._budget = budget

    def part(self, value: Json, pointer: str, visible: Visible) -> Iterator[CardExpression]:
        if isinstance(value, str):
            for expression in self._by_pointer.get(pointer, ()):
                yield CardExpression(pointer, expression, visible)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.part(item, f"{pointer}/{index}", visible)
        elif isinstance(value, dict):
            inner = visible
            if "$data" in value:
                yield from self.part(value["$data"], f"{pointer}/$data", visible)
                inner = self._data_view(value["$data"], f"{pointer}/$data", visible)
            for name, item in value.items():
                if name != "$data":
                    yield from self.part(item, f"{pointer}/{escape_key(name)}", inner)

    def _data_view(self, value: Json, pointer: str, visible: Visible) -> Visible:
        """Returns the names visible below a `$data`; for a list, those of any of its items."""
        chosen = self._data_shape(value, pointer, visible).without(NULL)
        if not chosen.kinds & LIST:
            return visible_in_card(self._document, chosen, visible.variables["$index"])
        return visible_in_card(self._document, union(items(chosen), chosen.without(LIST)), WHOLE)

    def _data_shape(self, value: Json, pointer: str, visible: Visible) -> Shape:
        if not isinstance(value, str):
            return shape_of_value(value)
        found = self._by_pointer.get(pointer, [])
        is_whole = len(found) == 1 and _is_all_of(value, found[0])
        return infer(found[0].tree, visible, budget=self._budget).shape if is_whole else TEXTUAL


def _is_all_of(text: str, expression: Expression) -> bool:
    """Returns whether a text is one `${...}`. The source is stripped of white space, then of a leading `=`."""
    return text[2:-1].strip().removeprefix("=") == expression.source
