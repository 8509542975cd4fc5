"""Locations within texts, as editors show them."""

import pytest

from looply.expressions import ExpressionSyntaxError, parse_expression, parse_template
from looply.expressions.editing.locations import (
    SourceLocation,
    expression_spans,
    expression_start,
    locate,
    token_length,
)


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("", []),
        ("no expression", []),
        ("${a}", ["a"]),
        ("x ${a} y ${ b.c } z", ["a", " b.c "]),
        (r"\${a} ${b}", ["b"]),
        (r"$\${a} \\${b}", []),
        ("${'}'} ${`${x}`} ${{a: 1}}", ["'}'", "`${x}`", "{a: 1}"]),
        ("${'${a}'} ${a}", ["'${a}'", "a"]),
        ("𝄞${é", ["é"]),
        ("${a} ${b + ", ["a", "b + "]),
        ("${'open} ${a}", ["'open} ${a}"]),
        ("${}", [""]),
    ],
)
def test_the_expressions_of_a_text_are_found(text, sources):
    assert [text[start:end] for start, end in expression_spans(text)] == sources


@pytest.mark.parametrize("text", ["${a}", "x ${a} y ${ b.c } z", r"\${a} ${b}", "${'${a}'} ${a}", r"\\${b} ${c}"])
def test_they_are_those_that_a_template_evaluates(text):
    parsed = parse_template(text).expressions
    assert [expression.source for _, expression in parsed] == [text[start:end] for start, end in expression_spans(text)]


def test_an_expression_is_found_by_its_source():
    assert expression_start("a ${a + b} ${a}", "a") == 13
    assert expression_start("${a} ${a}", "a") == 2
    assert expression_start("${'${a}'} ${a}", "a") == 12
    assert expression_start("nothing", "a") == 0


def test_an_expression_of_a_card_is_found_without_its_white_space_and_sign() -> None:
    assert expression_start("x ${ a } ${ab}", "a") == 5
    assert expression_start("x ${= a }", " a") == 5
    assert expression_start("x ${=a}", "a") == 5
    assert expression_start("x ${ =a}", "a") == 6


def test_an_expression_after_a_syntax_error_is_found() -> None:
    assert expression_start("${'} ${a ~ b} ${c}", "a ~ b") == 7
    assert expression_start("${a ~ b} ${c ~}", "c ~") == 11


def test_lines_and_columns_count_from_one():
    text = "ab\ncd\n"
    assert locate(text, 0) == SourceLocation(0, 1, 1)
    assert locate(text, 4, 2) == SourceLocation(4, 2, 2, 2)
    assert locate(text, 6) == SourceLocation(6, 3, 1)
    assert locate(text, 99) == SourceLocation(6, 3, 1)


@pytest.mark.parametrize(
    ("source", "position", "length"),
    [
        ("concat(a, 'b')", 0, 6),
        ("concat(a , 'b')", 7, 1),
        ("concat(a, 'b')", 10, 3),
        ("a  >= b", 3, 2),
        ("`${ab}c`", 3, 2),
        ("`${ab}c`", 0, None),
        ("`x` + ab", 6, 2),
        ("ab", 1, None),
        ("ab", 2, None),
        ("'open", 0, None),
    ],
)
def test_the_length_is_that_of_the_token_that_begins_there(source, position, length):
    assert token_length(source, position) == length


def test_characters_are_counted_not_their_utf_16_units():
    source = "'𝄞𝄞' + nothing()"
    with pytest.raises(ExpressionSyntaxError) as caught:
        parse_expression(source)
    assert (caught.value.position, token_length(source, 7)) == (7, 7)
