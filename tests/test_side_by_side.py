"""Targets that run at the same time: what failed is printed last."""

import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).parents[1] / "tools" / "side_by_side.py"
MAKEFILE = """
quick:
\t@echo an error of quick; exit 3
other:
\t@echo an error of other; exit 4
long:
\t@for each in 1 2 3; do echo "$(WORD) $$each"; done
"""


def run(folder: Path, *arguments: str) -> tuple[int, list[str]]:
    (folder / "Makefile").write_text(MAKEFILE)
    done = subprocess.run(
        (sys.executable, TOOL, *arguments), cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout.splitlines()


def test_the_output_of_what_failed_follows_that_of_what_succeeded(tmp_path: Path) -> None:
    status, lines = run(tmp_path, "quick", "long", "WORD=line")
    assert status == 1
    assert lines[:3] == ["line 1", "line 2", "line 3"]
    assert "an error of quick" in lines[3:]
    assert lines[-1] == "failed: make quick"


def test_each_of_several_that_failed_has_its_end_among_the_last_lines(tmp_path: Path) -> None:
    status, lines = run(tmp_path, "quick", "long", "other", "WORD=line")
    assert status == 1
    assert {"an error of quick", "an error of other"} <= set(lines[-30:])
    assert lines[-1] == "failed: make quick, make other"


def test_a_run_in_which_nothing_failed_succeeds(tmp_path: Path) -> None:
    assert run(tmp_path, "long", "WORD=line") == (0, ["line 1", "line 2", "line 3"])
