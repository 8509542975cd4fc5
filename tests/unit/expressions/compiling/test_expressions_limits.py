import pytest

from looply.expressions import ExpressionError, ExpressionLimit, parse_card, parse_expression, parse_template
from looply.expressions.values.errors import ExpressionSyntaxError
from looply.limits import Limits

BIG = "x" * 1024 * 1024
HUNDRED = list(range(100))
THREE_HUNDRED = list(range(300))


def nested(levels):
    value = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("source", "limit"),
    [
        ("foreach(many, a, foreach(many, b, foreach(many, c, a * b * c)))", "expression_fuel"),
        ("foreach(many, a, long == other)", "expression_fuel"),
        ("foreach(many, a, things == otherthings)", "expression_fuel"),
        ("foreach(many, a, contains(big, 'y'))", "expression_fuel"),
        ("foreach(many, a, contains(long, 'y'))", "expression_fuel"),
        ("foreach(many, a, big == big2)", "expression_fuel"),
        ("foreach(many, a, big < big2)", "expression_fuel"),
        ("foreach(many, a, toUpper(big))", "expression_fuel"),
        ("foreach(many, a, `${big}`)", "expression_fuel"),
        ("foreach(many, a, count(long & other))", "expression_fuel"),
        ("where(many, a, count(where(many, b, count(where(many, c, a == b)) > 1)) > 1)", "expression_fuel"),
        ("foreach(many, a, long & '')", "expression_fuel"),
        ("big & big", "expression_text_characters"),
        ("big + 'a'", "expression_text_characters"),
        ("`${big}a`", "expression_text_characters"),
        ("concat(big, 'a')", "expression_text_characters"),
        ("replace(big, 'x', big)", "expression_text_characters"),
        ("join([big, 'a'], '')", "expression_text_characters"),
        ("join(many, big)", "expression_text_characters"),
        ("join(['a', 'b'], '', big)", "expression_text_characters"),
        ("string([big])", "expression_text_characters"),
        ("toUpper(sharp)", "expression_text_characters"),
        ("split(big)", "expression_items"),
        ("split(big, 'x')", "expression_items"),
        ("concat(wide, [1])", "expression_items"),
        ("wide & [1]", "expression_items"),
    ],
)
def test_work_and_sizes_are_bounded(value, source, limit):
    data = {
        "many": THREE_HUNDRED,
        "long": list(range(2000)),
        "other": [*range(1999), -1],
        "things": {str(i): i for i in range(1000)},
        "otherthings": {str(i): i for i in range(999)} | {"999": "x"},
        "big": BIG,
        "big2": BIG[:-1] + "y",
        "sharp": "ß" * (600 * 1024),
        "wide": [None] * 100_000,
    }
    with pytest.raises(ExpressionLimit) as caught:
        value(source, data)
    assert caught.value.limit == limit
    assert f"the limit is `{limit}`" in caught.value.message
    assert caught.value.source == source
    assert caught.value.code == "EXPRESSION_LIMIT"
    assert isinstance(caught.value, ExpressionError)


def test_forty_doublings_end_early(value):
    source = "'x'"
    for _ in range(9):
        source = f"concat({source}, {source})"
    assert len(value(source)) == 512
    with pytest.raises(ExpressionLimit):
        value(source.replace("'x'", "big"), {"big": "x" * 10_000})


@pytest.mark.parametrize(
    "source", ["big & big ? 1 : 2", "!(big & big)", "exists(big & big)", "where([1], x, big & big)", "and(big & big)"]
)
def test_a_limit_is_an_error_in_a_condition_too(value, source):
    with pytest.raises(ExpressionLimit):
        value(source, {"big": BIG})


def test_a_loop_is_charged_for_its_body(seen):
    body = "+".join(["x"] * 1000)
    with pytest.raises(ExpressionLimit):
        parse_expression(f"foreach(many, x, {body})").evaluate(seen({"many": THREE_HUNDRED}))


def test_limits_can_be_set(value):
    assert value("foreach(many, a, a)", {"many": HUNDRED}, Limits(expression_fuel=1000)) == HUNDRED
    with pytest.raises(ExpressionLimit):
        value("foreach(many, a, a)", {"many": HUNDRED}, Limits(expression_fuel=200))
    with pytest.raises(ExpressionLimit):
        value("foreach(many, a, a)", {"many": HUNDRED}, Limits(expression_items=99))
    with pytest.raises(ExpressionError):
        value("json('[[1]]')", {}, Limits(json_levels=1))
    with pytest.raises(ExpressionLimit):
        value("100 * 10", {}, Limits(integer_digits=3)) + value("2^60", {}, Limits(integer_digits=3))


def test_values_nested_too_deeply_are_a_typed_error(value):
    with pytest.raises(ExpressionLimit, match="the limit is `json_levels`"):
        value("string(deep) & 'a'", {"deep": nested(50_000)})
    assert value("deep == other", {"deep": nested(5000), "other": nested(5000)}) is True


def test_templates_and_cards_nested_too_deeply_are_refused():
    for parse in (parse_template, parse_card):
        with pytest.raises(ExpressionSyntaxError, match="the limit is `json_levels`"):
            parse(nested(100_000))
        parse(nested(199))


def test_fuel_is_counted_over_a_whole_template_or_card(seen):
    evaluation = seen({"many": HUNDRED}, Limits(expression_fuel=450))
    one = {"a": "${foreach(many, x, x)}"}
    assert parse_template(one).evaluate(evaluation) == {"a": HUNDRED}
    with pytest.raises(ExpressionLimit) as caught:
        parse_template([one, one]).evaluate(evaluation)
    assert caught.value.pointer == "/1/a"
    with pytest.raises(ExpressionLimit):
        parse_card({"a": one, "b": one}).expand(evaluation)
    with pytest.raises(ExpressionLimit):
        parse_card({"a": [{"$data": "${many}", "b": {"$data": "${$root.many}", "c": "${$data}"}}]}).expand(evaluation)


def test_a_card_of_too_many_items_is_refused(seen):
    card = parse_card({"body": [{"$data": "${many}", "type": "TextBlock"}]})
    with pytest.raises(ExpressionLimit) as caught:
        card.expand(seen({"many": HUNDRED}, Limits(expression_items=99)))
    assert caught.value.limit == "expression_items"


@pytest.mark.parametrize("source", ["string(many)", "`${many}`", "jsonStringify(many)", "many & 'a'"])
def test_a_text_that_is_larger_than_any_memory_is_refused_before_it_is_made(value, source):
    # One text of a million characters, stored once and referenced ten million times.
    often = [BIG[:1_000_000]] * 1000
    for _ in range(4):
        often = [often] * 10
    with pytest.raises(ExpressionLimit) as caught:
        value(source, {"many": often})
    assert caught.value.limit == "expression_text_characters"


@pytest.mark.parametrize(
    "it",
    [["", "", ["a"]], [1, None, [True]], {"": [{}], "b": ""}, {"a": [[], {}, -1.5, None, True, "x"], "b": {"c": 12}}],
)
def test_no_character_too_many_is_counted(value, it):
    shown = value("string(it)", {"it": it})
    assert value("string(it)", {"it": it}, Limits(expression_text_characters=len(shown))) == shown
    with pytest.raises(ExpressionLimit):
        value("string(it)", {"it": it}, Limits(expression_text_characters=len(shown) - 1))
