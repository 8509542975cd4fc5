import pytest

from looply.errors import LooplyError
from looply.expressions import ExpressionError, ExpressionLimit, parse_expression

DATA = {
    "zero": 0,
    "empty": "",
    "nothing": None,
    "yes": True,
    "no": False,
    "list": [1, 2],
    "thing": {"a": [1, {"b": 2}]},
    "same": {"a": [1.0, {"b": 2}]},
    "other": {"a": [1, {"b": 3}]},
    "bare": {},
    "none": [],
    "large": 10**63,
    "huge": 1e308,
    "half": 0.5,
    "whole": 4.0,
    "text": "hello",
}


@pytest.mark.parametrize("source", ["zero", "empty", "yes", "list", "bare", "none", "'false'", "0.0"])
def test_everything_but_false_and_null_is_true(value, source):
    assert value(f"!{source}", DATA) is False
    assert value(f"{source} ? 1 : 2", DATA) == 1
    assert value(f"{source} && true", DATA) is True


@pytest.mark.parametrize("source", ["no", "nothing", "missing", "1 / zero", "text - 1"])
def test_false_null_and_a_failure_are_not_true(value, source):
    assert value(f"!({source})", DATA) is True
    assert value(f"({source}) ? 1 : 2", DATA) == 2
    assert value(f"({source}) || false", DATA) is False
    assert value(f"true && ({source})", DATA) is False


def test_logical_operators_give_booleans_and_stop_early(value):
    assert value("'x' && 'y'") is True
    assert value("null || 'y'") is True
    assert value("false && rand(1, 2) == 1 ? 0 : rand(0, 256)") == 1


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 == 1.0", True),
        ("1 == '1'", False),
        ("1 == true", False),
        ("zero == no", False),
        ("'a' == 'A'", False),
        ("nothing == missing", True),
        ("nothing == false", False),
        ("empty == null", False),
        ("thing == same", True),
        ("thing == other", False),
        ("thing == bare", False),
        ("thing == thing", True),
        ("thing == {b: [1, {b: 2}]}", False),
        ("list == [1, 2]", True),
        ("list == [1, '2']", False),
        ("list == [1]", False),
        ("[null, [], {}] == [null, [], {}]", True),
        ("none == bare", False),
        ("yes == yes", True),
        ("half == 0.5", True),
        ("thing != same", False),
        ("1 <> 1", False),
    ],
)
def test_equality_is_by_kind_and_value(value, source, expected):
    assert value(source, DATA) is expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 < 2", True),
        ("2 <= 2.0", True),
        ("2 > 2.5", False),
        ("whole >= 4", True),
        ("'10' < '9'", True),
        ("'a' > 'B'", True),
        ("nothing < 1", False),
        ("1 <= missing", False),
        ("1 >= 1 == true", None),
    ],
)
def test_order_is_of_numbers_and_of_texts(value, source, expected):
    if expected is None:
        with pytest.raises(ExpressionError):
            value(source, DATA)
    else:
        assert value(source, DATA) is expected


@pytest.mark.parametrize("source", ["'a' < 1", "yes > no", "list > list", "thing <= 1", "1 < 2 < 3"])
def test_other_values_have_no_order(value, source):
    with pytest.raises(ExpressionError, match="expected two numbers or two texts to compare"):
        value(source, DATA)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("5 / 2", 2),
        ("-5 / 2", -3),
        ("whole / 8", 0),
        ("5 / 2.5", 2),
        ("1.5 * 2", 3),
        ("0.1 + 0.2", 0.30000000000000004),
        ("5 % 3", 2),
        ("-5 % 3", -2),
        ("5 % -3", 2),
        ("large * 9 + 1", 9 * 10**63 + 1),
        ("2 ^ 0.5", 2**0.5),
        ("2 ^ 100", 2**100),
        ("0 ^ 0", 1),
        ("1 ^ large", 1),
        ("(-1) ^ large", 1),
        ("(-1) ^ 3", -1),
        ("0 ^ 5", 0),
        ("7 ^ 1", 7),
        ("'a' + 1", "a1"),
        ("null + 'a'", "a"),
        ("+'a'", "0a"),
        ("1.5 + 'a'", "1.5a"),
        ("-half", -0.5),
        ("0.0 - 0", 0),
        ("-whole", -4),
    ],
)
def test_arithmetic_is_exact_for_integers(value, source, expected):
    assert value(source, DATA) == expected
    assert type(value(source, DATA)) is type(expected)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("1 / 0", "cannot be divided by 0"),
        ("0.0 / 0", "cannot be divided by 0"),
        ("5 % 0", "cannot be divided by 0"),
        ("5.5 % 2", "`%` expects whole numbers, found 5.5"),
        ("5 % null", "`%` expects whole numbers, found null"),
        ("huge * 10", "not a finite number"),
        ("huge ^ 2", "not a finite number"),
        ("0 ^ -1", "not a finite number"),
        ("(-8) ^ 0.5", "not a finite number"),
        ("null + 1", "`+` expects numbers or texts, found null"),
        ("'a' + yes", "`+` expects numbers or texts, found boolean"),
        ("1 - text", "`-` expects numbers, found text"),
        ("list * 2", "`*` expects numbers, found list"),
        ("-text", "`-` expects numbers, found text"),
        ("thing / 2", "`/` expects numbers, found object"),
    ],
)
def test_arithmetic_that_has_no_result_is_an_error(value, source, reason):
    with pytest.raises(ExpressionError) as caught:
        value(source, DATA)
    assert reason in caught.value.message
    assert caught.value.source == source
    assert caught.value.code == "EXPRESSION"
    assert isinstance(caught.value, LooplyError)


@pytest.mark.parametrize("source", ["large * large", "2 ^ 10000", "9 ^ 9 ^ 9", "10 ^ 64", "large ^ large"])
def test_integers_of_too_many_digits_are_refused(value, source):
    with pytest.raises(ExpressionLimit, match="more than 64 digits; the limit is `integer_digits`"):
        value(source, DATA)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("'a' & null & true & false & 1 & 1.5", "atruefalse11.5"),
        ("whole & ''", "4"),
        ("1.5 * 1000000000000000000000 & ''", "1.5e+21"),
        ("0.00005 & ''", "0.00005"),
        ("0.0000015 & ''", "0.0000015"),
        ("0.00000015 & ''", "1.5e-7"),
        ("list & 'a'", "[1,2]a"),
        ("thing & ''", '{"a":[1,{"b":2}]}'),
        ("same & ''", '{"a":[1,{"b":2}]}'),
        ("[1.5, huge] & ''", "[1.5,1e+308]"),
        ("[half, whole, 1.05] & ''", "[0.5,4,1.05]"),
        ("list & [3]", [1, 2, 3]),
        ("list & [3] & 'x'", "[1,2,3]x"),
    ],
)
def test_values_in_a_text_are_printed_as_json_does(value, source, expected):
    assert value(source, DATA) == expected


def test_an_error_names_the_innermost_position(value):
    with pytest.raises(ExpressionError) as caught:
        value("concat('a', max(1 - null))")
    assert caught.value.position == 18
    assert caught.value.message.endswith("(at position 18 of: concat('a', max(1 - null)))")
    with pytest.raises(ExpressionError) as caught:
        value("1 + 2 + null + 4")
    assert caught.value.position == 6


def test_an_expression_can_be_evaluated_again(seen):
    expression = parse_expression("a + 1")
    assert [expression.evaluate(seen({"a": n})) for n in (1, 2)] == [2, 3]
    with pytest.raises(AttributeError):
        expression.source = "b"
