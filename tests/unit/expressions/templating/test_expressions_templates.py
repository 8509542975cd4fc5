import pytest

from looply.expressions import ExpressionError, ExpressionSyntaxError, escape_by_quotes, parse_template
from looply.limits import Limits

DATA = {
    "name": "Ann",
    "amount": 12.0,
    "flag": True,
    "nothing": None,
    "list": [1, 2],
    "thing": {"a": 1.0},
    "po": "4500",
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("${name}", "Ann"),
        ("${amount}", 12.0),
        ("${flag}", True),
        ("${nothing}", None),
        ("${missing}", None),
        ("${list}", [1, 2]),
        ("${ name }", "Ann"),
        ("Hi ${name}!", "Hi Ann!"),
        ("${name}${amount}", "Ann12"),
        ("${name} ${flag} ${nothing}${missing} ${list} ${thing}", 'Ann true  [1,2] {"a":1}'),
        ("A_PurchaseOrder('${po}')", "A_PurchaseOrder('4500')"),
        ("\\${name}", "${name}"),
        ("\\${name} ${name}", "${name} Ann"),
        ("a\\b ${name}", "a\\b Ann"),
        ("${name} ${'}'} x", "Ann } x"),
        ("${{a: name}}", {"a": "Ann"}),
        ("$ {name} $", "$ {name} $"),
        ("$${name}", "$Ann"),
        ("${`x ${name}`}", "x Ann"),
        (5, 5),
        (None, None),
        ({"a": ["${name}", "b", {"${name}": "${amount}"}]}, {"a": ["Ann", "b", {"${name}": 12.0}]}),
        ({"a": "\\${x}", "b": [1]}, {"a": "${x}", "b": [1]}),
        (["\\${x}", "${po}"], ["${x}", "4500"]),
    ],
)
def test_strings_of_a_template_are_evaluated(filled, template, expected):
    result = filled(template, DATA)
    assert result == expected
    assert type(result) is type(expected)


def test_the_value_of_an_expression_is_not_evaluated_again(filled):
    data = {"evil": "${7*7} {{ 1+1 }}"}
    assert filled({"a": "${evil}", "b": "x ${evil}"}, data) == {"a": data["evil"], "b": f"x {data['evil']}"}


def test_constant_parts_are_shared(seen):
    body = {"rows": [1, 2], "to": "${name}"}
    template = parse_template(body)
    one, two = template.evaluate(seen(DATA)), template.evaluate(seen(DATA))
    assert one == two == {"rows": [1, 2], "to": "Ann"}
    assert one is not two
    assert one["rows"] is two["rows"] is body["rows"]
    assert template.value is body
    assert body["to"] == "${name}"
    assert list(one) == ["rows", "to"]


def test_a_constant_template_is_its_value(seen):
    value = {"a": ["b", {"c": None}]}
    template = parse_template(value)
    assert template.is_constant
    assert template.evaluate(seen()) is value
    assert template.references == ()
    escaped = parse_template({"a": "\\${x}"})
    assert escaped.is_constant
    assert escaped.evaluate(seen()) is escaped.evaluate(seen())


def test_expressions_are_listed_with_their_pointers():
    template = parse_template({"a": ["x", "${b.c}"], "d/e~f": "${g} ${h[i]}", "k": "${foreach(l, x, x)}"})
    assert [(pointer, expression.source) for pointer, expression in template.expressions] == [
        ("/a/1", "b.c"),
        ("/d~1e~0f", "g"),
        ("/d~1e~0f", "h[i]"),
        ("/k", "foreach(l, x, x)"),
    ]
    assert template.references == (("b", "c"), ("g",), ("h",), ("i",), ("l",))
    assert not template.is_constant
    assert parse_template("${a}").expressions[0][0] == ""


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("${name}", (True, "Ann")),
        ("${nothing}", (True, None)),
        ("${missing}", (False, None)),
        ("${ missing }", (False, None)),
        ("${list[0]}", (True, 1)),
        ("${list[7]}", (False, None)),
        ("${missing ?? null}", (True, None)),
        ("x${missing}", (True, "x")),
        ("plain", (True, "plain")),
        (["${missing}"], (True, [None])),
    ],
)
def test_lookup_reports_presence_of_a_whole_path(seen, template, expected):
    assert parse_template(template).lookup(seen(DATA)) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("A('${v}')", "A('<O'Neil>')"),
        ("A(${v})", "A(O'Neil)"),
        ("A('x')/${v}", "A('x')/O'Neil"),
        ("A(a='${v}',b='${n}-${v}',c=${n})", "A(a='<O'Neil>',b='<7>-<O'Neil>',c=7)"),
        ("A('it''s ${v}')", "A('it''s <O'Neil>')"),
        ("${v}", "O'Neil"),
    ],
)
def test_values_within_the_quotes_of_a_text_with_literals_are_escaped(seen, template, expected):
    parsed = parse_template(
        {"p": template, "q": template}, placements={"/p": escape_by_quotes(lambda value: f"<{value}>")}
    )
    made = parsed.evaluate(seen({"v": "O'Neil", "n": 7}))
    assert made["p"] == expected
    assert made["q"] == template.replace("${v}", "O'Neil").replace("${n}", "7")


def test_expressions_are_evaluated_in_document_order(filled):
    assert filled({"b": "${rand(0, 256)}", "a": ["${rand(0, 256)}", "${rand(0, 256)}"]}) == {"b": 1, "a": [2, 3]}


def test_local_variables_of_several_expressions_do_not_meet(filled):
    template = ["${foreach(list, a, foreach(list, b, a * b))}", "${foreach(list, c, c)}"]
    assert filled(template, DATA) == [[[1, 2], [2, 4]], [1, 2]]


def test_an_error_names_field_expression_and_position(filled):
    for text in ("${toUpper(list)}", "x ${toUpper(list)}"):
        with pytest.raises(ExpressionError) as caught:
            filled({"body": {"a/b": [text]}}, DATA)
        error = caught.value
        assert (error.pointer, error.source, error.position) == ("/body/a~1b/0", "toUpper(list)", 0)
        assert error.message == (
            "/body/a~1b/0: toUpper() expects text as `text`, found list (at position 0 of: toUpper(list))"
        )
        assert str(error) == error.message


@pytest.mark.parametrize(
    ("text", "source", "position"),
    [
        ("a ${1 +} b", "1 +", 3),
        ("${}", "", 0),
        ("a ${name", "name", 4),
        ("a ${nope(1)}", "nope(1)", 0),
        ("${'a}", "'a}", 0),
        ("${{a: 1}", "{a: 1}", 6),
    ],
)
def test_a_syntax_error_names_the_field(text, source, position):
    with pytest.raises(ExpressionSyntaxError) as caught:
        parse_template({"body": [text]})
    error = caught.value
    assert (error.pointer, error.source, error.position) == ("/body/0", source, position)
    assert error.message.startswith("/body/0: ")


def test_only_texts_that_hold_expressions_are_bounded():
    limits = Limits(expression_characters=20)
    assert parse_template("x" * 1000, limits).is_constant
    assert parse_template("\\${" + "x" * 1000, limits).is_constant
    with pytest.raises(ExpressionSyntaxError, match="the limit `expression_characters` is 20"):
        parse_template("${a}" + "x" * 20, limits)
