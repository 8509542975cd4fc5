import pytest

from looply.expressions import FUNCTIONS, ExpressionError, ExpressionSyntaxError, parse_expression
from looply.expressions.functions.table import EXAMPLE

DATA = {
    "list": [1, 2, 3],
    "items": [{"n": 3, "name": "z"}, {"n": 1, "name": "y"}],
    "thing": {"a": 1, "b": None, "C": "x"},
    "nothing": None,
    "half": 2.5,
    "whole": 2.0,
    "text": "hello",
    "x": "outer",
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda function: function.name)
def test_the_example_of_each_function_holds(function):
    source, expected = function.example
    result = parse_expression(source).evaluate(EXAMPLE)
    assert result == expected
    assert type(result) is type(expected)
    assert source.startswith(f"{function.name}(")
    assert function.summary.endswith(".")


def test_the_table_is_by_name_and_cannot_be_changed():
    assert all(name == function.name for name, function in FUNCTIONS.items())
    assert {function.family for function in FUNCTIONS.values()} == {
        "text",
        "collections",
        "logic",
        "conversion",
        "math",
        "dates",
        "randomness",
        "objects",
        "types",
        "uris",
    }
    with pytest.raises(TypeError):
        FUNCTIONS["x"] = FUNCTIONS["if"]
    assert FUNCTIONS["join"].signature() == "join(list, separator, [last])"
    assert FUNCTIONS["concat"].max_arguments is None
    assert FUNCTIONS["newGuid"].max_arguments == 0


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("length('')", 0),
        ("length(null)", 0),
        ("length('😀')", 1),
        ("concat('a', 1, true, null, missing, half)", "a1true2.5"),
        ("concat(list, [4])", [1, 2, 3, 4]),
        ("concat(list, 'a')", "[1,2,3]a"),
        ("replace('a.b.c', '.', '')", "abc"),
        ("replace('a$b', '$', '$$')", "a$$b"),
        ("split('abc')", ["a", "b", "c"]),
        ("split('a,,b', ',')", ["a", "", "b"]),
        ("split('', ',')", [""]),
        ("substring('hello', 1)", "ello"),
        ("substring('hello', 5)", ""),
        ("substring('hello', whole, 1)", "l"),
        ("toUpper('straße')", "STRASSE"),
        ("trim(null)", ""),
        ("startsWith('hello', 'HE')", False),
        ("endsWith('hello', null)", True),
        ("contains(list, 2)", True),
        ("contains(list, '2')", False),
        ("contains(items, {name: 'z', n: 3})", True),
        ("contains('hello', 'ell')", True),
        ("contains('hello', 1)", False),
        ("contains(thing, 'b')", True),
        ("contains(thing, 'c')", True),
        ("contains(thing, 'd')", False),
        ("contains(null, 'x')", False),
        ("contains(5, 'x')", False),
        ("first('hello')", "h"),
        ("first([])", None),
        ("first(5)", None),
        ("last('')", None),
        ("last(null)", None),
        ("count(thing)", 3),
        ("count('hello')", 5),
        ("join(list, ',')", "1,2,3"),
        ("join(['a'], ', ', ' and ')", "a"),
        ("join([], ', ', ' and ')", ""),
        ("join(['a', 'b'], ', ', ' and ')", "a and b"),
        ("join([null, 1.5, true, 'x', {}], '-')", "-1.5-true-x-{}"),
        ("createArray()", []),
        ("createArray(null, missing)", [None, None]),
        ("if('', 1, 2)", 1),
        ("if(1 / 0, 1, 2)", 2),
        ("if(false, 1 / 0, 2)", 2),
        ("and(true, 1, '')", True),
        ("and(null, true)", False),
        ("or(null, 1 / 0, 'x')", True),
        ("or(false)", False),
        ("not(0)", False),
        ("exists(nothing)", False),
        ("exists(1 / 0)", False),
        ("exists('')", True),
        ("equals(thing, thing)", True),
        ("empty([])", True),
        ("empty({})", True),
        ("empty(missing)", True),
        ("empty(0)", False),
        ("empty(' ')", False),
        ("coalesce(missing, null, '')", ""),
        ("coalesce(null)", None),
        ("int(' -12 ')", -12),
        ("int('+7')", 7),
        ("int(-10.9)", -10),
        ("int('-10.9')", -10),
        ("int(null)", None),
        ("int('" + "0" * 5000 + "5')", 5),
        ("float(' -1.5e3 ')", -1500),
        ("float(1)", 1),
        ("float(null)", None),
        ("string(null)", ""),
        ("string(false)", "false"),
        ("bool('False')", False),
        ("bool('')", True),
        ("bool(1.5)", True),
        ("bool(null)", False),
        ("bool([])", True),
        ("json('null')", None),
        ("json('[1, 2.5]')", [1, 2.5]),
        ("add('a', 1, 'b')", "a1b"),
        ("sub(5, 2, 1)", 2),
        ("div(7, 2, 2)", 1),
        ("max(list, 9, 1.5)", 9),
        ("min(1.5, list)", 1),
        ("max(5)", 5),
        ("round(2.5)", 3),
        ("round(-2.5)", -2),
        ("round(5, 2)", 5),
        ("round(3.123456, 3)", 3.123),
        ("round(1.005, 2)", 1),
        ("round(10000000000000000.5)", 10**16 + 1),
        ("rand(3, 3)", 3),
        ("rand(-5, -4)", -5),
    ],
)
def test_functions_return_the_results_of_microsofts(value, source, expected):
    assert value(source, DATA) == expected


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("length(list)", "length() expects text as `text`, found list"),
        ("toLower(5)", "toLower() expects text as `text`, found number"),
        ("replace('a', '', 'b')", "at least one character as `old`"),
        ("substring('hello', 6)", "a `start` from 0 to 5, found 6"),
        ("substring('hello', -1)", "a `start` from 0 to 5, found -1"),
        ("substring('hello', 1, 9)", "a `length` from 0 to 4, found 9"),
        ("substring('hello', 1, -1)", "a `length` from 0 to 4, found -1"),
        ("substring('hello', 1.5)", "a whole number as `start`, found 1.5"),
        ("substring('hello', true)", "number as `start`, found boolean"),
        ("count(null)", "count() expects a list, a text or an object, found null"),
        ("join(text, ',')", "join() expects a list as `list`, found text"),
        ("join(list, 1)", "join() expects text as `separator`, found number"),
        ("int('abc')", "int() expects a text that begins with digits, found 'abc'"),
        ("int('1' & '" + "0" * 64 + "')", "int() expects at most 64 digits"),
        ("float('Infinity')", "float() expects a text that begins with a number, found 'Infinity'"),
        ("float('1e999')", "not a finite number"),
        ("json('{')", "json() expects a JSON text: the text is not valid JSON"),
        ('json(\'{"a": 1, "a": 2}\')', "json() expects a JSON text"),
        ("json(5)", "json() expects text as `text`, found number"),
        ("max([])", "max() expects at least one number, found none"),
        ("min(1, 'x')", "min() expects numbers or lists of them, found text"),
        ("max([[1]])", "max() expects numbers or lists of them, found list"),
        ("round('3')", "round() expects number as `number`, found text"),
        ("round(1.5, 16)", "round() expects 0 to 15 as `digits`, found 16"),
        ("round(1.5, -1)", "round() expects 0 to 15 as `digits`, found -1"),
        ("rand(2, 1)", "rand() expects a `bound` of at least 2, found 1"),
        ("foreach(null, x, x)", "foreach() expects a list or an object as `collection`, found null"),
        ("where('abc', x, x)", "where() expects a list or an object as `collection`, found text"),
        ("select(1, x, x)", "select() expects a list or an object as `collection`, found number"),
    ],
)
def test_functions_say_what_they_expect(value, source, reason):
    with pytest.raises((ExpressionError, ExpressionSyntaxError)) as caught:
        value(source, DATA)
    assert reason in caught.value.message


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("foreach(list, x, x + 1)", [2, 3, 4]),
        ("foreach(list, x => x + 1)", [2, 3, 4]),
        ("select(items, i, i.name)", ["z", "y"]),
        ("foreach(items, i, i.missing)", [None, None]),
        ("foreach(thing, p, p.key)", ["a", "b", "C"]),
        ("foreach(thing, p, p.value)", [1, None, "x"]),
        ("foreach({}, p, p)", []),
        ("foreach(list, y, x)", ["outer", "outer", "outer"]),
        ("foreach(list, x, foreach(list, x, x * 10))", [[10, 20, 30]] * 3),
        ("foreach(list, a, foreach(items, b, a + b.n))", [[4, 2], [5, 3], [6, 4]]),
        ("concat(foreach(list, x, x), createArray(x))", [1, 2, 3, "outer"]),
        ("where(list, x, x > 1)", [2, 3]),
        ("where(items, i => i.n > 1)", [{"n": 3, "name": "z"}]),
        ("where(thing, p, p.value)", {"a": 1, "C": "x"}),
        ("where([0, '', null, false], x, x)", [0, ""]),
        ("where(list, x, 1 / 0)", []),
        ("foreach(list, x, newGuid() == newGuid())", [False, False, False]),
        ("foreach(items, i, i['na' + 'me'])", ["z", "y"]),
        ("foreach([list], x, x[0])", [1]),
    ],
)
def test_loops_bind_a_variable(value, source, expected):
    assert value(source, DATA) == expected


def test_random_bytes_are_taken_from_left_to_right(value):
    assert value("[rand(0, 256), rand(0, 256), rand(0, 256)]") == [1, 2, 3]
    assert value("foreach([7, 7], x, rand(0, 256))") == [1, 2]
    assert value("[newGuid(), rand(0, 256)]") == ["01000000-0000-4000-8000-000000000000", 2]
