"""The inference of shapes is sound: every value has the inferred shape, and a refused expression never has a value."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inference_cases import LIMITS, generate_cases, schema_and_value

from looply.expressions import completions, shape_of_schema, shape_of_value
from looply.expressions.shapes.schemas import meet
from looply.expressions.shapes.shape import EVERY, fits, union
from suite.tiers import shards

names = st.sampled_from(["a", "b", "c d", "é"])
scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2) | st.sampled_from(["", "x", "yes"])
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=8
)


@pytest.mark.parametrize("guarded", [False, True], ids=["any expression", "guarded paths"])
@pytest.mark.parametrize("part", shards(4))
def test_inferred_shapes_are_correct_and_an_error_always_fails(
    part: int, guarded: bool, repetitions: Callable[..., int]
) -> None:
    met: Counter[str] = Counter()
    for case in generate_cases(part + 100, repetitions(500, 20_000), guarded=guarded):
        assert not list(case.problems())
        shape = case.inferred.shape
        met["refused" if case.is_refused else "any" if str(shape) == "any" else "known"] += 1
    assert met["refused"] > 10
    assert met["known"] > 10 * met["any"] > 0 or guarded


@given(values, values)
def test_a_sample_has_the_shape_made_of_it_and_each_of_two_that_of_both(one: Any, two: Any) -> None:
    shape, other = shape_of_value(one), shape_of_value(two)
    assert fits(shape, one)
    assert fits(union(shape, other), one)
    assert fits(union(shape, other), two)
    assert fits(union(shape.or_null(), other), None)


def test_a_value_that_fits_a_schema_has_its_shape(repetitions: Callable[..., int]) -> None:
    met = 0
    for number in range(repetitions(3000, 100_000)):
        schema, value = schema_and_value(number)
        try:
            validator = jsonschema_rs.Draft202012Validator(schema)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError):
            continue
        shape = shape_of_schema(schema)
        if fits(shape, value):
            assert fits(meet(shape, shape_of_value(value)), value), (schema, value)
        if validator.is_valid(value):
            assert fits(shape, value), (schema, value, str(shape))
            met += shape.kinds != EVERY
    assert met > 200


SCOPE = shape_of_value({"payload": {"output": {"items": [{"price": 1, "a b": "x"}], "amount": 2}}})
pieces = st.sampled_from(
    [
        *["payload", ".", "output", "items", "[", "]", "(", ")", "'", '"', "`", "${", "}", "{", ",", "=>", " ", "x"],
        *["foreach(", "where(", "payload.output.items", "toUp", "0", "&&", "==", "\\", "$root", "é", "a b", "['"],
    ]
)


@given(st.lists(pieces, max_size=20).map("".join) | st.text(max_size=30), st.integers(-1, 90))
@settings(max_examples=1000)
def test_any_unfinished_text_has_completions_that_replace_a_part_of_it(source: str, position: int) -> None:
    for found in completions(source, position, SCOPE, LIMITS):
        assert 0 <= found.start <= position <= found.end <= len(source)
        assert found.insert
        assert found.detail
