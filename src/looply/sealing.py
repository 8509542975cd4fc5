"""Sealing of secrets at rest: AES-256-GCM (NIST SP 800-38D) bound to the place where the secret is stored.

A sealed value is a head that says which key, 12 bytes of nonce, then ciphertext and tag. The associated text names the
row that the value belongs to, so a value that is copied to another row, or to another organization, does not open.
"""

from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from looply.clock import Entropy, SystemEntropy
from looply.errors import LooplyError, SettingsError

KEY_BYTES = 32
# 96 bits is the size that GCM is made for; random ones are good for 2**32 values under one key (SP 800-38D §8.3).
NONCE_BYTES = 12
TAG_BYTES = 16

WRAPPED: Final = b"\x01"
"""The head of what a master key seals: wrapped data keys."""

_NUMBERED: Final = b"\x02"
_NUMBER_BYTES: Final = 4

_SYSTEM_ENTROPY = SystemEntropy()


class SealBroken(LooplyError):
    """A sealed value does not open: another key, another place than it was sealed for, or damaged bytes."""

    code = "SEAL_BROKEN"


class Seals(Protocol):
    """What seals and opens the secrets of one organization."""

    def seal(self, plaintext: bytes, associated: str) -> bytes:
        """Returns `plaintext` sealed for the place that `associated` names; equal inputs give unequal results.

        Raises: SealBroken when the organization has no key.
        """
        ...

    def open(self, sealed: bytes, associated: str) -> bytes:
        """Returns the plaintext of a sealed value.

        Raises: SealBroken when the key, the associated text or any byte differs from what it was sealed with.
        """
        ...


class Sealers(Protocol):
    """What seals and opens the secrets of each organization."""

    def of(self, organization_id: str) -> Seals:
        """Returns what seals for an organization. Cheap, and never fails."""
        ...


class Sealer:
    """Seals and opens small secrets with one key of 32 bytes; `head` begins each value.

    Raises: SettingsError when the key has another length.
    """

    def __init__(self, key: bytes, entropy: Entropy = _SYSTEM_ENTROPY, head: bytes = WRAPPED) -> None:
        if len(key) != KEY_BYTES:
            raise SettingsError(f"the sealing key has {len(key)} bytes, expected {KEY_BYTES}")
        self._cipher = AESGCM(key)
        self._entropy = entropy
        self._head = head

    def of(self, organization_id: str) -> Seals:  # noqa: ARG002
        """Returns itself: one key for all organizations."""
        return self

    def seal(self, plaintext: bytes, associated: str) -> bytes:
        """Returns `plaintext` sealed; see `Seals.seal`."""
        nonce = self._entropy.token(NONCE_BYTES)
        return self._head + nonce + self._cipher.encrypt(nonce, plaintext, self._bound(associated))

    def open(self, sealed: bytes, associated: str) -> bytes:
        """Returns the plaintext of a sealed value; see `Seals.open`."""
        start = len(self._head)
        if len(sealed) < start + NONCE_BYTES + TAG_BYTES:
            raise SealBroken("a sealed value is too short to be one; the stored bytes are damaged")
        if sealed[:start] != self._head:
            raise SealBroken(f"a sealed value begins with {sealed[:start].hex()}, expected {self._head.hex()}")
        nonce, ciphertext = sealed[start : start + NONCE_BYTES], sealed[start + NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, ciphertext, self._bound(associated))
        except InvalidTag:
            raise SealBroken(
                "a sealed value does not open: it was sealed with another key or for another place, or it is damaged; "
                "restore the key file that belongs to this store, or enter the secret again"
            ) from None

    def _bound(self, associated: str) -> bytes:
        return self._head + associated.encode("utf-8", "surrogatepass")


def data_key_header(number: int) -> bytes:
    """Returns the head of values that data key `number` seals, from 1 on."""
    return _NUMBERED + number.to_bytes(_NUMBER_BYTES, "big")


def data_key_number(sealed: bytes) -> int:
    """Returns the number of the data key of a sealed value. Raises: SealBroken for a head of another kind."""
    if sealed[:1] != _NUMBERED or len(sealed) < 1 + _NUMBER_BYTES:
        raise SealBroken("a sealed value has a head that this release does not know; the stored bytes are damaged")
    return int.from_bytes(sealed[1 : 1 + _NUMBER_BYTES], "big")
