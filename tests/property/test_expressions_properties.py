import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from looply.expressions import (
    FUNCTIONS,
    Evaluation,
    ExpressionError,
    ExpressionSyntaxError,
    parse_card,
    parse_expression,
    parse_template,
)
from looply.jsontext import encode_json, parse_json
from looply.limits import Limits

LIMITS = Limits(expression_fuel=5000, expression_text_characters=5000, expression_items=500)
DATA = {
    "a": {"b": [1, 2.5, {"c": "x"}], "s": "text", "n": None, "t": True, "z": 0},
    "list": [3, 1, 2],
    "items": [{"n": 3, "name": "z"}, {"n": 1, "name": None}],
    "i": 1,
    "big": 10**63,
    "half": 0.5,
    "e": "",
    "date": "2026-01-15T09:30:00Z",
}

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)


def seen(data: Any = DATA, limits: Limits = LIMITS) -> Evaluation:
    numbers = iter(range(10**9))
    now = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
    return Evaluation(data, now, lambda: next(numbers).to_bytes(16, "big"), limits)


def outcome(call: Callable[[], Any]) -> tuple[Any, ExpressionError | ExpressionSyntaxError | None]:
    """Returns the result of a call, or its typed error; any other exception is raised."""
    try:
        return call(), None
    except (ExpressionError, ExpressionSyntaxError) as error:
        return None, error


def quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


leaves = st.sampled_from(
    [
        *[
            "a",
            "a.b",
            "a.b[0]",
            "a.b[i].c",
            "a['s']",
            "a.n",
            "missing.x",
            "list",
            "items",
            "items[0].name",
            "i",
            "x",
            "y",
        ],
        *["big", "half", "e", "date", "$root", "true", "false", "null", "[]", "{}", "0", "7", "1.25", "'t'", "`${i}!`"],
    ]
) | texts.map(quoted)
OPERATORS = ["+", "-", "*", "/", "%", "^", "&", "==", "!=", "<>", "<", "<=", ">", ">=", "&&", "||", "??"]


def calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def call(name: str) -> st.SearchStrategy[str]:
        function = FUNCTIONS[name]
        if function.build_loop is not None:
            return st.tuples(inner, st.sampled_from("xy"), inner).map(lambda made: f"{name}({', '.join(made)})")
        most = function.min_arguments + 2 if function.max_arguments is None else function.max_arguments
        return st.lists(inner, min_size=function.min_arguments, max_size=most).map(
            lambda made: f"{name}({', '.join(made)})"
        )

    return st.sampled_from(sorted(FUNCTIONS)).flatmap(call)


def combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return (
        calls(inner)
        | st.tuples(inner, st.sampled_from(OPERATORS), inner).map(" ".join)
        | st.tuples(st.sampled_from("!-+"), inner).map("".join)
        | st.tuples(inner, inner, inner).map(lambda made: f"({made[0]} ? {made[1]} : {made[2]})")
        | st.tuples(inner, inner).map(lambda made: f"({made[0]})[{made[1]}].c")
        | st.lists(inner, max_size=3).map(lambda made: f"[{', '.join(made)}]")
        | inner.map(lambda made: f"{{k: {made}}}")
        | inner.filter(lambda made: "`" not in made).map(lambda made: f"`<${{{made}}}>`")
    )


expressions = st.recursive(leaves, combined, max_leaves=12)


def is_json(value: Any) -> bool:
    match value:
        case None | bool() | str():
            return True
        case int():
            return abs(value) < 10**64
        case float():
            return math.isfinite(value)
        case list():
            return all(map(is_json, value))
        case dict():
            return all(isinstance(key, str) and is_json(item) for key, item in value.items())
    return False


@given(expressions)
@settings(max_examples=500)
def test_a_generated_expression_gives_json_or_a_typed_error(source):
    expression, error = outcome(lambda: parse_expression(source, LIMITS))
    if error is None:
        value, error = outcome(lambda: expression.evaluate(seen()))
    if error is not None:
        assert error.source == source
        assert 0 <= error.position < len(source)
        assert error.message
        return
    assert is_json(value)
    assert expression.lookup(seen()) in [(True, value), (False, None)]


@given(expressions)
def test_evaluation_is_deterministic_and_changes_nothing(source):
    expression, error = outcome(lambda: parse_expression(source, LIMITS))
    if error is not None:
        return
    before = json.dumps(DATA)
    (one, failure), (two, other) = (outcome(lambda: expression.evaluate(seen())) for _ in range(2))
    assert one == two
    assert str(failure) == str(other)
    assert json.dumps(DATA) == before


@given(expressions)
def test_a_whole_string_template_agrees_with_its_expression(source):
    template, refusal = outcome(lambda: parse_template({"k": [f"${{{source}}}"]}, LIMITS))
    expression, error = outcome(lambda: parse_expression(source, LIMITS))
    if error is not None:
        assert (refusal.pointer, refusal.source, refusal.position) == ("/k/0", source, error.position)
        return
    assert template.references == expression.references
    expected, error = outcome(lambda: expression.evaluate(seen()))
    made, other = outcome(lambda: template.evaluate(seen()))
    if error is not None and expression.compiled.find is not None:
        # A whole path without a value is null in a template.
        assert made == {"k": [None]}
        return
    if error is None:
        assert made == {"k": [expected]}
        return
    assert (other.pointer, other.source, other.position) == ("/k/0", source, error.position)
    assert other.reason == error.reason


alphabet = st.sampled_from(
    [*"aix0129.,:;[](){}'\"`$\\+-*/%^&|!=<>?@# \n", "${", "=>", "true", "null", "foreach(", "é", "😀"]
)
sources = st.text(max_size=60) | st.lists(alphabet, max_size=40).map("".join)


@given(sources)
@settings(max_examples=1000)
@example("`${`${`")
@example("'\\")
@example("a[-1][- 1]")
def test_any_text_parses_or_is_a_typed_error(source):
    _, error = outcome(lambda: parse_expression(source, LIMITS).evaluate(seen()))
    if error is not None:
        assert 0 <= error.position <= len(error.source)
        assert error.source == source


@given(sources)
@settings(max_examples=500)
def test_any_text_is_a_template_and_a_card_or_a_typed_error(source):
    value = {"a": source, "$data": source, "$when": source}
    for made, error in (
        outcome(lambda: parse_template(value, LIMITS).evaluate(seen())),
        outcome(lambda: parse_card(value, LIMITS).expand(seen())),
    ):
        if error is None:
            assert is_json(made)
        else:
            assert error.pointer in {"/a", "/$data", "/$when", ""}


@given(values)
def test_a_value_without_expressions_is_its_own_template(value):
    if "${" in encode_json(value).decode():
        return
    template = parse_template(value)
    assert template.is_constant
    assert template.evaluate(seen()) is value


@given(values)
def test_a_card_without_expressions_keeps_its_objects(value):
    if "$" in encode_json(value).decode():
        return
    assert parse_card({"a": {"b": value}} if not isinstance(value, list) else {"a": 1}).expand(seen()) is not None


@given(texts)
def test_a_quoted_text_is_itself(text):
    assert parse_expression(quoted(text)).evaluate(seen()) == text


def has_large_float(value: Any) -> bool:
    """Returns whether ECMAScript prints a float as a whole number, which is parsed to an integer."""
    if isinstance(value, list | dict):
        return any(map(has_large_float, value.values() if isinstance(value, dict) else value))
    return isinstance(value, float) and abs(value) >= 2**53


@given(values)
def test_json_of_the_text_of_a_value_is_the_value(value):
    data = {"v": value}
    if isinstance(value, list | dict) and not has_large_float(value):
        text = parse_expression("string(v)").evaluate(seen(data))
        assert parse_json(text.encode()) == value
        assert parse_expression("json(string(v)) == v").evaluate(seen(data)) is True


@given(st.dictionaries(texts.filter(bool), values, min_size=1, max_size=4), st.data())
def test_a_path_finds_the_value_of_the_document(data, draw):
    key = draw.draw(st.sampled_from(sorted(data)))
    expression = parse_expression(f"outer[{quoted(key)}]")
    assert expression.lookup(seen({"outer": data})) == (True, data[key])
    assert expression.path == ("outer", key)


@given(values, values)
def test_equality_is_symmetric_and_agrees_with_its_negation(one, two):
    evaluation = seen({"a": one, "b": two})
    equal = parse_expression("a == b").evaluate(evaluation)
    assert parse_expression("b == a").evaluate(evaluation) is equal
    assert parse_expression("a != b").evaluate(evaluation) is not equal
    assert parse_expression("a == a").evaluate(evaluation) is True
