"""Addresses of visits in an execution, and the ids, keys, tokens and random numbers that are derived from them.

Everything here is a function of the execution and the address, so that every engine, every restart and every retry
computes the same key, token, id and random number.
"""

import base64
import binascii
from datetime import datetime
from hashlib import blake2b
from hmac import compare_digest
from typing import Any, NamedTuple
from uuid import UUID

from looply.instants import from_ms, to_ms

_MAC_BYTES = 16
_LEAST_CHALLENGE_BYTES = 16


class Address(NamedTuple):
    """One visit of one step. `scope` names the enclosing branch or iteration and is empty at the top."""

    scope: str
    step: str
    visit: int

    @property
    def text(self) -> str:
        """The address as one text: `step:visit`, or `scope/step:visit`."""
        return f"{self.scope}/{self.step}:{self.visit}" if self.scope else f"{self.step}:{self.visit}"

    @property
    def fields(self) -> dict[str, Any]:
        """The address as the fields of a step's event."""
        return {"scope": self.scope, "step": self.step, "visit": self.visit}


class Token(NamedTuple):
    """A parsed token: the execution, the visit, the recipient (-1: the wait as a whole), and the proof (a MAC)."""

    execution_id: str
    address: str
    part: int
    proof: bytes


def parse_address(text: str) -> Address:
    """Returns the address that `Address.text` wrote."""
    head, _, visit = text.rpartition(":")
    scope, _, step = head.rpartition("/")
    return Address(scope, step, int(visit))


def idempotency_key(execution_id: str, address: Address) -> str:
    """Returns the stable key of a step's effect: `<execution>:<step>:<visit>`, the same for all attempts."""
    return f"{execution_id}:{address.text}"


def wait_token(execution_id: str, seed: bytes, address: Address) -> str:
    """Returns the token that names one wait; it can be computed before the wait opens."""
    return _token(execution_id, seed, address, -1)


def card_token(execution_id: str, seed: bytes, address: Address, part: int) -> str:
    """Returns the token by which one recipient answers one card."""
    return _token(execution_id, seed, address, part)


def parse_token(text: str) -> Token | None:
    """Returns the parts of a token, or None when the text cannot be one. The proof is not checked."""
    padding = "=" * (-len(text) % 4)
    try:
        # A token ends with `#` and a number. Most texts are no tokens; only their ends are decoded.
        if b"#" not in base64.urlsafe_b64decode(text[_end_of(text) :] + padding):
            return None
        raw = base64.urlsafe_b64decode(text + padding)
        address, _, part = raw[32:].decode().rpartition("#")
        parse_address(address)
        token = Token(str(UUID(bytes=raw[:16])), address, int(part), raw[16:32])
    except (ValueError, binascii.Error):
        return None
    return token if _encode(token) == text else None


def _end_of(text: str) -> int:
    """Returns the index of the last groups of four characters, which hold the number at the end of a token."""
    return max(0, (len(text) - 1) // 4 - 4) * 4


def is_genuine(token: Token, seed: bytes) -> bool:
    """Returns whether the token was made with the execution's seed; the comparison takes constant time."""
    return compare_digest(_proof(seed, token.address, token.part), token.proof)


def make_challenge(seed: bytes, card: str, until: datetime, nonce: bytes) -> str:
    """Returns a text that asks for the code of a card until an instant; only who has the seed can make one."""
    body = to_ms(until).to_bytes(8, "big") + nonce
    return base64.urlsafe_b64encode(body + _keyed(seed, "challenge", card, body)).rstrip(b"=").decode()


def expiry_of_challenge(seed: bytes, card: str, challenge: str) -> datetime | None:
    """Returns until when a challenge holds, None for a text that is no challenge of the card."""
    try:
        raw = base64.urlsafe_b64decode(challenge + "=" * (-len(challenge) % 4))
    except (ValueError, binascii.Error):
        return None
    body, proof = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if len(body) < _LEAST_CHALLENGE_BYTES or not compare_digest(_keyed(seed, "challenge", card, body), proof):
        return None
    return from_ms(int.from_bytes(body[:8], "big"))


def is_challenge_open(seed: bytes, card: str, challenge: str, at: datetime) -> bool:
    """Returns whether a text is a challenge of the card that still holds at an instant."""
    until = expiry_of_challenge(seed, card, challenge)
    return until is not None and at < until


def is_card_code(seed: bytes, card: str, challenge: str, code: str) -> bool:
    """Returns whether a code is the one of a challenge; the comparison takes constant time."""
    return compare_digest(card_code(seed, card, challenge).encode(), code.strip().encode("utf-8", "surrogatepass"))


def card_code(seed: bytes, card: str, challenge: str) -> str:
    """Returns the six digits that belong to a challenge; the text of a challenge says nothing of them."""
    return f"{int.from_bytes(_keyed(seed, 'code', card, challenge.encode())[:8], 'big') % 1_000_000:06d}"


def card_id(execution_id: str, address: Address, part: int) -> str:
    """Returns the id of one recipient's copy of a card."""
    digest = blake2b(f"{execution_id}\0{address.text}\0{part}".encode(), digest_size=16).digest()
    return str(UUID(bytes=digest))


def child_id(execution_id: str, key: str, at: datetime) -> str:
    """Returns the id of an execution that another one starts: a UUIDv7 of the instant `at`.

    `key` is the cause: the address of the step, or the id of an incident. The same cause gives the same id, so that a
    second start is harmless.
    """
    digest = blake2b(f"{execution_id}\0child\0{key}".encode(), digest_size=16).digest()
    noise = int.from_bytes(digest, "big")
    rand_a, rand_b = noise >> 116, noise & ((1 << 62) - 1)
    return str(UUID(int=to_ms(at) << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b))


def incident_id(execution_id: str, seq: int) -> str:
    """Returns the id of the incident that is opened as event number `seq`."""
    digest = blake2b(f"{execution_id}\0incident\0{seq}".encode(), digest_size=16).digest()
    return str(UUID(bytes=digest))


def jitter(execution_id: str, address: Address, attempt: int) -> float:
    """Returns a number in [0, 1) that is the same whenever it is computed."""
    digest = blake2b(f"{execution_id}\0{address.text}\0{attempt}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


class RandomStream:
    """The random stream behind `rand()` and `newGuid()` of one evaluation: 16 bytes a call, derived from the seed."""

    def __init__(self, seed: bytes, address: Address, part: str = "") -> None:
        self._seed = seed
        self._address = address
        self._part = part
        self._count = 0

    def __call__(self) -> bytes:
        """Returns the next 16 bytes."""
        self._count += 1
        drawn = f"{self._address.text}\0{self._part}\0{self._count}"
        return blake2b(drawn.encode(), key=self._seed, digest_size=16).digest()


def _proof(seed: bytes, address: str, part: int) -> bytes:
    return blake2b(f"token\0{address}\0{part}".encode(), key=seed, digest_size=_MAC_BYTES).digest()


def _keyed(seed: bytes, purpose: str, card: str, body: bytes) -> bytes:
    return blake2b(f"{purpose}\0{card}\0".encode() + body, key=seed, digest_size=_MAC_BYTES).digest()


def _token(execution_id: str, seed: bytes, address: Address, part: int) -> str:
    return _encode(Token(execution_id, address.text, part, _proof(seed, address.text, part)))


def _encode(token: Token) -> str:
    raw = UUID(token.execution_id).bytes + token.proof + f"{token.address}#{token.part}".encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
