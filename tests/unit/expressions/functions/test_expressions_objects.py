import copy

import pytest

from looply.expressions import ExpressionError, ExpressionLimit, ExpressionSyntaxError, parse_card, parse_expression
from looply.limits import Limits

DATA = {
    "o": {"a": 1, "b": {"c": [10, {"d": "deep"}]}, "x y": 2},
    "list": [3, 1, 2],
    "items": [{"a": 1}, None, {"a": 2, "b": 3}],
    "text": "hello",
    "n": 5,
    "one": 1,
    "yes": True,
    "nothing": None,
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("addProperty(o.b, 'e', 1).e", 1),
        ("addProperty(json('{}'), n, 1)", {"5": 1}),
        ("addProperty(json('{}'), nothing, 1)", {"null": 1}),
        ("addProperty(json('{}'), yes, 1)", {"true": 1}),
        ("addProperty(json('{}'), list, 1)", {"[3,1,2]": 1}),
        ("addProperty(o.b, 'C', nothing).C", None),
        ("setProperty(o.b, 'c', 5)", {"c": 5}),
        ("setProperty(o.b.c[1], 'e', 5)", {"d": "deep", "e": 5}),
        ("removeProperty(o.b, 'c')", {}),
        ("removeProperty(o.b, 'C')", {"c": [10, {"d": "deep"}]}),
        ("removeProperty(n, 'x')", 5),
        ("removeProperty(list, 'x')", [3, 1, 2]),
        ("merge(items)", {"a": 2, "b": 3}),
        ("merge(o.b, items, json('{\"z\": 0}'))", {"c": [10, {"d": "deep"}], "a": 2, "b": 3, "z": 0}),
        ("merge([])", {}),
        ("getProperty('o.a')", 1),
        ("getProperty('O.A')", 1),
        ("getProperty(\"o['x y']\")", 2),
        ("getProperty('o.b.c[1].d')", "deep"),
        ("getProperty('list[9]')", None),
        ("getProperty('list[-1]')", None),
        ("getProperty('list.x')", None),
        ("getProperty('missing.x')", None),
        ("getProperty('')", None),
        ("getProperty('.')", None),
        ("getProperty(o, 'b.c[0]')", 10),
        ("getProperty(o, '')", None),
        ("getProperty(list, one)", 1),
        ("getProperty(list, '1st')", 1),
        ("getProperty(list, '99999999999999999999999')", None),
        ("getProperty(list, '0.x')", None),
        ("getProperty(text, '1')", "e"),
        ("getProperty(text, '01')", None),
        ("getProperty(text, '5')", None),
        ("getProperty(text, 'length')", None),
        ("getProperty(nothing, 'x')", None),
        ("getProperty(json('{\"true\": 7}'), yes)", 7),
        ("foreach(items, i, getProperty('i.a'))", [1, None, 2]),
        ("foreach(list, o, getProperty('o.a'))", [1, 1, 1]),
        ("foreach(list, i, getProperty('i'))", [3, 1, 2]),
        ("setPathToValue(n, 1)", 1),
        ("setPathToValue(o.a, 1)", 1),
        ("setPathToValue(o.b.c, 1)", 1),
        ("setPathToValue(list[0], 1)", 1),
        ("setPathToValue(o['a' & 'b'], 1)", 1),
        ("setPathToValue(missing.x.y, 1)", 1),
        ("setPathToValue(o.a, 7) + o.a", 8),
        ("stringOrValue('${n}')", 5),
        ("stringOrValue('${o.b}')", {"c": [10, {"d": "deep"}]}),
        ("stringOrValue('${5}')", "5"),
        ("stringOrValue('${n}${n}')", "55"),
        ("stringOrValue('n is ${n}')", "n is 5"),
        ("stringOrValue('hello')", "hello"),
        ("stringOrValue('')", ""),
        ("stringOrValue('\\${n}')", "${n}"),
        ("foreach(list, i, stringOrValue('${i * 2}'))", [6, 2, 4]),
    ],
)
def test_objects_are_read_and_copied_but_never_changed(value, source, expected):
    data = copy.deepcopy(DATA)
    assert value(source, data) == expected
    assert data == DATA


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("addProperty(o, 'a', 1)", "addProperty() expects a name that does not exist yet, found 'a'"),
        ("addProperty(list, 'a', 1)", "addProperty() expects an object as `object`, found list"),
        ("setProperty(nothing, 'a', 1)", "setProperty() expects an object as `object`, found null"),
        ("removeProperty(nothing, 'a')", "removeProperty() expects an object as `object`, found null"),
        ("merge(o, n)", "merge() expects objects, or lists of them, found number"),
        ("merge(nothing)", "merge() expects objects, or lists of them, found null"),
        ("merge(list)", "merge() expects lists of objects, found number in one"),
        ("getProperty(n)", "getProperty() expects a text as its only argument, found number"),
        ("getProperty(o, nothing)", "getProperty() expects a text as `property`, found null"),
        ("setPathToValue(5, 1)", "setPathToValue() expects a path such as `order.items[0]` as `path`"),
        ("setPathToValue(first(list).a, 1)", "setPathToValue() expects a path such as `order.items[0]` as `path`"),
        ("foreach(list, x, setPathToValue(o.a, x))", "setPathToValue() cannot be used within a loop"),
        ("setPathToValue(text.x, 1)", "expects the path to lead into an object, found text"),
        ("setPathToValue(o[nothing], 1)", "expected a text or a whole number between `[` and `]`, found null"),
    ],
)
def test_functions_of_objects_say_what_they_expect(value, source, reason):
    with pytest.raises(ExpressionError) as caught:
        value(source, DATA)
    assert reason in caught.value.message
    assert "at position" in caught.value.message


@pytest.mark.parametrize(
    "source",
    [
        "setPathToValue('a', length(1))",
        "setPathToValue(length(1), 1)",
        "any(list, x, setPathToValue(x, length(1)))",
        "any(list, x, setPathToValue(o[length(1)], x))",
    ],
)
def test_a_mistake_in_an_unused_path_is_found_when_it_is_compiled(source):
    with pytest.raises(ExpressionSyntaxError, match="expects text as `text`, found number"):
        parse_expression(f"false && {source}")


@pytest.mark.parametrize(
    "source", ["stringOrValue(text)", "stringOrValue(concat('$', '{n}'))", "stringOrValue(`${n}`)"]
)
def test_a_text_that_is_computed_is_never_evaluated(source):
    with pytest.raises(ExpressionSyntaxError, match="a text between quotes, not one that is computed") as caught:
        parse_expression(source)
    assert caught.value.position == 14


def test_a_text_that_does_not_parse_is_refused_with_its_position():
    with pytest.raises(ExpressionSyntaxError, match="there is no function `lenght`; did you mean `length`") as caught:
        parse_expression("1 + stringOrValue('${lenght(a)}')")
    assert caught.value.source == "1 + stringOrValue('${lenght(a)}')"
    assert caught.value.position == 18


def test_an_error_within_a_text_says_where_in_the_text(value):
    with pytest.raises(ExpressionError) as caught:
        value("stringOrValue('a ${1 / 0}')")
    assert caught.value.source == "`a ${1 / 0}`"
    assert value("stringOrValue('${n}') + 1", DATA) == 6


def test_a_property_by_name_reads_the_whole_document():
    assert () in parse_expression("getProperty(a)").references
    assert parse_expression("getProperty(a, 'b')").references == (("a",),)
    assert parse_expression("stringOrValue('${a.b}')").references == (("a", "b"),)


def test_a_property_by_name_is_one_of_the_item_within_a_repeated_card(seen):
    card = parse_card([{"$data": "${list}", "text": "${getProperty('name')}"}])
    assert card.expand(seen({"list": [{"name": "a"}, {"name": "b"}]})) == [{"text": "a"}, {"text": "b"}]


def test_work_on_objects_is_charged(value):
    large = {"o": {str(number): number for number in range(1000)}, "p": "a." * 1000}
    for source in ("merge([o, o, o])", "getProperty(p)", "foreach([1, 2], x, setProperty(o, 'a', x))"):
        with pytest.raises(ExpressionLimit):
            value(source, large, Limits(expression_fuel=400))
