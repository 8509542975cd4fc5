"""The master keys of an installation, which wrap the data keys of its organizations (envelope encryption).

A key file has one key per line, `ID:KEY`, where KEY is 32 random bytes in base64 and ID is derived from it, so that a
typing error is detected; the id may be left out. Lines that begin with `#` are comments. The first key wraps, all
others only unwrap what they have wrapped. `LOOPLY_ENCRYPTION_KEY` holds the same in one line, separated by commas.
"""

import base64
import binascii
import hashlib
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from looply.clock import Entropy, SystemEntropy
from looply.durable import sync_folder, write_whole
from looply.errors import Problem, SettingsError
from looply.sealing import KEY_BYTES, Sealer

VARIABLE: Final = "LOOPLY_ENCRYPTION_KEY"

_SYSTEM_ENTROPY: Final = SystemEntropy()
_ID_LETTERS: Final = 12
_SEPARATORS: Final = re.compile(r"[\s,]+")


@dataclass(frozen=True, slots=True)
class MasterKey:
    """One key of 32 bytes; its id identifies it and reveals nothing else about it."""

    value: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        """The id: 12 hexadecimal digits of the key's SHA-256 hash."""
        return hashlib.sha256(b"looply master key\0" + self.value).hexdigest()[:_ID_LETTERS]

    def sealer(self, entropy: Entropy = _SYSTEM_ENTROPY) -> Sealer:
        """Returns a sealer that uses this key."""
        return Sealer(self.value, entropy)

    def file_line(self) -> str:
        """Returns the key as a line of a key file."""
        return f"{self.key_id}:{base64.b64encode(self.value).decode()}"


def new_key(entropy: Entropy = _SYSTEM_ENTROPY) -> MasterKey:
    """Returns a new random key."""
    return MasterKey(entropy.token(KEY_BYTES))


def parse_keys(text: str) -> tuple[MasterKey, ...]:
    """Returns the keys of a key file or of the setting, in their order.

    Raises: SettingsError that names the position of a wrong entry and never shows it.
    """
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    entries = [entry for line in lines for entry in _SEPARATORS.split(line.strip()) if entry]
    if not entries:
        raise SettingsError("there is no key; expected 32 random bytes in base64")
    keys = tuple(_parse_entry(entry, number) for number, entry in enumerate(entries, 1))
    if len({key.key_id for key in keys}) != len(keys):
        raise SettingsError("a key is given twice; remove one of the two")
    return keys


def _parse_entry(entry: str, number: int) -> MasterKey:
    named, _, text = entry.rpartition(":")
    compact = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        value = base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise SettingsError(f"key {number} is not base64; it must be 32 random bytes in base64") from None
    if len(value) != KEY_BYTES:
        raise SettingsError(f"key {number} has {len(value)} bytes, expected {KEY_BYTES} in base64")
    key = MasterKey(value)
    if named and named != key.key_id:
        raise SettingsError(f"key {number} does not match its id: the id or the key was changed by mistake")
    return key


class MasterKeys:
    """The master keys of this process: those of the setting, else those of the key file, which is read again after a
    change."""

    def __init__(self, path: Path, text: str | None = None, entropy: Entropy = _SYSTEM_ENTROPY) -> None:
        self._path = path
        self._text = text
        self._entropy = entropy
        self._loaded_state: tuple[int, ...] | None = None
        self._keys: tuple[MasterKey, ...] = ()

    @property
    def is_file(self) -> bool:
        """Whether the keys come from the key file."""
        return self._text is None

    @property
    def source(self) -> str:
        """The source of the keys, for messages."""
        return f"the key file {self._path}" if self.is_file else VARIABLE

    def load(self) -> tuple[MasterKey, ...]:
        """Returns the keys, first the one that wraps; an empty tuple when there is no key file.

        Raises: SettingsError when other users can access the file, or when it holds something that is no key.
        """
        if self._text is not None:
            self._keys = self._keys or _parse_from(self.source, self._text)
            return self._keys
        seen = self._file_state()
        if seen != self._loaded_state:
            self._loaded_state = seen
            self._keys = self._read() if seen else ()
        return self._keys

    def has_changed(self) -> bool:
        """Returns whether the key file has changed since it was read last."""
        return self.is_file and self._file_state() != self._loaded_state

    def create(self) -> tuple[MasterKey, ...]:
        """Creates the key file with a new key, unless it exists; returns its keys.

        Guarantees: the file has mode 0600 whatever the umask, is created atomically and is durable when this returns;
        when several processes create it at once, one wins and all return its key.
        Raises: SettingsError.
        """
        try:
            _create(self._path, new_key(self._entropy), self._entropy)
        except OSError as error:
            raise SettingsError(f"{self.source} cannot be created: {error.strerror}") from error
        return self.load()

    def store(self, keys: Sequence[MasterKey]) -> None:
        """Replaces the keys of the key file atomically, first the one that wraps. Raises: SettingsError."""
        try:
            write_whole(self._path, "".join(f"{key.file_line()}\n" for key in keys).encode())
            sync_folder(self._path.parent)
        except OSError as error:
            raise SettingsError(f"{self.source} cannot be written: {error.strerror}") from error

    def _file_state(self) -> tuple[int, ...]:
        """Returns values that change whenever the file changes; an empty tuple when it is missing."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise SettingsError(f"{self.source} cannot be used: {error.strerror}") from error
        return found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode

    def _read(self) -> tuple[MasterKey, ...]:
        try:
            mode = stat.S_IMODE(self._path.stat().st_mode)
            text = self._path.read_bytes().decode("ascii", "replace")
        except OSError as error:
            raise SettingsError(f"{self.source} cannot be used: {error.strerror}") from error
        if mode & 0o077:
            message = f"{self.source} is accessible to other users (mode {mode:04o}); run: chmod 600 {self._path}"
            raise SettingsError(message, problems=(Problem(path="", message=message, hint=f"chmod 600 {self._path}"),))
        return _parse_from(self.source, text)


def _parse_from(source: str, text: str) -> tuple[MasterKey, ...]:
    try:
        return parse_keys(text)
    except SettingsError as error:
        raise SettingsError(f"{source}: {error.message}") from error


def _create(path: Path, key: MasterKey, entropy: Entropy) -> None:
    """Creates the key file by linking a complete draft to its name, so that no process ever reads half a key."""
    draft = path.with_name(f".{path.name}.{entropy.token(8).hex()}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(file, "wb") as stream:
            os.fchmod(stream.fileno(), 0o600)
            stream.write(f"{key.file_line()}\n".encode())
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
