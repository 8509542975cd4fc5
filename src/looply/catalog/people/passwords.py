"""Passwords: which ones are accepted, and their hashes.

Hashes are Argon2id in the PHC string format (RFC 9106), so that each names the parameters that verify it.
"""

import asyncio
import re
import unicodedata
from collections.abc import Callable, Collection
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from looply.clock import Entropy
from looply.errors import Overloaded, Refused

MIN_CHARACTERS: Final = 12
MAX_CHARACTERS: Final = 256
"""A bound of the work to normalize a password; the hash costs the same for each length."""

_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32
_MIN_DIFFERENT: Final = 5
_LIST: Final = Path(__file__).parent / "common_passwords.txt"
_NO_LETTERS: Final = re.compile(r"[\d\W_]+")
_ENDS: Final = re.compile(r"^[\d\W_]+|[\d\W_]+$")
_LOOK_ALIKE: Final = str.maketrans("013457@$!", "oleastasi")
_DUMMY: Final = "no account has this password"


_Result = TypeVar("_Result")


class HashCost(msgspec.Struct, frozen=True):
    """The parameters of Argon2id. The default is the second choice of RFC 9106 with one lane instead of four.

    One lane: a server has few cores, and the hash of one person must not occupy all of them.
    """

    iterations: int = 3
    memory_kib: int = 64 * 1024
    lanes: int = 1


DEFAULT_COST: Final = HashCost()


class Passwords:
    """Hashes and verifies passwords on threads, a few at once.

    Guarantees: memory for `at_once` hashes, whatever number of callers wait; more than `waiting` are refused.
    """

    def __init__(self, entropy: Entropy, cost: HashCost = DEFAULT_COST, *, at_once: int = 2, waiting: int = 64) -> None:
        self._entropy = entropy
        self._cost = cost
        self._at_once = asyncio.Semaphore(at_once)
        self._waiting = waiting
        self._pending = 0
        self._dummy = ""

    async def hash(self, password: str) -> str:
        """Returns the hash of a password. Raises: Overloaded."""
        text = _normalize(password)
        return await self._run(lambda: self._hash(text))

    async def verify(self, password: str, stored: str | None) -> bool:
        """Returns whether a password has the stored hash; without a stored hash never, at the same cost.

        Raises: Overloaded.
        """
        text = _normalize(password[: MAX_CHARACTERS + 1])
        if not self._dummy:
            self._dummy = await self._run(lambda: self._hash(_DUMMY))
        matches = await self._run(lambda: _matches(text, stored or self._dummy))
        return matches and stored is not None

    def _hash(self, text: str) -> str:
        salt = self._entropy.token(_SALT_BYTES)
        cost = self._cost
        kdf = Argon2id(
            salt=salt,
            length=_HASH_BYTES,
            iterations=cost.iterations,
            lanes=cost.lanes,
            memory_cost=cost.memory_kib,
        )
        return kdf.derive_phc_encoded(text.encode("utf-8", "surrogatepass"))

    async def _run(self, act: Callable[[], _Result]) -> _Result:
        if self._pending >= self._waiting:
            raise Overloaded(f"{self._waiting} sign-ins wait already; repeat in a second")
        self._pending += 1
        try:
            async with self._at_once:
                return await asyncio.to_thread(act)
        finally:
            self._pending -= 1


def validate_password(password: str, about: Collection[str] = (), field: str = "password") -> str:
    """Returns a password that may be chosen. `about` are texts about the person: the name, the address.

    There are no rules about kinds of characters, and no password expires (NIST SP 800-63B §3.1.1.2).

    Raises: Refused (code `WEAK_PASSWORD`) with what is wrong.
    """
    if finding := _finding(_normalize(password[: MAX_CHARACTERS + 1]), about):
        raise Refused.at(f"/{field}", finding, code="WEAK_PASSWORD")
    return password


def _finding(text: str, about: Collection[str]) -> str:
    if len(text) < MIN_CHARACTERS:
        return f"has {len(text)} characters; at least {MIN_CHARACTERS} are needed, such as four unrelated words"
    if len(text) > MAX_CHARACTERS:
        return f"has more than {MAX_CHARACTERS} characters"
    if len(set(text.casefold())) < _MIN_DIFFERENT:
        return f"has fewer than {_MIN_DIFFERENT} different characters"
    words = {word for each in about for word in _words(each)}
    if _without_words(text, words) or _without_words(text, _common_words()):
        return "is made of digits, a common word, a name or an address; choose four unrelated words, for example"
    if _is_row(text):
        return "is a row of neighbouring characters; choose four unrelated words, for example"
    return ""


def _without_words(text: str, words: Collection[str]) -> bool:
    """Returns whether a text consists of these words, digits and signs only; digits may be written for letters."""
    plain = text.casefold()
    for variant in (plain, _ENDS.sub("", plain).translate(_LOOK_ALIKE)):
        letters = _NO_LETTERS.sub("", variant)
        if letters in words or _is_repetition(letters, words):
            return True
    return False


def _is_repetition(letters: str, words: Collection[str]) -> bool:
    """Returns whether letters are one of the words several times, or two of the words."""
    for end in range(1, len(letters)):
        first, rest = letters[:end], letters[end:]
        if first in words and (rest in words or rest == first * (len(rest) // end)):
            return True
    return not letters


def _is_row(text: str) -> bool:
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps in ({1}, {-1})


def _words(text: str) -> set[str]:
    """Returns the words of a name or an address, and all of its letters as one word."""
    folded = text.casefold()
    words = {word for word in _NO_LETTERS.split(folded) if len(word) > 2}
    return words | {_NO_LETTERS.sub("", folded)} - {""}


@cache
def _common_words() -> frozenset[str]:
    return frozenset(_LIST.read_text("utf-8").split())


def _normalize(password: str) -> str:
    """Returns one form of a password for all keyboards (NIST SP 800-63B §3.1.1.2: NFKC)."""
    return unicodedata.normalize("NFKC", password)


def _matches(text: str, stored: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(text.encode("utf-8", "surrogatepass"), stored)
    except InvalidKey:
        return False
    return True
