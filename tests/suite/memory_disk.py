"""The files of tests lie in memory where the machine has a file system for that: most tests wait for disks otherwise.

Tests of durability do not rely on a disk: they look at the system calls, or simulate a disk that loses what was not
flushed. A process that is killed loses nothing of either kind of file system.
"""

import os
import tempfile
from pathlib import Path
from typing import Final

_MEMORY: Final = Path("/dev/shm")
_ENOUGH: Final = 6 * 2**30
"""Bytes that must be free: all tests of a run together need less than a third of it."""


def use_memory(memory: Path = _MEMORY, enough: int = _ENOUGH) -> None:
    """Puts the temporary files of this process and of those that it starts into memory; a TMPDIR that is set stays.

    It does nothing where `memory` is no folder to write and run programs in, or has less than `enough` bytes free.
    """
    if "TMPDIR" in os.environ or not os.access(memory, os.W_OK | os.X_OK):
        return
    disk = os.statvfs(memory)
    if disk.f_bavail * disk.f_frsize >= enough and not disk.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = str(memory)
        tempfile.tempdir = None
