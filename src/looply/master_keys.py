"""The master keys of an installation: what the data keys of its organizations are wrapped with.

A key file has one key a line, `ID:KEY`, where KEY is 32 random bytes in base64 and ID is derived from it, so that a
line that was mistyped is found; the id may be left out. Lines that begin with `#` are comments. The first key is the
one to use, all others open what was wrapped with them. `LOOPLY_ENCRYPTION_KEY` holds the same in one line, with commas.
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
    """One key of 32 bytes; its id says nothing about it but which one it is."""

    value: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        """The id: 12 hexadecimal digits of the key's SHA-256 hash."""
        return hashlib.sha256(b"looply master key\0" + self.value).hexdigest()[:_ID_LETTERS]

    def sealer(self, entropy: Entropy = _SYSTEM_ENTROPY) -> Sealer:
        """Returns what seals and opens with this key."""
        return Sealer(self.value, entropy)

    def file_line(self) -> str:
        """Returns the key as it is written in a key file."""
        return f"{self.key_id}:{base64.b64encode(self.value).decode()}"


def new_key(entropy: Entropy = _SYSTEM_ENTROPY) -> MasterKey:
    """Returns a key that nobody had before."""
    return MasterKey(entropy.token(KEY_BYTES))


def parse_keys(text: str) -> tuple[MasterKey, ...]:
    """Returns the keys of a key file or of the setting, the one to use first.

    Raises: SettingsError that says which entry is wrong and never shows it.
    """
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    entries = [entry for line in lines for entry in _SEPARATORS.split(line.strip()) if entry]
    if not entries:
        raise SettingsError("there is no key; expected 32 random bytes in base64")
    keys = tuple(_parse_entry(entry, number) for number, entry in enumerate(entries, 1))
    if len({key.key_id for key in keys}) != len(keys):
        raise SettingsError("one key is given twice; leave it out once")
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
        raise SettingsError(f"key {number} is not the one that its id names: the id or the key was changed by mistake")
    return key


class MasterKeys:
    """The master keys of this process: those of the setting, else those of the key file, which is read again when it
    has changed."""

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
        """Where the keys come from, for messages."""
        return f"the key file {self._path}" if self.is_file else VARIABLE

    def load(self) -> tuple[MasterKey, ...]:
        """Returns the keys, the one to use first; none when there is no key file.

        Raises: SettingsError when the file can be read by others than its owner, or holds what is no key.
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
        """Returns whether the key file is not the one that was read last."""
        return self.is_file and self._file_state() != self._loaded_state

    def create(self) -> tuple[MasterKey, ...]:
        """Makes the key file with a new key, unless it is there; returns its keys.

        Guarantees: the file has mode 0600 whatever the umask, appears whole or not at all and is on disk when this
        returns; of several processes that make it at once one wins and all return its key.
        Raises: SettingsError.
        """
        try:
            _create(self._path, new_key(self._entropy), self._entropy)
        except OSError as error:
            raise SettingsError(f"{self.source} cannot be made: {error.strerror}") from error
        return self.load()

    def store(self, keys: Sequence[MasterKey]) -> None:
        """Puts these keys, the one to use first, into the key file, whole or not at all. Raises: SettingsError."""
        try:
            write_whole(self._path, "".join(f"{key.file_line()}\n" for key in keys).encode())
            sync_folder(self._path.parent)
        except OSError as error:
            raise SettingsError(f"{self.source} cannot be written: {error.strerror}") from error

    def _file_state(self) -> tuple[int, ...]:
        """Returns what tells one state of the file from another, nothing when it is missing."""
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
            message = f"{self.source} can be used by others (mode {mode:04o}); run: chmod 600 {self._path}"
            raise SettingsError(message, problems=(Problem(path="", message=message, hint=f"chmod 600 {self._path}"),))
        return _parse_from(self.source, text)


def _parse_from(place: str, text: str) -> tuple[MasterKey, ...]:
    try:
        return parse_keys(text)
    except SettingsError as error:
        raise SettingsError(f"{place}: {error.message}") from error


def _create(path: Path, key: MasterKey, entropy: Entropy) -> None:
    """Makes the key file by linking a finished draft to its name, so that nobody ever reads half a key."""
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
