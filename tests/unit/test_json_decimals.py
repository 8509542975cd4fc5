"""Exact decimals in JSON texts: through the door, the store and back."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from looply.errors import BadRequest
from looply.jsontext import (
    Decoder,
    canonical_json,
    encode_json,
    encode_stored,
    find_exact_numbers,
    fingerprint,
    parse_json,
    parse_stored,
    size_problem,
)
from looply.limits import DEFAULT_LIMITS

AMOUNT = "1234567890123456789012345678.120"
NUMBERS = st.integers(min_value=-(10**31), max_value=10**31).map(
    lambda units: f"{'-' if units < 0 else ''}{abs(units) // 1000}.{abs(units) % 1000:03}"
)


@given(st.lists(NUMBERS, max_size=50))
def test_every_number_leaves_as_it_came(texts: list[str]) -> None:
    body = f'{{"amounts": [{",".join(texts)}], "iban": "DE89370400440532013000"}}'.encode()
    value = parse_json(body)
    stored = encode_stored(value)
    assert [Decimal(repr(one)) if isinstance(one, float) else Decimal(one) for one in value["amounts"]] == [
        Decimal(text) for text in texts
    ]
    assert parse_stored(stored) == value
    assert [type(one) for one in parse_stored(stored)["amounts"]] == [type(one) for one in value["amounts"]]
    assert parse_json(encode_json(value)) == value


def test_a_long_amount_keeps_the_zeros_at_its_end() -> None:
    assert encode_json(parse_json(AMOUNT.encode())) == AMOUNT.encode()


@pytest.mark.parametrize(
    "text",
    [AMOUNT, "1.2345678901234567890123e30", "-0.00000000000012345678901234567", "1234567890123456789.0000001E-3"],
)
def test_a_number_is_exact_in_every_place(text: str) -> None:
    for body in (text, f" {text} ", f"[{text}]", f'{{"a":{text},"b":[1,{text}]}}'):
        value = parse_json(body.encode())
        found = value if not isinstance(value, dict | list) else value[0] if isinstance(value, list) else value["a"]
        assert (type(found), found) == (Decimal, Decimal(text))
        assert parse_stored(encode_stored(value)) == value


@pytest.mark.parametrize(
    "text", ["[0.30000000000000004]", '["DE89370400440532013000"]', "[12345678901234567890]", '{"a.e": 1, "b": 2.5}']
)
def test_what_a_double_keeps_is_read_by_the_fast_reader(text: str) -> None:
    assert not find_exact_numbers(text.encode())
    assert encode_json(parse_json(text.encode())) == text.replace(" ", "").encode()


def test_values_of_a_type_keep_their_decimals_and_their_floats() -> None:
    class_ = dict[str, Any]
    assert Decoder(class_).decode(f'{{"a":{AMOUNT},"b":1.5}}'.encode()) == {"a": Decimal(AMOUNT), "b": 1.5}
    assert Decoder(dict[str, float]).decode(f'{{"a":{AMOUNT}}}'.encode()) == {"a": float(AMOUNT)}


@pytest.mark.parametrize("digits", [1001, 10_000])
def test_a_decimal_of_very_many_digits_is_refused(digits: int) -> None:
    for text in (f"0.{'7' * digits}", f"[{'7' * 20}.{'7' * digits}]", f"1.2345678901234567e-{digits}"):
        with pytest.raises(BadRequest) as caught:
            parse_json(text.encode())
        assert caught.value.code == "MALFORMED_JSON"
        assert "decimal_digits" in caught.value.message
    assert parse_json(f'["0.{"7" * digits}", 0.12345678901234567891]'.encode())[0] == f"0.{'7' * digits}"
    assert DEFAULT_LIMITS.decimal_digits == 1000
    assert type(parse_json(f"0.{'7' * 1000}".encode())) is Decimal


HUGE_EXPONENTS = ["99999999999999999999", "-99999999999999999999", "+1234567890123456789012345"]


@pytest.mark.parametrize("exponent", HUGE_EXPONENTS)
def test_an_exponent_that_no_decimal_has_is_refused_in_a_number(exponent: str) -> None:
    for digits in ("1", "-1.5"):
        with pytest.raises(BadRequest) as caught:
            parse_json(f"[{digits}e{exponent}, 1.5]".encode())
        assert caught.value.code == "MALFORMED_JSON"
    assert parse_json(f"[0e{exponent}, -0.0e{exponent}, 1.5]".encode()) == [0, 0, 1.5]


@pytest.mark.parametrize("exponent", HUGE_EXPONENTS)
def test_a_text_that_reads_like_a_number_with_such_an_exponent_is_kept(exponent: str) -> None:
    for digits in ("0", "-0.0", "1.5", "00"):
        text = f"{digits}e{exponent} 9f{digits}e{exponent}"
        assert parse_json(f'["{text}", 0.12345678901234567891]'.encode()) == [text, Decimal("0.12345678901234567891")]


def test_equal_decimals_are_one_value_to_a_fingerprint() -> None:
    assert canonical_json(parse_json(b"12345678901234567890.50")) == b"12345678901234567890.5"
    assert fingerprint(parse_json(b"12345678901234567890.000")) == fingerprint(12345678901234567890)
    assert fingerprint(parse_json(b"0.12345678901234567891")) != fingerprint(parse_json(b"0.12345678901234567892"))


def test_the_digits_of_a_decimal_count_before_it_is_encoded() -> None:
    value = [parse_json(f"0.{'7' * 900}".encode())] * 100
    assert size_problem(value, 50_000, DEFAULT_LIMITS) == "has more than 50000 bytes"
    assert len(encode_json(value)) > 50_000
