"""Which passwords are accepted, and how they are hashed."""

import asyncio

import pytest

from looply.catalog.people.passwords import DEFAULT_COST, HashCost, Passwords, validate_password
from looply.errors import Overloaded, Refused
from looply.testing.clock import SerialEntropy

CHEAP = HashCost(iterations=1, memory_kib=8)


def passwords(**options: int) -> Passwords:
    return Passwords(SerialEntropy(), CHEAP, **options)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "elevenchars",
        "aaaaaaaaaaaa",
        "abababababab",
        "123456789012",
        "abcdefghijkl",
        "password1234",
        "P@ssw0rd!2024",
        "PasswortPasswort",
        "welcome2024!!",
        "qwertzuiop123",
        "looplylooply1",
        "correcthorsebatterystaple",
        "anna.schmidt1",
        "Anna-Schmidt-2024",
        "anna.schmidt@example.com",
        "x" * 257,
    ],
)
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(Refused) as caught:
        validate_password(password, ("Anna Schmidt", "anna.schmidt@example.com"))
    assert caught.value.code == "WEAK_PASSWORD"
    assert password not in caught.value.message or not password


@pytest.mark.parametrize(
    "password", ["four unrelated words of mine", "kd83!xm29qpz", "violett Regen Tisch acht", "ein sehr langer Satz 1"]
)
def test_any_other_password_is_accepted_whatever_its_characters(password: str) -> None:
    assert validate_password(password, ("Anna Schmidt", "anna.schmidt@example.com")) == password


async def test_a_password_matches_its_hash_alone() -> None:
    hasher = passwords()
    stored = await hasher.hash("four unrelated words of mine")
    assert stored.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert await hasher.verify("four unrelated words of mine", stored)
    for wrong in ("four unrelated words of min", "Four unrelated words of mine", "", "x" * 100_000, "\ud800"):
        assert not await hasher.verify(wrong, stored)
    assert stored != await hasher.hash("four unrelated words of mine")


async def test_a_password_is_the_same_from_every_keyboard() -> None:
    hasher = passwords()
    stored = await hasher.hash("gr\u00fcner Tee am Nachmittag")
    assert await hasher.verify("gru\u0308ner Tee am Nachmittag", stored)


async def test_without_a_hash_the_same_work_is_done_and_nothing_matches() -> None:
    hasher = passwords()
    assert not await hasher.verify("no account has this password", None)
    worked = 0
    run = hasher._run

    async def count(act):
        nonlocal worked
        worked += 1
        return await run(act)

    hasher._run = count  # type: ignore[method-assign]
    stored = await hasher.hash("four unrelated words of mine")
    worked = 0
    await hasher.verify("x", stored)
    assert worked == 1
    await hasher.verify("x", None)
    assert worked == 2


async def test_more_than_a_number_of_sign_ins_do_not_wait() -> None:
    hasher = passwords(at_once=1, waiting=3)
    await hasher.verify("x", None)
    results = await asyncio.gather(*(hasher.verify("x", None) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(each, Overloaded) for each in results) == 2


def test_the_cost_is_that_of_the_standard() -> None:
    assert (DEFAULT_COST.iterations, DEFAULT_COST.memory_kib) == (3, 64 * 1024)
