import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from looply.expressions import ExpressionError, ExpressionLimit, parse_expression
from looply.limits import Limits

DATA = {
    "payload": {"output": {"amount": 1500, "note": None, "e-mail": "a@b.c", "lines": [{"n": 1}, {"n": 2}]}},
    "names": ["a", "b"],
    "deep": {"b": {"c": {"d": {"e": 9}}}},
    "key": "amount",
    "index": 1,
    "half": 1.5,
    "nothing": None,
    "text": "hello",
    "True": 7,
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("key", "amount"),
        ("payload.output", DATA["payload"]["output"]),
        ("payload.output.amount", 1500),
        ("payload . output [ 'amount' ]", 1500),
        ("payload['output'][\"e-mail\"]", "a@b.c"),
        ("payload.output.lines[1].n", 2),
        ("payload.output.lines[1.0].n", 2),
        ("payload.output.lines[index].n", 2),
        ("payload.output.lines[index - 1].n", 1),
        ("payload.output[key]", 1500),
        ("payload.output['am' + 'ount']", 1500),
        ("payload['output'].lines[names[5].x ?? 0].n", 1),
        ("(payload.output).amount", 1500),
        ("payload.output.note", None),
        ("PAYLOAD.Output.AMOUNT", 1500),
        ("Payload.output", DATA["payload"]["output"]),
        ("true", True),
        ("TRUE", 7),
        ("deep.b.c.d.e", 9),
        ("deep.b.c.d", {"e": 9}),
        ("$root.key", "amount"),
        ("$data.payload.output.amount", 1500),
        ("$root['key']", "amount"),
        ("$root[key]", None),
        ("$root[text]", None),
        ('json(\'{"q": {"r": 1}}\').q.r', 1),
        ("__class__", None),
        ("text.__class__.__mro__", None),
        ("payload['__class__']", None),
    ],
)
def test_paths_find_values(value, source, expected):
    assert value(source, DATA) == expected


@pytest.mark.parametrize(
    "source",
    [
        "missing",
        "missing.a.b.c",
        "missing[0]",
        "nothing.a",
        "nothing[0].b",
        "text.length",
        "index.a",
        "names.a",
        "names['a']",
        "names[9].x.y",
        "payload.output.lines.n",
        "payload.output.amount.a.b",
        "payload.nope.a",
        "payload.output.nope.a.b.c",
        "$root[0].a",
        "$root.missing",
        "names[index].a.b",
    ],
)
def test_a_missing_value_is_null(value, source):
    assert value(source, DATA) is None


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("names[2]", "the index 2 is outside the list, which has 2 items"),
        ("names[-1]", "the index -1 is outside the list, which has 2 items"),
        ("text[0]", "expected a list before `[0]`, found text"),
        ("payload[0]", "expected a list before `[0]`, found object"),
        ("$root[0]", "expected a list before `[0]`, found object"),
        ("missing[missing]", "expected a text or a whole number between `[` and `]`, found null"),
        ("names[index + 5]", "the index 6 is outside the list, which has 2 items"),
    ],
)
def test_an_index_at_the_end_must_be_there(value, source, reason):
    with pytest.raises(ExpressionError, match=re.escape(reason)):
        value(source, DATA)


@pytest.mark.parametrize(
    ("source", "found"),
    [("nothing", "null"), ("half", "number"), ("names", "list"), ("1.5", "number"), ("true", "boolean")],
)
def test_a_computed_index_must_be_a_text_or_a_whole_number(value, source, found):
    with pytest.raises(ExpressionError, match=f"between `\\[` and `\\]`, found {found}"):
        value(f"names[{source}]", DATA)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("payload.output.amount", (True, 1500)),
        ("payload.output.note", (True, None)),
        ("payload.output.nope", (False, None)),
        ("nothing", (True, None)),
        ("missing", (False, None)),
        ("names[1]", (True, "b")),
        ("names[2]", (False, None)),
        ("$root.missing", (False, None)),
        ("$root[0].a", (False, None)),
        ("missing ?? null", (True, None)),
        ("names[index]", (True, "b")),
        ("1 + 1", (True, 2)),
    ],
)
def test_lookup_reports_presence_of_a_path(seen, source, expected):
    assert parse_expression(source).lookup(seen(DATA)) == expected


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("a", ("a",)),
        ("a.b[0]['c d']", ("a", "b", 0, "c d")),
        ("$root.a", ("a",)),
        ("$root", ()),
        ("$data", ()),
        ("a[b]", None),
        ("a.b + 1", None),
        ("(a).b", ("a", "b")),
        ("[1][0]", None),
        ("`${a}`", None),
    ],
)
def test_path_is_set_for_one_plain_path(source, path):
    assert parse_expression(source).path == path


@pytest.mark.parametrize(
    ("source", "references"),
    [
        ("a.b[0].c", (("a", "b", 0, "c"),)),
        ("a.b[i].c", (("a", "b"), ("i",))),
        ("a[b.c]", (("a",), ("b", "c"))),
        ("a + a + b", (("a",), ("b",))),
        ("$root", ((),)),
        ("$root.a.b", (("a", "b"),)),
        ("$root[0]", ((),)),
        ("$root[a]", ((), ("a",))),
        ("foreach(items, x, x.price * rate)", (("items",), ("rate",))),
        ("foreach(items, x, foreach(x.parts, y, x.n + y.n + x))", (("items",),)),
        ("foreach(items, x, x.n) & x.y", (("items",), ("x", "y"))),
        ("foreach(items, $root, $root.a)", (("items",),)),
        ("if(a, `${b}`, {k: [c]}) ? !d : -e", (("a",), ("b",), ("c",), ("d",), ("e",))),
        ("1 + 2", ()),
    ],
)
def test_references_are_the_paths_that_are_read(source, references):
    assert parse_expression(source).references == references


class Lazy(Mapping[str, Any]):
    """A lazy document: it computes values on access and implements only the protocol."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __getitem__(self, name: str) -> Any:
        self.asked.append(name)
        if name == "step":
            return {"output": {"n": 5}}
        if name == "empty":
            return None
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(("step", "empty"))

    def __len__(self) -> int:
        return 2


def test_the_document_may_be_lazy(seen):
    lazy = Lazy()
    evaluation = seen(lazy)
    assert parse_expression("step.output.n + 1").evaluate(evaluation) == 6
    assert lazy.asked == ["step"]
    assert parse_expression("STEP.output.n").evaluate(evaluation) == 5
    assert parse_expression("empty").lookup(evaluation) == (True, None)
    assert parse_expression("other").lookup(evaluation) == (False, None)
    assert parse_expression("$root").evaluate(evaluation) == {"step": {"output": {"n": 5}}, "empty": None}
    assert type(parse_expression("$root").evaluate(evaluation)) is dict


def test_values_of_the_document_are_shared(seen):
    assert parse_expression("payload.output").evaluate(seen(DATA)) is DATA["payload"]["output"]


def test_case_insensitive_search_is_charged(value):
    data = {"wide": {f"k{i}": i for i in range(1000)}, "many": list(range(1000))}
    with pytest.raises(ExpressionLimit):
        value("foreach(many, x, wide.nope)", data, Limits(expression_fuel=10_000))
    with pytest.raises(ExpressionLimit):
        value("foreach(many, x, nope)", data, Limits(expression_fuel=2500))
