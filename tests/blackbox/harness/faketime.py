"""A server whose wall clock a test can set while it runs; the monotonic clock stays correct.

libfaketime reads the offset from a file at each read of the clock, so that a change takes effect at once.
"""

import subprocess
import sys
from pathlib import Path

_PLACES = ("/usr/lib", "/usr/lib64", "/usr/local/lib")
_NAME = "libfaketimeMT.so.1"


def library() -> Path | None:
    """Returns the library that intercepts the system's clock, None where it is not installed."""
    for place in _PLACES:
        for pattern in (f"faketime/{_NAME}", f"*/faketime/{_NAME}"):
            for found in sorted(Path(place).glob(pattern)):
                return found
    return None


class WallClock:
    """The offset of a server's wall clock from the true one."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "offset"
        self.offset = 0.0
        self.set(0.0)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the server."""
        return {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, seconds: float) -> None:
        """Sets the wall clock so many seconds after the true one, at once."""
        draft = self._file.with_suffix(".part")
        draft.write_text(f"{seconds:+.3f}\n")
        draft.replace(self._file)
        self.offset = seconds


def why_not(folder: Path) -> str:
    """Returns why the clock cannot be set here, empty when it can."""
    if library() is None:
        return f"libfaketime ({_NAME}) is not installed"
    clock = WallClock(folder)
    clock.set(7200)
    program = "import time; print(time.time() - time.clock_gettime(time.CLOCK_MONOTONIC))"
    read = [
        subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False).stdout
        for env in ({}, clock.environment)
    ]
    try:
        is_set = abs(float(read[1]) - float(read[0]) - 7200) < 60
    except ValueError:
        is_set = False
    return "" if is_set else f"libfaketime does not set the clock of this Python: {read}"
