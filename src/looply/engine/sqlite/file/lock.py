"""The kernel's lock on a data folder: one process owns it, and a crash releases it."""

import fcntl
import os
import time
from pathlib import Path
from typing import Final

from looply.errors import DataFolderInUse, StoreLost

_ROUNDS: Final = 20
_ROUND_SECONDS: Final = 0.05


class FolderLock:
    """The lock of one data folder, held from `take` to `release` or to the end of the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether this process owns the folder."""
        return self._file is not None

    def acquire(self) -> None:
        """Takes the lock and writes the number of this process into the file.

        Raises: DataFolderInUse, which names the process that holds it; StoreLost when the file cannot be used.
        """
        try:
            self._acquire()
        except OSError as error:
            raise StoreLost(f"the lock file {self._path} cannot be used: {error.strerror}") from error

    def _acquire(self) -> None:
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(file)
            os.close(file)
            message = (
                f"the data folder {self._path.parent} is in use by process {holder}; stop it, or use another folder"
            )
            raise DataFolderInUse(message) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file

    def release(self) -> None:
        """Releases the lock. Harmless when it is not held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _holder(file: int) -> str:
    """Returns the number of the process that holds the lock. It writes it just after it took it, over an older one."""
    for _ in range(_ROUNDS):
        text = os.pread(file, 32, 0).decode("ascii", "replace").strip()
        if text.isdigit() and _is_alive(int(text)):
            return text
        time.sleep(_ROUND_SECONDS)
    return "unknown"


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
