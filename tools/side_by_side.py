"""Runs targets of the Makefile at the same time, and prints what failed last.

    tools/side_by_side.py "TARGET ..." ["TARGET ..." ...] [NAME=VALUE ...]

The targets of one argument run one after the other. Their output is printed when they have ended: first of those that
succeeded, then of those that failed, so that the last lines of a run name what failed and why. Exits with 1 when one
failed.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

LAST_LINES: Final = 12
"""As many lines of each failed target end the output of the run, where several failed."""


def main(arguments: list[str]) -> int:
    """Returns the status of the run."""
    variables = [each for each in arguments if "=" in each]
    with tempfile.TemporaryDirectory() as folder:
        running: dict[str, subprocess.Popen[bytes]] = {}
        for target in arguments:
            if target not in variables:
                command = ["make", "--no-print-directory", *target.split(), *variables]
                with log_of(folder, target).open("wb") as log:
                    running[target] = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)  # noqa: S603
        failed = []
        for target, process in running.items():
            if process.wait():
                failed.append(target)
            else:
                show(log_of(folder, target).read_bytes())
        for target in failed:
            show(log_of(folder, target).read_bytes())
        if len(failed) > 1:
            for target in failed:
                show(f"--- the end of make {target} ---\n".encode())
                show(b"".join(log_of(folder, target).read_bytes().splitlines(keepends=True)[-LAST_LINES:]))
    if failed:
        print("failed:", ", ".join(f"make {each}" for each in failed), flush=True)
    return 1 if failed else 0


def log_of(folder: str, target: str) -> Path:
    """Returns the file with the output of a target."""
    return Path(folder) / f"{target}.log"


def show(output: bytes) -> None:
    """Prints output as it was written."""
    sys.stdout.buffer.write(output)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
