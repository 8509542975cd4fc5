"""Static analysis of the expressions of a card: the names that the enclosing `$data` makes visible."""

from typing import Any

import pytest
from order_shape import DOCUMENT

from looply.expressions import (
    parse_card,
)
from looply.expressions.inference.cards import card_expressions
from looply.expressions.inference.expressions import Budget, infer

CARD: dict[str, Any] = {
    "type": "AdaptiveCard",
    "body": [
        {"type": "TextBlock", "text": "${order.amuont} of ${order.number}"},
        {"$data": "${order.lines}", "$when": "${price > 1}", "text": "${txt}: ${$index + 1}, ${$root.order.number}"},
        {"$data": {"x": 1}, "text": "${y} ${$data.x}"},
        {"$data": "no expression", "text": "${y}"},
        {"$data": "${order.number} and more", "text": "${y}"},
        {"text": "constant", "n": 5, "host": "${$host.name}"},
    ],
}


def test_the_expressions_of_a_card_see_the_value_of_the_enclosing_data() -> None:
    seen = {}
    for pointer, expression, visible in card_expressions(parse_card(CARD), DOCUMENT, Budget()):
        inferred = infer(expression.tree, visible, expression.source)
        seen[pointer, expression.source] = (str(inferred.shape), [finding.message for finding in inferred.findings])
    shown = ": the card shows its source text"
    assert seen["/body/0/text", "order.amuont"] == ("null", [f"`order` has no 'amuont'{shown}"])
    assert seen["/body/0/text", "order.number"] == ("text", [])
    assert seen["/body/1/$data", "order.lines"] == ("list of object", [])
    assert seen["/body/1/$when", "price > 1"] == ("boolean", [])
    assert seen["/body/1/text", "txt"][1] == ["there is no 'txt'"]
    assert seen["/body/1/text", "$index + 1"] == ("whole number", [])
    assert seen["/body/1/text", "$root.order.number"] == ("text", [])
    assert seen["/body/2/text", "y"][1] == [f"there is no 'y'{shown}"]
    assert seen["/body/2/text", "$data.x"] == ("whole number", [])
    assert seen["/body/3/text", "y"] == ("null", [])
    assert seen["/body/4/text", "y"] == ("null", [])
    assert seen["/body/5/host", "$host.name"] == ("any", [])
    assert len(seen) == len(parse_card(CARD).expressions)


@pytest.mark.parametrize("data", ["${order.lines}", "${ order.lines }", "${=order.lines}"])
def test_a_whole_expression_chooses_the_data_however_it_is_spaced(data: str) -> None:
    card = parse_card({"$data": data, "text": "${price + 1}"})
    _, (_, expression, visible) = card_expressions(card, DOCUMENT, Budget())
    assert infer(expression.tree, visible, expression.source).findings == ()


@pytest.mark.parametrize("data", [" ${order.lines}", "${order.lines} ", "${order.lines}}"])
def test_a_text_around_an_expression_chooses_a_text(data: str) -> None:
    _, (_, _, visible) = card_expressions(parse_card({"$data": data, "text": "${$data}"}), DOCUMENT, Budget())
    assert str(visible.variables["$data"]) == "text"


def test_a_card_without_expressions_has_none() -> None:
    assert not list(card_expressions(parse_card({"type": "AdaptiveCard"}), DOCUMENT, Budget()))
