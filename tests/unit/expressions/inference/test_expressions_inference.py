"""Static analysis of expressions: the inferred shapes, and the findings."""

import pytest
from order_shape import DOCUMENT

from looply.expressions import (
    FUNCTIONS,
    Finding,
    infer_expression,
    parse_expression,
    shape_of_value,
)
from looply.expressions.inference.expressions import OWN_RULES, Budget, infer
from looply.expressions.inference.findings import FindingKind
from looply.expressions.inference.visible import visible_in_step
from looply.expressions.shapes.shape import (
    ANY,
    LIST,
    NUMERIC,
    TEXT,
    TEXTUAL,
    WHOLE,
    Field,
    Presence,
    Shape,
    object_of,
    union,
)


def shape(source: str) -> Shape:
    return infer_expression(source, DOCUMENT).shape


def findings(source: str) -> tuple[Finding, ...]:
    return infer_expression(source, DOCUMENT).findings


def one(source: str) -> Finding:
    found = findings(source)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("1", "whole number"),
        ("-1.5", "number"),
        ("'a'", "'a'"),
        ("null", "null"),
        ("true", "boolean"),
        ("order.number", "text"),
        ("ORDER.Number", "text"),
        ("order['number']", "text"),
        ("$root.order.amount", "number"),
        ("$data.order.amount", "number"),
        ("order.note", "text or null"),
        ("order.buyer.mail", "text or null"),
        ("order.lines", "list of object"),
        ("order.lines[0]", "object or null"),
        ("order.lines[0].price", "number or null"),
        ("order.lines[0].price + 0", "number"),
        ("order.tags[order.count]", "text"),
        ("order.tags[order.count].x", "null"),
        ("order[order.state]", "null"),
        ("order[concat('', order.number)]", "any"),
        ("free[order.number]", "any"),
        ("any.x.y", "any"),
        ("mock.a", "text or null"),
        ("[1, 'a']", "list of 'a' or whole number"),
        ("{a: 1}.a", "whole number"),
        ("`x ${order.amount}`", "text"),
        ("order.amount * order.count", "number"),
        ("order.count % 2", "whole number"),
        ("order.count ^ 2", "number"),
        ("order.count + 1", "whole number"),
        ("order.number + 1", "text"),
        ("order.number + order.amount + 1", "text"),
        ("any + 1", "text or number"),
        ("order.note + order.note", "text"),
        ("null + null", "text"),
        ("merge(order.lines)", "object"),
        ("-order.count", "whole number"),
        ("+order.number", "text"),
        ("!order.urgent", "boolean"),
        ("order.amount > 1", "boolean"),
        ("1 < 2 < 3", "boolean"),
        ("order.urgent && order.note", "boolean"),
        ("order.urgent || order.note", "boolean or null"),
        ("order.note ?? 'none'", "text"),
        ("order.note ?? null", "text or null"),
        ("order.urgent ? 1 : 'a'", "'a' or whole number"),
        ("order.urgent ? 1 : 2 ? 'x' : null", "'x' or null"),
        ("if(order.urgent, 1, 'a')", "'a' or whole number"),
        ("order.tags & order.tags", "list of text"),
        ("order.tags & any", "text or list or null"),
        ("order.number & order.note", "text"),
        ("order.note & null", "text or null"),
        ("concat(order.amount)", "number"),
        ("coalesce(order.note, order.number)", "text"),
        ("first(order.lines).price", "number or null"),
        ("last(order.number)", "text or null"),
        ("first(order.amount)", "null"),
        ("createArray(1, 2)", "list of whole number"),
        ("union(order.tags, createArray(1))", "list of text or whole number"),
        ("intersection(order.tags, order.tags)", "list of text"),
        ("unique(order.tags)", "list of text"),
        ("skip(order.tags, 1)", "list of text"),
        ("subArray(order.tags, 0, 1)", "list of text"),
        ("sortBy(order.lines, 'price')[0].price + 0", "number"),
        ("take(order.mixed, 1)", "text or list of whole number"),
        ("reverse(order.number)", "text"),
        ("flatten(order.lines)", "list"),
        ("range(1, 2)", "list of whole number"),
        ("split(order.number, ',')", "list of text"),
        ("count(order.lines)", "whole number"),
        ("length(order.number)", "whole number"),
        ("average(order.tags)", "number"),
        ("int(order.number)", "whole number"),
        ("float(order.note)", "number or null"),
        ("base64(any)", "text or null"),
        ("getTimeOfDay(order.number)", "text or null"),
        ("resolve(order.number)", "text or null"),
        ("add(order.number, 1)", "text"),
        ("ignore(order.urgent)", "boolean"),
        ("bool(order.note)", "boolean"),
        ("contains(order.tags, 'a')", "boolean"),
        ("equals(order.amount, 1)", "boolean"),
        ("less(order.amount, 1)", "boolean"),
        ("and(true, false)", "boolean"),
        ("or(true, false)", "boolean or null"),
        ("not(true)", "boolean"),
        ("foreach(order.lines, l, l.price)", "list of number"),
        ("select(order.buyer, m, m.key)", "list of text"),
        ("foreach(order.mixed, m, m)", "list of whole number"),
        ("where(order.lines, l, l.price > 1)", "list of object"),
        ("where(free, m, true)", "object"),
        ("any(order.lines, l, l.price > 1)", "boolean"),
        ("indicesAndValues(order.tags)[0].index + 0", "whole number"),
        ("indicesAndValues(any)[0].value", "any"),
        ("indicesAndValues({a: 1})[0].value + 0", "whole number"),
        ("setProperty(order, 'new', 1).new", "whole number"),
        ("setProperty(order, order.number, 1)", "object"),
        ("setProperty(free, 'a', 1)", "object"),
        ("setProperty(order, order.state, 1).any", "any"),
        ("merge({a: 1}, {a: 'x', b: true}).a", "'x'"),
        ("merge({a: 1}, free).a", "any"),
        ("merge(order, order).limit", "number or null"),
        ("merge({note: 1}, order).note", "text or whole number"),
        ("getProperty(order, 'amount')", "number"),
        ("getProperty(order, 'a.b')", "any"),
        ("getProperty('order')", "any"),
        ("getProperty(order, order.state)", "any"),
        ("json('{\"a\": 1}').a", "whole number"),
        ("json('{')", "any"),
        ("json(order.number)", "any"),
        ("setPathToValue(order.x, 5)", "whole number"),
        ("stringOrValue('${1}')", "any"),
        ("toUpper(order.note)", "text"),
        ("noSuchFunction(1)", "any"),
        ("toUpper()", "any"),
        ("foreach(order.lines, 'x', 1)", "any"),
    ],
)
def test_the_shape_of_a_value_is_inferred_from_its_operands(source: str, words: str) -> None:
    assert str(shape(source)) == words
    assert not any(finding.severity == "error" for finding in findings(source))


@pytest.mark.parametrize(
    ("source", "message", "position", "length", "suggestion"),
    [
        ("order.amuont", "`order` has no 'amuont': this is null", 6, 6, "did you mean 'amount'?"),
        ("toUpper(ordr.note)", "there is no 'ordr': this is null", 8, 4, "did you mean 'order'?"),
        ("order.lines[0].prise", "`order.lines[0]` has no 'prise'", 15, 5, "did you mean 'price'?"),
        ("foreach(order.lines, l, l.txt)", "`l` has no 'txt'", 26, 3, "did you mean 'text'?"),
        ("order . amuont", "`order` has no 'amuont': this is null", 0, 0, "did you mean 'amount'?"),
        ("order['amuont']", "`order` has no 'amuont': this is null", 0, 0, "did you mean 'amount'?"),
        ("first(order.lines).zzz", "the value has no 'zzz'", 0, 0, ""),
        ("order.amount.x", "`order.amount` is a number, which has no names: this is null", 0, 14, ""),
        ("order.amount[0]", "`order.amount` is a number, which has no items: this is null", 0, 15, ""),
        (
            "order.state == 'opne'",
            "`order.state` is never 'opne', so this is always false",
            15,
            0,
            "did you mean 'open'?",
        ),
        (
            "'close' != order.state",
            "`order.state` is never 'close', so this is always true",
            0,
            0,
            "did you mean 'closed'?",
        ),
        ("order.amount == 'x'", "a number is never equal to a text, so this is always false", 0, 12, ""),
    ],
)
def test_a_probable_mistake_is_a_warning(
    source: str, message: str, position: int, length: int, suggestion: str
) -> None:
    found = one(source)
    assert (found.message, found.severity, found.suggestion) == (message, "warning", suggestion)
    assert (found.position, found.length) == (position, length)


@pytest.mark.parametrize(
    ("source", "message", "position"),
    [
        ("uriHost(order.amount)", "uriHost() expects a text as `uri`, found a number", 8),
        ("1 + uriHost(order.lines)", "uriHost() expects a text as `uri`, found a list", 12),
        ("replace(order.number, null, '')", "replace() expects a text as `old`, found null", 22),
        ("merge(order.number)", "merge() expects a list or an object as `object`, found a text", 6),
        ("order.lines - 1", "`-` expects numbers, found a list", 0),
        ("1 - order.lines", "`-` expects numbers, found a list", 4),
        ("1 + 2 + order.lines + 3", "`+` expects numbers or texts, found a list", 8),
        ("-order.number", "`-` expects numbers, found a text", 1),
        ("order.number > 400", "`>` compares two numbers or two texts, not a text with a number", 0),
        ("less(1, order.number)", "`<` compares two numbers or two texts, not a number with a text", 5),
        ("order.number[0] & ''", "expected a list before the index, found a text", 0),
        ("[order.number[0]]", "expected a list before the index, found a text", 1),
        ("json('[]')[0] & 'x'", "the list is always empty", 0),
        ("order.number[order.count]", "expected a list before the index, found a text", 13),
        (
            "order.lines[order.urgent]",
            "expected a text or a whole number between the brackets, found a boolean",
            12,
        ),
        ("foreach(order.amount, x, 1)", "foreach() expects a list or an object as `collection`, found a number", 8),
        ("toUpper(uriHost(1))", "uriHost() expects a text as `uri`, found a number", 16),
        ("add(null, 1)", "add() fails for all that its arguments can be", 0),
        ("{a: uriHost(1)}", "uriHost() expects a text as `uri`, found a number", 12),
        ("`${uriHost(1)}`", "uriHost() expects a text as `uri`, found a number", 11),
        (
            "order.urgent ? uriHost(1) : uriHost('x', 1) - uriHost(2)",
            "uriHost() expects a text as `uri`, found a number",
            23,
        ),
    ],
)
def test_an_expression_that_always_fails_is_an_error(source: str, message: str, position: int) -> None:
    inferred = infer_expression(source, DOCUMENT)
    assert str(inferred.shape) == "nothing"
    errors = [finding for finding in inferred.findings if finding.severity == "error"]
    assert (errors[0].message, errors[0].position) == (message, position)


def test_the_error_of_a_comparison_suggests_a_conversion() -> None:
    assert one("order.number > 400").suggestion == "write float(order.number)"
    assert one("400 < order.number").suggestion == "write float(order.number)"
    assert one("order.tags < 1").suggestion == ""


@pytest.mark.parametrize(
    "source",
    [
        "order.urgent ? uriHost(1) : 2",
        "if(order.urgent, uriHost(1), 2)",
        "exists(uriHost(1))",
        "order.urgent && uriHost(1)",
        "uriHost(1) || true",
        "!uriHost(1)",
        "uriHost(1) == 2",
        "1 < uriHost(1) < 2",
        "foreach(order.lines, l, uriHost(1))",
        "order.buyer[uriHost(1)]",
        "setPathToValue(order[uriHost(1)], 1)",
        "int(order.number) > order.tags",
        "other.status > 400",
    ],
)
def test_a_failure_whose_value_is_not_needed_is_a_warning(source: str) -> None:
    inferred = infer_expression(source, DOCUMENT)
    assert str(inferred.shape) != "nothing"
    assert [finding.severity for finding in inferred.findings if finding.kind is not FindingKind.MISSING] == ["warning"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("uriHost(order.note)", "`order.note` may be missing, and then uriHost() fails"),
        ("order.limit - 1", "`order.limit` may be missing, and then `-` fails"),
        ("1 + order.limit", "`order.limit` may be missing, and then `+` fails"),
        ("order.tags[order.limit]", "`order.limit` may be missing, and then the index fails"),
        ("uriHost(other.status)", "`other.status` may be missing, and then uriHost() fails"),
        ("uriHost(order.note ?? order.buyer.mail)", "the value may be missing, and then uriHost() fails"),
        ("foreach(order.buyer, b, 1)", "`order.buyer` may be missing, and then foreach() fails"),
    ],
)
def test_a_value_that_may_be_missing_is_reported_where_one_is_required(source: str, message: str) -> None:
    found = one(source)
    assert (found.message, found.kind, found.severity) == (message, FindingKind.MISSING, "warning")
    path = message.split("`")[1] if message.startswith("`") else ""
    assert found.suggestion == (f"write coalesce({path}, ...), or ask exists({path}) first" if path else "")


@pytest.mark.parametrize(
    "source",
    [
        "toUpper(order.note)",
        "order.note + 'x'",
        "order.limit > 5",
        "order.note == null",
        "coalesce(order.note, 'x')",
        "exists(order.buyer.mail)",
        "empty(order.note)",
        "`${order.note}`",
        "mock.a.b",
        "uriHost(mock.a)",
        "uriHost(any)",
        "uriHost(first(order.tags))",
        "order.state == 'open'",
        "order.note == 5 || null == order.amount",
        "any == 'x' && free.y > 1 && order.mixed == 5",
        "any.x[0].y",
        "order.buyer[0].x ?? 1",
    ],
)
def test_nothing_is_reported_where_a_missing_value_is_harmless(source: str) -> None:
    found = [finding for finding in findings(source) if finding.kind is FindingKind.MISSING]
    assert not found


@pytest.mark.parametrize(
    "guard",
    [
        "exists(order.note)",
        "order.note",
        "order.note != null",
        "null <> order.note",
        "!(order.note == null)",
        "not(equals(order.note, null))",
        "!empty(order.note)",
        "order.note == 'x'",
        "order.note > 'a'",
        "greater(order.note, 'a')",
        "isString(order.note)",
        "exists(order.note) && order.urgent",
        "and(order.urgent, exists(order.note))",
        "!(empty(order.note) || order.urgent)",
        "not(or(empty(order.note), order.urgent))",
    ],
)
def test_a_guard_ensures_that_a_path_has_a_value(guard: str) -> None:
    assert str(shape(f"{guard} ? uriHost(order.note) : 1")) == "text or whole number"
    for source in (f"{guard} ? uriHost(order.note) : 1", f"if({guard}, uriHost(order.note), 1)"):
        assert not findings(source)
    assert not findings(f"{guard} && uriHost(order.note)")
    assert not findings(f"!({guard}) || uriHost(order.note)")


@pytest.mark.parametrize(
    "guard",
    [
        "!exists(order.note)",
        "!order.note",
        "order.note == null",
        "empty(order.note)",
        "order.note == order.number",
        "order.note != 'x'",
        "exists(order.buyer)",
        "exists(order.note) || order.urgent",
        "order.urgent",
        "true",
        "order.note > 'a' > 1",
        "exists(order[order.number])",
        "exists(first(order.tags))",
        "!(order.note > 'a')",
        "1 + 1",
    ],
)
def test_other_conditions_ensure_nothing(guard: str) -> None:
    assert one(f"({guard}) ? uriHost(order.note) : 1").kind is FindingKind.MISSING


def test_a_guard_holds_for_prefixes_of_the_path_and_for_no_other_variable_of_the_name() -> None:
    assert not findings("exists(order.buyer.mail) ? foreach(order.buyer, b, 1) : 1")
    assert not findings("where(order.lines, l, exists(l.text) && uriHost(l.text))")
    inner = "where(order.lines, l, exists(l.text) && any(order.lines, l, uriHost(l.text)))"
    assert one(inner).message == "`l.text` may be missing, and then uriHost() fails"
    assert not findings("exists(order.note) && any(order.lines, l, uriHost(order.note))")


def test_findings_come_in_the_order_of_the_source_and_each_once() -> None:
    found = findings("concat(order.b, order.a, order.b)")
    assert [finding.path for finding in found] == [("order", "b"), ("order", "a"), ("order", "b")]
    assert [finding.position for finding in found] == sorted(finding.position for finding in found)
    again = findings("order.urgent ? 1 : order.zz")
    assert len(again) == 1


def test_beyond_the_budget_nothing_is_known_and_nothing_found() -> None:
    source = "order.amuont & order.amuont & order.amuont"
    inferred = infer(parse_expression(source).tree, visible_in_step(DOCUMENT), source, Budget(2))
    assert len(inferred.findings) < 3
    assert infer(parse_expression("1").tree, visible_in_step(DOCUMENT), "1", Budget(0)).shape is ANY


def test_a_name_that_differs_in_case_from_another_may_be_either() -> None:
    document = shape_of_value({"a": 1, "A": "x", "b": 1})
    assert str(infer_expression("a", document).shape) == "whole number"
    some = object_of({"a": Field(WHOLE, Presence.SOMETIMES), "A": Field(TEXTUAL)})
    assert str(infer_expression("a", some).shape) == "text or whole number"
    assert str(infer_expression("b", union(some, document)).shape) == "whole number or null"
    assert infer_expression("zz", object_of({}, NUMERIC)).shape.kinds == NUMERIC.or_null().kinds
    assert str(infer_expression("x[y]", object_of({"x": Field(Shape(LIST | TEXT)), "y": Field(ANY)})).shape) == "any"


def test_every_function_that_evaluates_its_arguments_itself_is_one_that_the_inference_knows() -> None:
    # Functions that need all of them nevertheless are like any other function.
    strict = {"coalesce", "ignore", "getProperty", "stringOrValue", "isMatch"}
    own = {name for name, function in FUNCTIONS.items() if function.build is not None or function.build_source}
    assert own - strict <= OWN_RULES
    assert own >= OWN_RULES


def test_a_name_that_is_no_plausible_typo_has_no_suggestion() -> None:
    assert one(f"order.{'amount' * 20}").suggestion == ""
