"""What the expressions of a card can see: each `$data` around them moves the view."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from looply.expressions.expression import Expression
from looply.expressions.inference.expressions import Budget, infer
from looply.expressions.inference.findings import Doubt, Finding
from looply.expressions.inference.visible import Visible, visible_in_card
from looply.expressions.shapes.shape import LIST, NULL, TEXTUAL, WHOLE, Shape, shape_of_value, union
from looply.expressions.shapes.steps import items
from looply.expressions.templating.cards import CardTemplate
from looply.expressions.templating.templates import escaped
from looply.jsontext import Json


class CardExpression(NamedTuple):
    """An expression of a card, the JSON Pointer of its string, and what it can see there."""

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
    """Returns what is doubtful about an expression of a card.

    None is an error, and nothing is said of what may be missing: a path that leads nowhere stands for its own text
    there, and so does an expression within a text that fails. A whole one that fails is not told apart.
    """
    found = infer(expression.tree, visible, expression.source, budget).findings
    return tuple(finding.warned() for finding in found if finding.doubt is not Doubt.MISSING)


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
                inner = self._moved(value["$data"], f"{pointer}/$data", visible)
            for name, item in value.items():
                if name != "$data":
                    yield from self.part(item, f"{pointer}/{escaped(name)}", inner)

    def _moved(self, value: Json, pointer: str, visible: Visible) -> Visible:
        """Returns what can be seen below a `$data`; of a list, each of its items in turn."""
        chosen = self._chosen(value, pointer, visible).without(NULL)
        if not chosen.kinds & LIST:
            return visible_in_card(self._document, chosen, visible.variables["$index"])
        return visible_in_card(self._document, union(items(chosen), chosen.without(LIST)), WHOLE)

    def _chosen(self, value: Json, pointer: str, visible: Visible) -> Shape:
        if not isinstance(value, str):
            return shape_of_value(value)
        found = self._by_pointer.get(pointer, [])
        is_whole = len(found) == 1 and _is_all_of(value, found[0])
        return infer(found[0].tree, visible, budget=self._budget).shape if is_whole else TEXTUAL


def _is_all_of(text: str, expression: Expression) -> bool:
    """Tells whether a text is one `${...}`. The source has lost the white space around it, then a `=` before it."""
    return text[2:-1].strip().removeprefix("=") == expression.source
