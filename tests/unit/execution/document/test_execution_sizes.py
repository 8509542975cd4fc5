"""Sizes of values: the limit of nesting equals that of requests."""

import pytest

from looply.errors import BadRequest
from looply.jsontext import parse_json, size_problem
from looply.limits import Limits

LIMITS = Limits(json_levels=3)


@pytest.mark.parametrize(
    ("text", "is_too_deep"),
    [("1", False), ("[[[]]]", False), ('[{"a": [1]}]', False), ("[[[[]]]]", True), ('[{"a": [{"b": 1}]}]', True)],
)
def test_a_value_is_nested_too_deeply_when_the_door_would_refuse_its_text(text, is_too_deep):
    assert size_problem(parse_json(text.encode()), 1000, LIMITS) == (
        "is nested deeper than 3 levels" if is_too_deep else ""
    )
    if is_too_deep:
        with pytest.raises(BadRequest, match="nested deeper than 3 levels"):
            parse_json(text.encode(), LIMITS)
    else:
        parse_json(text.encode(), LIMITS)
