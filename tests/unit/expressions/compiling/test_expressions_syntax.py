import pytest

from looply.errors import Refused
from looply.expressions import ExpressionError, ExpressionSyntaxError, parse_expression
from looply.limits import Limits


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("2 ^ 3 ^ 2", 512),
        ("-2 ^ 2", 4),
        ("2 ^ -1", 0.5),
        ("10 - 2 - 3", 5),
        ("100 / 5 / 2", 10),
        ("--2", 2),
        ("+2", 2),
        ("1 - -1", 2),
        ("7%4", 3),
        ("1 + 2 & 3", "33"),
        ("1 & 2 == 12", "1false"),
        ("1 + 2 == 3", True),
        ("1 == 1 == true", True),
        ("1 < 2 && 3 < 4", True),
        ("true || false && false", True),
        ("true || null ?? false", True),
        ("null ?? 1 + 1", 2),
        ("null ?? null ?? 3", 3),
        ("false ?? 'y'", False),
        ("1 == 1 ? 'y' : 'n'", "y"),
        ("1 > 0 ? 1 > 5 ? 'big' : 'mid' : 'neg'", "mid"),
        ("!true && false", False),
        ("!!0", True),
        ("1 <> 2", True),
        ("1 != 1.0", False),
    ],
)
def test_operators_bind_as_microsofts_do(value, source, expected):
    assert value(source) == expected
    assert type(value(source)) is type(expected)


def test_conditionals_chain_from_the_left_as_microsofts_do(value):
    assert value("true ? 1 : false ? 2 : 3") == 2
    assert value("false ? 1 : false ? 2 : 3") == 3


def test_equality_binds_tighter_than_order(value):
    with pytest.raises(ExpressionError, match="found number and boolean"):
        value("1 < 2 == true")


def test_chains_of_order_and_equality_go_from_the_left(value):
    assert value("1 == 2 != true") is True
    with pytest.raises(ExpressionError, match="found boolean and number"):
        value("1 < 2 < 3")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("12", 12),
        ("007", 7),
        ("0", 0),
        ("1.50", 1.5),
        ("12345678901234567890123", 12345678901234567890123),
        ("true", True),
        ("null", None),
        ("'it\\'s'", "it's"),
        ('"a\\"b"', 'a"b'),
        ('"a\'b"', "a'b"),
        ('"a\\\'b"', "a\\'b"),
        ("'a\\nb\\tc\\rd'", "a\nb\tc\rd"),
        ("'a\\\\b'", "a\\b"),
        ("'a\\qb\\u0041'", "a\\qb\\u0041"),
        ("'${i}'", "${i}"),
        ("[]", []),
        ("[1, 'a', [true]]", [1, "a", [True]]),
        ("{}", {}),
        ("{a: 1, 'b c': {d: null}}", {"a": 1, "b c": {"d": None}}),
        ("{a: 1, a: 2}", {"a": 2}),
        ("[1, 2][1]", 2),
        ("{a: 5}.a", 5),
        ("'x' == \"x\"", True),
        ("\n 1 \t", 1),
    ],
)
def test_literals_are_values(value, source, expected):
    assert value(source) == expected
    assert type(value(source)) is type(expected)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("`plain`", "plain"),
        ("``", ""),
        ("`hi ${name}!`", "hi Ann!"),
        ("`${amount} ${flag} ${nothing} ${missing}|`", "12.5 true  |"),
        ("`${list} ${thing}`", '[1,2] {"a":1}'),
        ("`a \\`tick\\` \\${x} \\q`", "a `tick` ${x} \\q"),
        ("`$ $$ {} }`", "$ $$ {} }"),
        ("`${`in ${name}`}`", "in Ann"),
        ("`${{a: name}}`", '{"a":"Ann"}'),
        ("`${name}${name}`", "AnnAnn"),
    ],
)
def test_backticks_hold_texts_with_expressions(value, source, expected):
    data = {"name": "Ann", "amount": 12.5, "flag": True, "nothing": None, "list": [1, 2], "thing": {"a": 1}}
    assert value(source, data) == expected


@pytest.mark.parametrize(
    ("source", "position", "reason"),
    [
        ("", 0, "expected an operand, found the end"),
        ("1 +", 3, "expected an operand, found the end"),
        ("1 2", 2, "expected an operator or the end, found `2`"),
        ("1 'a'", 2, "expected an operator or the end, found a text"),
        ("(1", 2, "expected `)`, found the end"),
        ("1)", 1, "found `)`"),
        ("a.", 2, "expected a name after `.`"),
        ("a..b", 2, "expected a name after `.`"),
        ("a[0", 3, "expected `]`"),
        ("a[]", 2, "expected an operand, found `]`"),
        ("[1,]", 3, "expected an operand"),
        ("{1: 2}", 1, "expected a name or a text as key"),
        ("{a 2}", 3, "expected `:`"),
        ("{a: 1", 5, "expected `}`"),
        ("{a: 1,}", 6, "expected a name or a text as key"),
        ("true ? 1", 8, "expected `:`"),
        ("5.", 2, "expected a name after `.`"),
        ("1e999", 1, "expected an operator or the end"),
        ("'open", 0, "no closing quote"),
        ('"open', 0, "no closing quote"),
        ("`open", 0, "no closing backtick"),
        ("`${1", 4, "expected `}` after the expression"),
        ("a = b", 2, "equality is `==`"),
        ("é", 0, "write the name as ['...']"),
        ("a ~ b", 2, "unexpected character '~'"),
        ("}", 0, "expected an operand"),
        ("x => x", 2, "found `=>`"),
        ("%a", 0, "expected an operand, found `%`"),
        ("lenght('a')", 0, "there is no function `lenght`; did you mean `length`?"),
        ("__import__('os')", 0, "there is no function `__import__`"),
        ("1 + length()", 4, "length(text) takes 1 argument, found 0"),
        ("split()", 0, "split(text, [separator]) takes 1 to 2 arguments"),
        ("concat()", 0, "concat(value, ...) takes at least 1 argument, found 0"),
        ("if(1, 2)", 0, "if(condition, yes, no) takes 3 arguments, found 2"),
        ("foreach(a, 'x', 1)", 11, "foreach() expects the name of a variable"),
        ("foreach(a, b.c, 1)", 11, "foreach() expects the name of a variable"),
        ("1" + "0" * 64, 0, "more than 64 digits"),
        ("1" + "0" * 400 + ".5", 0, "too large"),
    ],
)
def test_a_syntax_error_has_a_position_and_a_reason(source, position, reason):
    with pytest.raises(ExpressionSyntaxError) as caught:
        parse_expression(source)
    assert caught.value.position == position
    assert caught.value.source == source
    assert reason in caught.value.message
    assert caught.value.pointer == ""
    assert caught.value.code == "EXPRESSION_SYNTAX"
    assert isinstance(caught.value, Refused)


@pytest.mark.parametrize(
    "source",
    [
        "(" * 100_000,
        "-" * 5000 + "1",
        "!" * 5000 + "true",
        "[" * 4000 + "]" * 4000,
        "{a:" * 2000,
        "a[" * 4000,
        "`${" * 2700,
        "if(" * 2500,
        "true?" * 1600,
        "2^" * 4000 + "2",
        "1?2:" * 2000 + "3",
        "(1+" * 2000 + "1" + ")" * 2000,
        "a" + "[0]" * 2700,
        "1" + "+1" * 4000,
        "true" + "&&true" * 1300,
        "a" + ".a" * 4000,
    ],
)
def test_deep_and_long_sources_are_evaluated_or_refused(value, source):
    with pytest.raises(ExpressionSyntaxError) as caught:
        value(f"({source}")
    assert "levels" in caught.value.message or "limit" in caught.value.message or "expected" in caught.value.message


def test_long_chains_are_not_deep(value):
    assert value("1" + "+1" * 4000) == 4001
    assert value("true" + "&&true" * 1300) is True
    assert value("a" + ".a" * 4000) is None
    assert value("null" + "??null" * 1000 + "??7") == 7
    assert value("'a'" + "&'a'" * 1000) == "a" * 1001
    assert value("1" + "==1" * 1000) is False


def test_a_hundred_levels_can_be_evaluated(value):
    assert value("(1+" * 99 + "1" + ")" * 99) == 100
    assert value("-" * 100 + "1") == 1
    assert value("if(true," * 99 + "1" + ",2)" * 99) == 1
    assert value("concat(" * 99 + "'a'" + ")" * 99) == "a"
    with pytest.raises(ExpressionSyntaxError, match="nested deeper than 100 levels"):
        value("(" * 101 + "1" + ")" * 101)


def test_a_source_over_the_limit_is_refused():
    with pytest.raises(ExpressionSyntaxError, match="11 characters; the limit `expression_characters` is 10"):
        parse_expression("'12345678 '", Limits(expression_characters=10))


def test_long_sources_are_shown_in_part():
    with pytest.raises(ExpressionSyntaxError) as caught:
        parse_expression("1" + " " * 500 + "2" + " " * 500)
    assert len(caught.value.message) < 300
    assert "..." in caught.value.message


def test_names_may_start_with_the_signs_of_microsoft(value):
    data = {"$v": 1, "@odata": {"etag": 2}, "@@x": 3, "#y": 4, "_z": 5}
    assert [value(name, data) for name in ("$v", "@odata.etag", "@@x", "#y", "_z")] == [1, 2, 3, 4, 5]
