"""The reserve: a file that is deleted when the disk is full, so that writes that free space can still be stored."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from looply.clock import Clock

RESERVE_BYTES: Final = 16 * 1024 * 1024
"""Enough for many units that end executions, and little of any disk."""

_FREE_BYTES = 4 * RESERVE_BYTES
_PAUSE_SECONDS = 5.0
"""Between two tries to make the reserve."""
_LOOK_SECONDS = 0.2
"""Between two looks at the free space."""
# A disk too small for a reserve is no longer full when it has this much free space.
_SOME_BYTES = 1024 * 1024


class Reserve:
    """Sixteen megabytes that are held back while the disk has plenty of space."""

    def __init__(self, folder: Path, clock: Clock, free_bytes: Callable[[], int] | None = None) -> None:
        self._path = folder / "reserve"
        self._clock = clock
        self._free_bytes = free_bytes or self._free_on_disk
        self._is_held = False
        self._next_try = 0.0
        self._next_look = 0.0
        self._needed_bytes = 0

    @property
    def is_held(self) -> bool:
        """Whether the space is held back."""
        return self._is_held

    def is_exhausted(self) -> bool:
        """Returns whether the disk was full and has not got its space back since.

        The space of a deleted reserve does not count: it is for writes that end executions and free space.
        """
        if self._needed_bytes and self._clock.monotonic() >= self._next_look:
            self._next_look = self._clock.monotonic() + _LOOK_SECONDS
            if self._free_bytes() >= self._needed_bytes:
                self._needed_bytes = 0
        return self._needed_bytes > 0

    def prepare(self) -> None:
        """Looks for the space that an earlier process held back; deletes it when a start would find no space."""
        self._is_held = self._path.exists()
        if self._is_held and self._free_bytes() < _SOME_BYTES:
            self.give_up()

    def give_up(self) -> None:
        """Frees the space, because the disk is full. Harmless when it is free already."""
        self._needed_bytes = max(self._needed_bytes, 2 * RESERVE_BYTES if self._is_held else _SOME_BYTES)
        self._path.unlink(missing_ok=True)
        self._is_held = False
        self._next_try = self._clock.monotonic() + _PAUSE_SECONDS

    def restore(self) -> None:
        """Takes the space back when the disk has plenty again; looks at most every five seconds."""
        if self._is_held or self._clock.monotonic() < self._next_try:
            return
        self._next_try = self._clock.monotonic() + _PAUSE_SECONDS
        self.allocate()

    def allocate(self) -> None:
        """Takes the space if the disk has plenty of it."""
        try:
            if self._free_bytes() < _FREE_BYTES:
                return
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(file, 0, RESERVE_BYTES)
            finally:
                os.close(file)
        except OSError:
            self._path.unlink(missing_ok=True)
            return
        self._is_held = True

    def _free_on_disk(self) -> int:
        disk = os.statvfs(self._path.parent)
        return disk.f_bavail * disk.f_frsize
