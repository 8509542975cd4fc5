"""Sealing of secrets at rest: AES-256-GCM (NIST SP 800-38D) bound to the place where the secret is stored.

A sealed value is one byte of key version, 12 bytes of nonce, then ciphertext and tag. The associated text names the
row that the value belongs to, so a value that is copied to another row, or to another organization, does not open.
"""

import base64
import binascii
import os
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from looply.clock import Entropy, SystemEntropy
from looply.durable import sync_folder
from looply.errors import LooplyError, Problem, SettingsError

KEY_BYTES = 32
# 96 bits is the size that GCM is made for; random ones are good for 2**32 values under one key (SP 800-38D §8.3).
NONCE_BYTES = 12
TAG_BYTES = 16
KEY_VERSION = 1
FIRST_FORM = bytes([KEY_VERSION])
"""How a value begins that one key sealed, without the number of a data key."""

_SYSTEM_ENTROPY = SystemEntropy()


class SealBroken(LooplyError):
    """A sealed value does not open: another key, another place than it was sealed for, or damaged bytes."""

    code = "SEAL_BROKEN"


class Sealer:
    """Seals and opens small secrets with one key of 32 bytes.

    Raises: SettingsError when the key has another length.
    """

    def __init__(self, key: bytes, entropy: Entropy = _SYSTEM_ENTROPY) -> None:
        if len(key) != KEY_BYTES:
            raise SettingsError(f"the sealing key has {len(key)} bytes, expected {KEY_BYTES}")
        self._cipher = AESGCM(key)
        self._entropy = entropy

    def seal(self, plaintext: bytes, associated: str) -> bytes:
        """Returns `plaintext` sealed for the place that `associated` names; equal inputs give unequal results."""
        nonce = self._entropy.token(NONCE_BYTES)
        head = bytes([KEY_VERSION])
        return head + nonce + self._cipher.encrypt(nonce, plaintext, _bound(head, associated))

    def open(self, sealed: bytes, associated: str) -> bytes:
        """Returns the plaintext of a sealed value.

        Raises: SealBroken when the key, the associated text or any byte differs from what it was sealed with.
        """
        if len(sealed) < 1 + NONCE_BYTES + TAG_BYTES:
            raise SealBroken("a sealed value is too short to be one; the stored bytes are damaged")
        head, nonce, ciphertext = sealed[:1], sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        if head[0] != KEY_VERSION:
            raise SealBroken(f"a sealed value names key version {head[0]}; this release knows version {KEY_VERSION}")
        try:
            return self._cipher.decrypt(nonce, ciphertext, _bound(head, associated))
        except InvalidTag:
            raise SealBroken(
                "a sealed value does not open: it was sealed with another key or for another place, or it is damaged; "
                "restore the key file that belongs to this store, or enter the secret again"
            ) from None


def _bound(head: bytes, associated: str) -> bytes:
    return head + associated.encode("utf-8", "surrogatepass")


def key_from_text(text: str) -> bytes:
    """Returns the key of 32 bytes that a base64 text (standard or URL-safe alphabet) holds.

    Raises: SettingsError that says what is wrong and never shows the text.
    """
    compact = text.strip().replace("-", "+").replace("_", "/").rstrip("=")
    try:
        key = base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise SettingsError("the sealing key is not base64; it must be 32 random bytes in base64") from None
    if len(key) != KEY_BYTES:
        raise SettingsError(f"the sealing key has {len(key)} bytes, expected {KEY_BYTES} in base64")
    return key


def load_key(path: Path, entropy: Entropy = _SYSTEM_ENTROPY) -> bytes:
    """Returns the key in the file `path`, making the file with a new key when there is none.

    Guarantees: a file made here has mode 0600 whatever the umask, appears whole or not at all and is on disk when
    the key is returned; of several processes that make it at once one wins and all return its key.

    Raises: SettingsError when the file can be read by others than its owner, is not a key, or cannot be made.
    """
    try:
        if not path.exists():
            _create(path, entropy)
        mode = path.stat().st_mode
        text = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"the key file {path} cannot be used: {error.strerror}") from error
    if stat.S_IMODE(mode) & 0o077:
        message = f"the key file {path} can be used by others (mode {stat.S_IMODE(mode):04o}); run: chmod 600 {path}"
        raise SettingsError(message, problems=(Problem(path="", message=message, hint=f"chmod 600 {path}"),))
    try:
        return key_from_text(text.decode("ascii", "replace"))
    except SettingsError as error:
        raise SettingsError(f"the key file {path}: {error.message}") from error


def _create(path: Path, entropy: Entropy) -> None:
    """Makes the key file by linking a finished draft to its name, so that nobody ever reads half a key."""
    draft = path.with_name(f".{path.name}.{entropy.token(8).hex()}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(file, "wb") as stream:
            os.fchmod(stream.fileno(), 0o600)
            stream.write(base64.b64encode(entropy.token(KEY_BYTES)) + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        _link_if_missing(draft, path)
    finally:
        draft.unlink()
    sync_folder(path.parent)


def _link_if_missing(draft: Path, path: Path) -> None:
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
