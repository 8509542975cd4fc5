"""The seal: the hashes of a data folder's files when a process last stopped in order.

SQLite detects damage to the structure of a file, not to the values of rows: a changed bit in a status or name would be
served as truth. So an orderly stop records the hash of each database, and the next start compares. While a process owns
the folder there is no seal, and a crash leaves none.
"""

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from looply.durable import sync_folder, write_whole
from looply.errors import StoreCorrupt, StoreLost

SEAL_NAME: Final = "seal"

LARGEST_BYTES: Final = 256 * 1024 * 1024
"""A larger database is not sealed: a start must not take as long as reading it does."""


class Seal:
    """The seal of one data folder. Only the process that owns the folder may use it."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._folder = folder
        self._path = folder / SEAL_NAME
        self._names = names
        self._is_withheld = False

    def break_up(self) -> None:
        """Compares the databases with the seal and removes it; harmless when there is none.

        Raises: StoreCorrupt when a database is not what it was, the seal stays then; StoreLost.
        """
        try:
            recorded = _read_seal(self._path)
            for name, expected in recorded.items():
                if _digest(self._folder / name) != expected:
                    raise StoreCorrupt(
                        f"{self._folder / name} is not what the last process left: the file is damaged, or was changed"
                        " by hand. Restore a backup into a new folder, or put back the file that was there; without"
                        f" {self._path} it is taken as it is"
                    )
            if self._path.exists():
                self._path.unlink()
                # Before anything is written: a seal that came back after a loss of power would refuse a sound file.
                sync_folder(self._folder)
        except OSError as error:
            raise StoreLost(f"the seal {self._path} cannot be used: {error.strerror}") from error

    def withhold(self) -> None:
        """Lets `put` do nothing: a database was refused, and a refused one was not left in order."""
        self._is_withheld = True

    def put(self) -> None:
        """Records the hashes of the databases, which may not change until `break_up`; a full disk gets no seal."""
        if self._is_withheld:
            return
        with suppress(OSError):
            recorded = {name: digest for name in self._names if (digest := _digest(self._folder / name))}
            write_whole(self._path, json.dumps(recorded, indent=2).encode() + b"\n")


def _read_seal(path: Path) -> dict[str, str]:
    """Returns the hashes of a seal, none when it is missing or was not written whole."""
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _digest(path: Path) -> str:
    """Returns the hash of a database, empty for one that is missing, too large, or has a log that is not in it yet."""
    logs = (path.with_name(f"{path.name}-{kind}") for kind in ("wal", "journal"))
    if not path.is_file() or path.stat().st_size > LARGEST_BYTES:
        return ""
    if any(log.exists() and log.stat().st_size for log in logs):
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=32)).hexdigest()
