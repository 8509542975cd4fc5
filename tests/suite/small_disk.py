"""Small file systems for the tests of full disks: mounted in memory, gone after the test or with the next run."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_MOUNTS = Path("/proc/mounts")
_NAME = "looply-small-disk-"
"""Begins the name of a file system; the id of the process that mounted it follows."""


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path]:
    """Mounts a file system of `size`, such as 3m, at a new folder until the end of the block.

    Skips the test where mounting is not allowed.
    """
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", f"{_NAME}{os.getpid()}", str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def unmount_abandoned() -> None:
    """Unmounts the small file systems of runs that were killed.

    pytest removes the folders of earlier runs, and fails at the end of its own when one of them is still mounted.
    """
    if not _MOUNTS.exists():
        return
    for line in _MOUNTS.read_text().splitlines():
        name, place, *_ = line.split()
        if name.startswith(_NAME) and not Path("/proc", name.removeprefix(_NAME)).exists():
            subprocess.run(["umount", "--lazy", place], check=False)
