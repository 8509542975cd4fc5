"""Sealing (authenticated encryption) of secrets at rest: AES-256-GCM (NIST SP 800-38D), bound to the row of the secret.

A sealed value is a header that names the key, a nonce of 12 bytes, then ciphertext and tag. The associated text names
the row that the value belongs to, so a value that is copied to another row, or to another organization, does not open.
"""

from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from looply.clock import Entropy, SystemEntropy
from looply.errors import LooplyError, SettingsError

KEY_BYTES = 32
# 96 bits is GCM's standard size; random nonces are safe for 2**32 values under one key (SP 800-38D §8.3).
NONCE_BYTES = 12
TAG_BYTES = 16

WRAPPED: Final = b"\x01"
"""The header of values that a master key seals: wrapped data keys."""

_NUMBERED: Final = b"\x02"
_NUMBER_BYTES: Final = 4

_SYSTEM_ENTROPY = SystemEntropy()


class SealBroken(LooplyError):
    """A sealed value does not open: wrong key, another row than it was sealed for, or damaged bytes."""

    code = "SEAL_BROKEN"


class Seals(Protocol):
    """Seals and opens the secrets of one organization."""

    def seal(self, plaintext: bytes, associated: str) -> bytes:
        """Returns `plaintext` sealed for the row that `associated` names; equal inputs give unequal results.

        Raises: SealBroken when the organization has no key.
        """
        ...

    def open(self, sealed: bytes, associated: str) -> bytes:
        """Returns the plaintext of a sealed value.

        Raises: SealBroken when the key, the associated text or any byte differs from what it was sealed with.
        """
        ...


class Sealers(Protocol):
    """Provides the `Seals` of each organization."""

    def of(self, organization_id: str) -> Seals:
        """Returns the `Seals` of an organization. Cheap, and never fails."""
        ...


class Sealer:
    """Seals and opens small secrets with one key of 32 bytes; each value begins with the header `head`.

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
        return self._head + nonce + self._cipher.encrypt(nonce, plaintext, self._associated_bytes(associated))

    def open(self, sealed: bytes, associated: str) -> bytes:
        """Returns the plaintext of a sealed value; see `Seals.open`."""
        start = len(self._head)
        if len(sealed) < start + NONCE_BYTES + TAG_BYTES:
            raise SealBroken("a sealed value is too short to be one; the stored bytes are damaged")
        if sealed[:start] != self._head:
            raise SealBroken(f"a sealed value begins with {sealed[:start].hex()}, expected {self._head.hex()}")
        nonce, ciphertext = sealed[start : start + NONCE_BYTES], sealed[start + NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, ciphertext, self._associated_bytes(associated))
        except InvalidTag:
            raise SealBroken(
                "a sealed value does not open: it was sealed with another key or for another row, or it is damaged; "
                "restore the key file that belongs to this store, or enter the secret again"
            ) from None

    def _associated_bytes(self, associated: str) -> bytes:
        return self._head + associated.encode("utf-8", "surrogatepass")


def data_key_header(number: int) -> bytes:
    """Returns the header of values that data key `number` (1, 2, ...) seals."""
    return _NUMBERED + number.to_bytes(_NUMBER_BYTES, "big")


def data_key_number(sealed: bytes) -> int:
    """Returns the number of the data key of a sealed value. Raises: SealBroken for a header of another kind."""
    if sealed[:1] != _NUMBERED or len(sealed) < 1 + _NUMBER_BYTES:
        raise SealBroken("a sealed value has a header that this release does not know; the stored bytes are damaged")
    return int.from_bytes(sealed[1 : 1 + _NUMBER_BYTES], "big")
