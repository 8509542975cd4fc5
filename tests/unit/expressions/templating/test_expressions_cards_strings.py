import pytest

from looply.expressions import ExpressionError, ExpressionSyntaxError, parse_card
from looply.expressions.compiling.unresolved import source_text
from looply.expressions.parsing.lexer import Lexer
from looply.expressions.parsing.parser import parse
from looply.limits import Limits

DATA = {
    "name": "Ann",
    "nothing": None,
    "amount": 12.5,
    "flag": True,
    "items": [{"name": "i0", "parts": [{"v": 1}]}, {"name": "i1"}],
    "words": ["a", "b"],
    "n": 7,
    "o": {"a": 1, "b c": {"d": 2}},
    "evil": "${name}",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${name}", "Ann"),
        ("Hi ${name}!", "Hi Ann!"),
        ("${amount}", 12.5),
        ("${items}", DATA["items"]),
        ("${flag} x", "true x"),
        ("${nothing}", None),
        ("x ${nothing}", "x "),
        ("${items[0].name}", "i0"),
        ("${ name }", "Ann"),
        ("${=name}", "Ann"),
        ("${name}${n}", "Ann7"),
        ("${name} ", "Ann "),
        ("${o} ${words}", '{"a":1,"b c":{"d":2}} ["a","b"]'),
        ("${{a: n, 'b': {c: [name]}}}", {"a": 7, "b": {"c": ["Ann"]}}),
        ("${'}'} ${\"${name}\"} ${'it\\'s'}", "} ${name} it's"),
        ("${(o).a}", 1),
        ("${json('[5]')[0]}", 5),
    ],
)
def test_a_text_holds_values_and_one_whole_expression_keeps_its_type(expanded, text, expected):
    assert expanded({"t": text}, DATA) == {"t": expected}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("${5}", "5"), ("${1.50}", "1.5"), ("${true}", "true"), ("${'a'}", "a"), ("${null}", ""), ("${ }", "")],
)
def test_a_constant_alone_is_a_text(expanded, text, expected):
    assert expanded(text, DATA) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("\\$ and \\` stay", "\\$ and \\` stay"),
        ("\\$ and \\` do not beside ${name}", "$ and ` do not beside Ann"),
        ("\\${name}", "${name}"),
        ("\\\\${name}", "\\${name}"),
        ("\\n ${name} \\", "\\n Ann \\"),
        ("$${name}", "$Ann"),
        ("a `tick` ${name}", "a `tick` Ann"),
        ("${", "${"),
        ("${name", "${name"),
        ("${} ${name}", "${} Ann"),
        ("${ ${name}", "${ Ann"),
        ("${ }${name}", "Ann"),
        ("${ ${name} }", "${ Ann }"),
        ("${name\n}", "${name\n}"),
        ("${name`}", "${name`}"),
        ("${'name}", "${'name}"),
        ("${{ a: 1 }}", "${{ a: 1 }}"),
        ("${{a:}}", "${{a:}}"),
        ("${{}}", {}),
        ("${{a: {}}}", {"a": {}}),
        ("${n {x}}", "${n {x}}"),
        ("${" + "{a:" * 150 + "1" + "}" * 151, "${" + "{a:" * 150 + "1" + "}" * 151),
    ],
)
def test_text_that_is_no_expression_is_literal(expanded, text, expected):
    assert expanded(text, DATA) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${missing}", "${missing}"),
        ("Hi ${missing} ${name}", "Hi ${missing} Ann"),
        ("${missing.deep.er}", "${missing.deep.er}"),
        ("${nothing.at}", "${nothing.at}"),
        ("${items[0].none}", "${items[0].none}"),
        ("${o['b c'].none}", "${o['b c'].none}"),
        ("${o['b ' + 'c'].none}", "${o['b c'].none}"),
        ("${items[n - 7].none}", "${items[0].none}"),
        ("${items[n / 7].none}", "${items[1].none}"),
        ("${items['0'].none}", "${items[0].none}"),
        ("${o[missing].none}", "${o['${missing}'].none}"),
        ("${json('{}').b.c} ${json('[1]')[0].b}", "${b.c} ${[0].b}"),
        ("${(o.b).c}", "${o.b.c}"),
        ("${getProperty('none')} ${getProperty(o, 'x.y')}", "${none} ${x.y}"),
        ("${foreach(items, i, i.parts)}", [[{"v": 1}], "${i.parts}"]),
    ],
)
def test_a_path_without_a_value_is_left_as_source_text(expanded, text, expected):
    assert expanded(text, DATA) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${toUpper(missing)}", "${MISSING}"),
        ("${missing + 1}", "${missing}1"),
        ("${missing ?? 'd'}", "${missing}"),
        ("${coalesce(nothing, missing, 'd')}", "${missing}"),
        ("${if(missing, 'yes', 'no')}", "no"),
        ("${missing ? 'yes' : other}", "${other}"),
        ("${flag ? missing : 1}", "${missing}"),
        ("${missing ? 1 : missing ? 2 : 3}", 3),
        ("${!missing} ${not(missing)} ${exists(missing)} ${empty(missing)}", "true true false true"),
        ("${missing == null} ${equals(missing, '${missing}')}", "true false"),
        ("${missing > 1 || flag} ${and(missing, flag)}", "true false"),
        ("${bool(missing)} ${1 < 2 && missing}", "false false"),
        ("${o[missing ?? 'a']}", 1),
    ],
)
def test_an_unresolved_path_is_a_text_except_within_conditions(expanded, text, expected):
    assert expanded(text, DATA) == expected


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("1/0", "(1 / 0)"),
        ("1/0 + 2 - 3", "(((1 / 0) + 2) - 3)"),
        ("div( n,0 )", "(n / 0)"),
        ("2 ^ (1/0) ^ 2", "(2 ^ ((1 / 0) ^ 2))"),
        ("-(1/0)", "(0 - (1 / 0))"),
        ("items[9]", "items[9]"),
        ("items[0]['x'][n].y[1]", "items[0]['x'][n].y[1]"),
        ("items[ !n ] ", "items[!(n)]"),
        ("sub(1 > 2 ? 3 : n, '1'+words)", "(if((1 > 2), 3, n) - ('1' + words))"),
        ("div(n, 0) & name ?? 'x'", "coalesce(concat((n / 0), name), 'x')"),
        ("[1/0, 1.50, true, null, -5]", "createArray((1 / 0), 1.5, true, null, (0 - 5))"),
        ("{a: 1/0, 'b': 2}", "setProperty(setProperty(json('{}'), 'a', (1 / 0)), 'b', 2)"),
        ("join(n, 'it\\'s \\\\')", "join(n, 'it\\'s \\\\')"),
        ("foreach(n, x => x.y)", "foreach(n, x, x.y)"),
        ("nope( name,1 ).a", "nope(name, 1).a"),
    ],
)
def test_a_failing_expression_within_a_text_is_printed_as_by_microsofts_package(seen, expression, shown):
    card = parse_card(f"x ${{{expression}}}", allows_unknown=True)
    assert card.expand(seen(DATA)) == f"x ${{{shown}}}"


def test_a_text_within_backticks_is_printed_as_its_pieces():
    source = "`a ${n} b`"
    assert source_text(parse(Lexer(source).tokenize(), source, Limits())) == "concat('', 'a ', n, ' b')"


@pytest.mark.parametrize(
    "expression", ["1 / 0", "items[9]", "missing[0]", "o[flag].x", "o[nothing].none", "missing[nothing].x", "nope(1)"]
)
def test_a_whole_expression_that_fails_is_an_error_of_its_field(seen, expression):
    card = parse_card({"a": [{"b": f"${{{expression}}}"}]}, allows_unknown=True)
    with pytest.raises(ExpressionError) as caught:
        card.expand(seen(DATA))
    assert caught.value.pointer == "/a/0/b"
    assert caught.value.message.startswith("/a/0/b: ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${concat(name, n, nothing)}", "Ann7"),
        ("${name & n & 'x'}", "Ann7x"),
        ("${concat(name, 1 / 0)}", "Ann${(1 / 0)}"),
        ("${name & items[9]}", "Ann${items[9]}"),
        ("${concat(words, words)}", '["a","b"]["a","b"]'),
        ("${concat(words)}", '["a","b"]'),
        ("${words & words & words}", '["a","b","a","b"]["a","b"]'),
        ("${count(concat(words, words))}", 4),
    ],
)
def test_a_whole_concatenation_is_treated_as_a_text(expanded, text, expected):
    assert expanded(text, DATA) == expected


def test_values_of_the_document_are_not_evaluated_again(expanded):
    assert expanded({"a": "${evil}", "b": "x ${evil}"}, DATA) == {"a": "${name}", "b": "x ${name}"}
    assert expanded("${toUpper(missing)} ${evil}", DATA) == "${MISSING} ${name}"


def test_a_function_that_does_not_exist_is_refused_unless_it_is_allowed(seen):
    with pytest.raises(ExpressionSyntaxError, match="did you mean `toUpper`"):
        parse_card("${toUper(name)}")
    lenient = parse_card(["x ${toUper(name)}", {"$when": "${toUper(name)}"}], allows_unknown=True)
    assert lenient.expand(seen(DATA)) == ["x ${toUper(name)}"]
    with pytest.raises(ExpressionSyntaxError):
        parse_card("${toUper(length(1, 2, 3))}", allows_unknown=True)


def test_a_text_over_the_limit_may_hold_no_expression():
    limits = Limits(expression_characters=10)
    assert parse_card("x" * 20, limits).expressions == ()
    with pytest.raises(ExpressionSyntaxError, match="expression_characters") as caught:
        parse_card({"a": "${n}" + "x" * 20}, limits)
    assert caught.value.pointer == "/a"
