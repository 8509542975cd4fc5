"""Small file systems of tests, and what a run that was killed leaves of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from suite.small_disk import small_disk, unmount_abandoned

MOUNTS_AND_ENDS = """
import os, sys
from pathlib import Path
from suite.small_disk import small_disk
disk = small_disk(Path(sys.argv[1]), "1m")
disk.__enter__()
os._exit(9)
"""


def test_a_small_disk_is_mounted_for_the_block_only(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as place:
        unmount_abandoned()
        assert place.is_mount()
    assert not place.is_mount()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
def test_a_disk_of_a_run_that_was_killed_is_unmounted(tmp_path: Path) -> None:
    place = tmp_path / "disk"
    tests = Path(__file__).parent
    ended = subprocess.run([sys.executable, "-c", MOUNTS_AND_ENDS, str(place)], cwd=tests, check=False)
    if ended.returncode != 9:
        pytest.skip("a small file system cannot be mounted here")
    assert place.is_mount()
    unmount_abandoned()
    assert not place.is_mount()
