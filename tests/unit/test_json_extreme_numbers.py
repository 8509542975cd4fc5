"""Numbers at the ends of the range of doubles are stored and read back as fast as others."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from looply.jsontext import Decoder, canonical_json, encode_json, has_extreme_numbers, parse_json, parse_stored

SMALLEST = 5e-324


@pytest.mark.parametrize(
    "text", ["1e308", "-1e308", "1.7976931348623157e308", "1e289", "1.5e290", "5e-324", "1e-308", "2.5e-293", "1e-320"]
)
def test_a_number_at_an_end_of_the_range_is_not_left_to_the_slow_reader(text: str) -> None:
    value = {"a": [parse_json(text.encode())]}
    assert has_extreme_numbers(encode_json(value))
    assert parse_stored(encode_json(value)) == value


@pytest.mark.parametrize("value", [0, 0.0, 1.5, 1e22, 1e200, 1.25e-200, 10**63, "1.7e+308", [True, None]])
def test_other_values_are_read_by_the_fast_reader(value: object) -> None:
    assert not has_extreme_numbers(encode_json(value))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_double_is_read_back_as_it_was(value: float) -> None:
    assert parse_stored(encode_json([value, 1.5])) == [value, 1.5]
    assert Decoder(dict[str, float]).decode(encode_json({"a": value})) == {"a": value}


@given(st.floats(min_value=1e289) | st.floats(min_value=SMALLEST, max_value=sys.float_info.min))
def test_every_double_at_an_end_of_the_range_is_seen(value: float) -> None:
    if value != float("inf"):
        assert has_extreme_numbers(encode_json(value))


def test_the_canonical_text_of_a_huge_number_is_no_longer_than_that_of_an_integer() -> None:
    assert canonical_json(1e308) == b"1e308"
    assert canonical_json([1e63, 10**63]) == b"[%d,%d]" % (int(1e63), 10**63)
    assert canonical_json(1.0) == canonical_json(1)
