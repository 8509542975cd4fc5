"""Limits of cards: the expansion of any card with any data ends quickly and stays small."""

import sys
import time

import pytest

from looply.expressions import ExpressionLimit, ExpressionSyntaxError, parse_card
from looply.limits import Limits

THOUSAND = [{"v": number} for number in range(1000)]


def limit_of(caught):
    return caught.value.limit


@pytest.mark.parametrize(
    ("card", "limit"),
    [
        # A list within a list within a list.
        (
            [{"$data": "${t}", "a": [{"$data": "${$root.t}", "b": [{"$data": "${$root.t}", "c": 1}]}]}],
            "expression_fuel",
        ),
        # Its result is empty, yet it takes work.
        ([{"$data": "${t}", "$when": "${x}", "a": [{"$data": "${$root.t}"}]}] * 200, "expression_fuel"),
        ([{"$data": "${t}", "a": [{"$data": "${$root.t}", "$when": "${v < 0}", "b": 1}]}], "expression_fuel"),
        # Long expressions are more work than short ones.
        ([{"$data": "${t}", "$when": f"${{{' + '.join(['v'] * 2000)} < 0}}"}], "expression_fuel"),
        # One list that is flattened repeatedly.
        ([{"$data": "${t}", "a": ["${$root.t}"] * 100}], "expression_fuel"),
        (["${t}"] * 150, "expression_items"),
        (["${big}", "${big}"], "expression_items"),
        # Texts that double.
        ([{"$data": "${range(0, 90)}", "a": "${$root.s}${$root.s}"}], "expression_fuel"),
        ("${s}${s}${s}", "expression_text_characters"),
        # A small card that expands to a large one, because its values are shared.
        ([{"$data": "${range(0, 9000)}", "a": "${$root.t}"}], "document_bytes"),
        ({f"k{number}": "${s}" for number in range(30)}, "document_bytes"),
    ],
)
def test_a_bomb_ends_with_a_limit(seen, card, limit):
    parsed = parse_card(card)
    started = time.process_time()
    with pytest.raises(ExpressionLimit) as caught:
        parsed.expand(seen({"t": THOUSAND, "s": "x" * 400_000, "big": [1] * 60_000}))
    assert limit_of(caught) == limit
    assert time.process_time() - started < 5


def test_a_card_of_many_rows_is_within_the_limits(seen):
    row = {"type": "ColumnSet", "columns": [{"type": "Column", "items": ["${v}", "${v} of ${$root.n}"]}] * 6}
    card = parse_card({"body": [{"$data": "${t}", "$when": "${v >= 0}", **row}]})
    assert len(card.expand(seen({"t": THOUSAND, "n": 1000}))["body"]) == 1000


def test_the_work_of_a_repetition_grows_with_what_is_repeated(seen):
    def fuel(row):
        card = parse_card([{"$data": "${t}", **row}])
        run = card.begin(seen({"t": THOUSAND}))
        card.expand_in(run)
        return run.fuel.used

    assert fuel({"a": 1}) < fuel({"a": "${v}"}) < fuel({"a": "${v}", "b": {"c": ["${v + v + v + v + v + v}"]}})


def test_a_limit_within_a_text_or_a_condition_is_not_swallowed(seen):
    for card in ("x ${range(0, 200000)}", {"$when": "${range(0, 200000)}"}, ["${concat('a', range(0, 200000))}"]):
        with pytest.raises(ExpressionLimit) as caught:
            parse_card(card).expand(seen())
        assert limit_of(caught) == "expression_items"


@pytest.mark.parametrize("part", [{}, {"$data": "${$root}"}, {"$data": "${list}", "$when": "${1 < 2}"}])
def test_a_template_as_deep_as_the_limit_is_expanded(seen, part):
    card = "${v}"
    for _ in range(200):
        card = {**part, "x": card}
    made = parse_card(card).expand(seen({"v": 1, "list": [{}]}))
    for _ in range(200):
        made = made["x"]
    assert made == (1 if "$when" not in part else "${v}")


def test_a_template_deeper_than_the_limit_is_refused():
    card = nested = []
    for _ in range(10_000):
        nested.append([])
        nested = nested[0]
    with pytest.raises(ExpressionSyntaxError, match="json_levels"):
        parse_card(card)
    with pytest.raises(ExpressionSyntaxError, match="json_levels"):
        parse_card({"$data": card})


def test_a_deep_expression_at_the_bottom_of_a_deep_template_is_refused_or_expanded(seen):
    card = "${" + "(" * 90 + "v" + ")" * 90 + "}"
    for _ in range(199):
        card = [{"x": card}] if isinstance(card, str) else [card]
    try:
        made = parse_card(card).expand(seen({"v": 1}))
    except (ExpressionSyntaxError, ExpressionLimit) as error:
        made = error
    assert made == [{"x": 1}] or "nested" in made.message


def test_a_card_that_expands_deeper_than_the_limit_is_refused(seen):
    deep = 1
    for _ in range(190):
        deep = [deep]
    card = "${deep}"
    for _ in range(20):
        card = {"x": card}
    with pytest.raises(ExpressionLimit) as caught:
        parse_card(card).expand(seen({"deep": deep}))
    assert limit_of(caught) == "json_levels"


def test_a_stack_that_runs_out_while_a_template_is_read_is_a_syntax_error():
    card = "${v}"
    for _ in range(2000):
        card = {"x": card}
    with pytest.raises(ExpressionSyntaxError, match="nested too deeply"):
        parse_card(card, Limits(json_levels=5000))


def test_texts_full_of_openings_are_read_in_time():
    started = time.process_time()
    for text in ("${" * 4096, "${{a:" * 1638, "${'" * 2730, "${\"${'" * 1365, "\\${" * 2730, "${{a:${a:" * 910):
        assert parse_card([text] * 5).expressions == ()
    assert time.process_time() - started < 5


def test_a_stack_that_runs_out_while_a_card_is_made_is_the_limit_of_levels(seen):
    card = "${v}"
    for _ in range(300):
        card = {"$data": {}, "$when": "${v}", "x": card} if card == "${v}" else {"$data": [{}], "x": card}
    parsed = parse_card(card, Limits(json_levels=400))

    def expanded_below(levels):
        return parsed.expand(seen()) if levels == 0 else expanded_below(levels - 1)

    with pytest.raises(ExpressionLimit) as caught:
        expanded_below(sys.getrecursionlimit() - 450)
    assert limit_of(caught) == "json_levels"
