"""Where the files of tests lie: in memory, unless there is too little of it or the caller has said where."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import sys, tempfile
from pathlib import Path
from suite.memory_disk import use_memory
before = tempfile.gettempdir()
use_memory(Path(sys.argv[1]), int(sys.argv[2]))
print(before, tempfile.gettempdir(), sep="\\n")
"""


def folders(memory: Path, enough: int, **environment: str) -> list[str]:
    """Returns the folder of temporary files in a process of its own, before and after the choice."""
    inherited = {name: value for name, value in os.environ.items() if name != "TMPDIR"}
    command = [sys.executable, "-c", CODE, str(memory), str(enough)]
    done = subprocess.run(
        command, cwd=Path(__file__).parent, env=inherited | environment, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_files_lie_in_memory_where_there_is_enough_of_it(tmp_path: Path) -> None:
    before, after = folders(tmp_path, 1)
    assert before != str(tmp_path)
    assert after == str(tmp_path)


@pytest.mark.parametrize(("name", "enough"), [("", 2**80), ("missing", 1)], ids=["too little", "none"])
def test_files_stay_where_they_are_without_memory_for_them(tmp_path: Path, name: str, enough: int) -> None:
    before, after = folders(tmp_path / name, enough)
    assert after == before


def test_a_folder_that_the_caller_has_named_stays(tmp_path: Path) -> None:
    named = tmp_path / "named"
    named.mkdir()
    assert folders(tmp_path, 1, TMPDIR=str(named)) == [str(named)] * 2
