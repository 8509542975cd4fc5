"""The watermark of commits: the number of the last one, in a file beside the store.

A write-ahead log that is lost or cut takes the newest commits with it, and the rest looks sound. The mark is
written after each commit and never flushed: a crash of the process keeps it, and after a loss of power it may be old,
but it is never ahead of what is durable. So a store that is behind its mark has lost something.
"""

import contextlib
import os
from pathlib import Path
from typing import Final

import apsw

from looply.errors import StoreCorrupt

MARK_NAME: Final = "executions.mark"

# Batches are never deleted, so the number of the newest one only grows.
_NEWEST = "SELECT coalesce(max(n), 0) FROM batch"
_DIGITS = 20


class CommitWatermark:
    """The mark of one store, for the process that owns it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def check(self, connection: apsw.Connection) -> None:
        """Compares the store with its mark. Raises: StoreCorrupt when commits are missing."""
        marked, newest = self._read(), connection.execute(_NEWEST).get
        if newest < marked:
            raise StoreCorrupt(
                f"{self._path.parent} lacks what was committed last: its newest record is {newest}, it had {marked}."
                " The write-ahead log beside executions.db was lost or cut, or an older file was put in place; put back"
                f" what was there, or restore a backup into a new folder. Without {self._path.name} it starts on what"
                " is left"
            )

    def follow(self, connection: apsw.Connection) -> None:
        """Moves the mark after each commit of the connection, until `close`. A disk that fails leaves it behind."""
        with contextlib.suppress(OSError):
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        # Once before the first commit: a file that has its blocks needs none when the disk is full.
        self._write_mark(connection, "main", 0)
        connection.set_wal_hook(self._write_mark)

    def close(self) -> None:
        """Leaves the mark where it is. Closing twice is harmless."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def _write_mark(self, connection: apsw.Connection, _database: str, _pages: int) -> int:
        # An exception raised here would be taken for a failed commit.
        with contextlib.suppress(OSError, apsw.Error):
            if self._file is not None:
                os.pwrite(self._file, b"%0*d\n" % (_DIGITS, connection.execute(_NEWEST).get), 0)
        return apsw.SQLITE_OK

    def _read(self) -> int:
        """Returns the marked number, 0 when there is none that can be read."""
        try:
            text = self._path.read_bytes()
        except OSError:
            return 0
        return int(text) if len(text) == _DIGITS + 1 and text[:_DIGITS].isdigit() else 0
