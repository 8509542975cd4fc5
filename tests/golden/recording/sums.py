"""The SHA-256 of all recorded files, which are a promise and never change.

The recorders add the sums of their files. `python tests/golden/recording/sums.py` adds missing sums, for example after
a merge; it changes none.
"""

from hashlib import sha256
from pathlib import Path
from typing import Final

GOLDEN: Final = Path(__file__).parents[1]
SUMS: Final = GOLDEN / "sums.txt"
FOLDERS: Final = ("bytes", "databases", "effects", "folders", "histories")


def sums_of_files() -> dict[str, str]:
    """Returns the current sum of each recorded file, by its path."""
    files = sorted(path for name in FOLDERS for path in (GOLDEN / name).iterdir())
    return {path.relative_to(GOLDEN).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


def kept_sums() -> dict[str, str]:
    """Returns the stored sum of each recorded file, by its path."""
    lines = SUMS.read_text("utf-8").splitlines() if SUMS.exists() else []
    return {path: digest for digest, _, path in (line.partition("  ") for line in lines)}


def add_sums() -> None:
    """Stores the sums of files that have none, in a list that `sha256sum --check` reads."""
    sums = {**sums_of_files(), **kept_sums()}
    SUMS.write_text("".join(f"{digest}  {path}\n" for path, digest in sorted(sums.items())), "utf-8")


if __name__ == "__main__":
    add_sums()
