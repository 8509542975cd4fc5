"""Codes of authenticator applications, by the vectors of the standards."""

from datetime import timedelta

import pytest

from looply.catalog.people.second_factor import code_of, matching_step, secret_text, setup_uri
from looply.clock import from_ms

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_vectors_of_rfc_6238(seconds: int, code: str) -> None:
    assert code_of(SECRET, seconds // 30, digits=8) == code


@pytest.mark.parametrize(
    ("count", "code"),
    list(enumerate(("755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583"))),
)
def test_the_vectors_of_rfc_4226(count: int, code: str) -> None:
    assert code_of(SECRET, count) == code


def test_a_code_is_right_one_step_early_and_late_and_only_once() -> None:
    now = from_ms(1_111_111_111_000)
    step = 1111111111 // 30
    code = code_of(SECRET, step)
    for steps, expected in ((-2, None), (-1, step), (0, step), (1, step), (2, None)):
        assert matching_step(SECRET, code, now + timedelta(seconds=30 * steps), None) == expected
    assert matching_step(SECRET, code, now, step - 1) == step
    assert matching_step(SECRET, code, now, step) is None
    assert matching_step(SECRET, f"{code[:3]} {code[3:]}", now, None) == step
    for wrong in ("", "000000", code[:5], f"{code}0", "\u0661" * 6, "x" * 10_000):
        assert matching_step(SECRET, wrong, now, None) is None


def test_an_application_reads_the_secret_from_a_uri() -> None:
    assert secret_text(SECRET) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert setup_uri(SECRET, "buyer@example.com") == (
        "otpauth://totp/Looply:buyer%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Looply"
    )
