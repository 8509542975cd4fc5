"""Completion while an expression is written. `|` is the cursor."""

import pytest

from looply.expressions import Completion, completions, shape_of_value
from looply.expressions.editing.unfinished import read_partial
from looply.expressions.inference.visible import visible_in_card
from looply.expressions.shapes.shape import ANY, TEXTUAL, Field, Presence, Shape, object_of
from looply.limits import Limits

ORDER = {
    "number": "4500000101",
    "lines": [{"price": 1, "text": "x"}],
    "ship to": {"city": "x"},
    "amount": 2.5,
    "it's": 1,
}
DOCUMENT = shape_of_value({"payload": {"output": ORDER}, "httpRequest_1": {"output": {"status": "200"}}, "a b": 1})


def at(source: str) -> tuple[str, int]:
    position = source.index("|")
    return source[:position] + source[position + 1 :], position


def offered(source: str) -> tuple[Completion, ...]:
    return completions(*at(source), DOCUMENT)


def labels(source: str) -> list[str]:
    return [found.label for found in offered(source)]


def applied(source: str, label: str) -> str:
    """Returns the source after one of the completions."""
    text, _ = at(source)
    (found,) = (each for each in offered(source) if each.label == label)
    return text[: found.start] + found.insert + text[found.end :]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("payload.output.n|", ["number"]),
        ("payload.output.|", ["number", "lines", "ship to", "amount", "it's"]),
        ("payload.OUTPUT.N|", ["number"]),
        ("payload.output.zz|", []),
        ("payload.output.number.|", []),
        ("payload.output.lines.|", []),
        ("payload.output.lines[0].|", ["price", "text"]),
        ("payload.output.lines[ payload.output.|", ["number", "lines", "ship to", "amount", "it's"]),
        ("payload['output'].a|", ["amount"]),
        ("$root.p|", ["payload"]),
        ("first(payload.output.lines).p|", ["price"]),
        ("(payload.output).a|", ["amount"]),
        ("(1 + payload.output).a|", []),
        ("[payload][0].|", ["output"]),
        ("{a: payload}.|", ["a"]),
        ("1 + payload.output.a|", ["amount"]),
        ("concat('a', payload.output.a|)", ["amount"]),
        ("payload.output.amount > 5 && payload.output.n|", ["number"]),
        ("`x ${payload.output.n|", ["number"]),
        ("`x ${1} ${payload.output.n|} y`", ["number"]),
        ("`x` & payload.output.n|", ["number"]),
        ("`x ${{a: 1}} ${payload.output.n|", ["number"]),
        ("{a: payload.output.n|", ["number"]),
        ("payload.output['n|", ["number"]),
        ("payload.output['|", ["number", "lines", "ship to", "amount", "it's"]),
        ('payload.output["ship|', ["ship to"]),
        ("x) + payload.o|", ["output"]),
    ],
)
def test_the_fields_of_the_operand_are_offered(source: str, expected: list[str]) -> None:
    assert labels(source) == expected
    assert {found.kind for found in offered(source)} <= {"field"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("foreach(payload.output.lines, line, line.|", ["price", "text"]),
        ("foreach(payload.output.lines, line => line.p|", ["price"]),
        ("where(payload.output.lines, l, l.price > 1 && l.t|) + 1", ["text"]),
        ("foreach(payload.output, pair, pair.|", ["key", "value"]),
        ("foreach(payload.output.lines, l, foreach(payload.output, m, l.p|", ["price"]),
        ("foreach(where(payload.output.lines, l, true), k, k.p|", ["price"]),
        ("foreach(payload.output.lines, l, l.price) + l.|", []),
        ("foreach(broken broken, l, l.|", []),
        ("foreach(payload.output.lines, 'l', l.|", []),
        ("foreach(payload.output.lines, l + 1, l.|", []),
        ("concat(payload.output.lines, l, l.|", []),
        ("foreach[payload.output.lines, l, l.|", []),
        ("(payload.output.lines, l, l.|", []),
        ("foreach(payload.output.lines, l, lin|", []),
    ],
)
def test_the_variable_of_a_loop_is_an_item_of_its_collection(source: str, expected: list[str]) -> None:
    assert [found.label for found in offered(source) if found.kind == "field"] == expected


def test_a_bare_name_is_a_variable_a_name_of_the_document_or_a_function() -> None:
    found = offered("foreach(payload.output.lines, line, |)")
    assert [each.label for each in found[:6]] == ["line", "payload", "httpRequest_1", "a b", "$data", "$root"]
    assert [each.kind for each in found[:6]] == ["variable", *["field"] * 3, "variable", "variable"]
    assert {each.kind for each in found[6:]} == {"function"}
    assert labels("toUp|") == ["toUpper"]
    assert labels("tolow|") == ["toLower"]
    assert labels("line|") == []


def test_details_are_the_shape_or_the_signature() -> None:
    (field,) = offered("payload.output.lin|")
    assert field == Completion("lines", "field", "list of object", "lines", 15, 18)
    (function,) = offered("toUp|")
    assert function == Completion("toUpper", "function", "toUpper(text, [locale]): text", "toUpper(", 0, 4)
    document = object_of({"step_1": Field(TEXTUAL, Presence.SOMETIMES)})
    (step,) = completions("ste", 3, document)
    assert step.detail == "text, may be missing"


@pytest.mark.parametrize(
    ("source", "label", "expected"),
    [
        ("payload.output.n| + 1", "number", "payload.output.number + 1"),
        ("payload.output.nu|mm + 1", "number", "payload.output.number + 1"),
        ("payload.output.|", "ship to", "payload.output['ship to']"),
        ("payload.output.sh|i.x", "ship to", "payload.output['ship to'].x"),
        ("payload.output.|", "it's", "payload.output['it\\'s']"),
        ("payload.output['n|']", "number", "payload.output['number']"),
        ("payload.output['n|", "number", "payload.output['number']"),
        ("payload.output['n| + 1", "number", "payload.output['number']"),
        ('payload.output["ship|"].city', "ship to", "payload.output['ship to'].city"),
        ("a|", "a b", "$data['a b']"),
        ("toUp|", "toUpper", "toUpper("),
        ("toUp|(1)", "toUpper", "toUpper(1)"),
        ("1 + |", "payload", "1 + payload"),
    ],
)
def test_a_completion_replaces_its_prefix(source: str, label: str, expected: str) -> None:
    assert applied(source, label) == expected


@pytest.mark.parametrize(
    "source",
    [
        "'text|",
        "concat('text|', 1)",
        "['text|",
        "`literal |",
        "`literal ${1} |`",
        "payload |",
        "1 pay|",
        "{|",
        "{a: 1, b|",
        "foreach(payload.output.lines, |",
        "foreach(payload.output.lines, lin|",
        "payload . output . 5|",
        ".|",
        "+ .|",
        "5 +.|",
        "].|",
        "}].x|",
        "a b.|",
        ").payload.o|",
    ],
)
def test_nothing_is_offered_where_no_candidate_is_possible(source: str) -> None:
    assert labels(source) == []


def test_nothing_is_offered_outside_of_the_source_or_for_one_that_is_too_long() -> None:
    assert completions("pay", 4, DOCUMENT) == ()
    assert completions("pay", -1, DOCUMENT) == ()
    assert completions("pay", 3, DOCUMENT, Limits(expression_characters=2)) == ()
    assert len(completions("", 0, shape_of_value({f"n{number}": 1 for number in range(300)}))) == 200


def test_nothing_is_offered_for_a_value_of_unknown_shape() -> None:
    assert completions("x.", 2, object_of({"x": Field(ANY)})) == ()
    assert {found.kind for found in completions("", 0, Shape(2))} == {"variable", "function"}


def test_in_a_card_the_names_are_those_of_its_data() -> None:
    lines = shape_of_value({"price": 1})
    found = completions("", 0, DOCUMENT, visible=visible_in_card(DOCUMENT, lines))
    assert [each.label for each in found if each.kind != "function"][:1] == ["price"]
    assert {"$root", "$data", "$index", "$host"} <= {each.label for each in found if each.kind == "variable"}
    inner = completions("$root.pay", 9, DOCUMENT, visible=visible_in_card(DOCUMENT, lines))
    assert [each.label for each in inner] == ["payload"]


def test_arguments_are_counted_at_their_own_level() -> None:
    assert read_partial("f(1, g(2, 3), [4, 5], ").arguments() == ("f", 3)
    assert read_partial("f(1, g(2, 3").arguments() == ("g", 1)
    assert read_partial("(1, 2").arguments() == ("", 0)
    assert read_partial("f(1)").arguments() == ("", 0)
    assert read_partial("f([1, 2").arguments() == ("", 0)
