"""What was measured on what: versions, processor, kernel, and the disk's flushes."""

import os
import platform
import statistics
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import apsw

_PACKAGES: Final = ("looply", "uvicorn", "httptools", "uvloop", "apsw", "msgspec", "zstandard")
_FLUSHES: Final = 300


def describe(folder: Path) -> dict[str, Any]:
    """Returns the machine, the versions and what a flush costs on the disk of an existing folder."""
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "file_system": _file_system(folder),
        "load_before": os.getloadavg()[0],
        **flushes(folder),
        "versions": {
            "python": platform.python_version(),
            "sqlite": apsw.sqlite_lib_version(),
            **{name: version(name) for name in _PACKAGES},
        },
    }


def flushes(folder: Path) -> dict[str, float]:
    """Returns how long an appended 4 KiB takes to the disk, median and 99th percentile, and how many go in a second."""
    path = folder / "flushes"
    took = []
    with path.open("wb", buffering=0) as file:
        for _ in range(_FLUSHES):
            begun = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - begun)
    path.unlink()
    took.sort()
    return {
        "flush_ms": round(statistics.median(took) * 1000, 3),
        "flush_p99_ms": round(took[_FLUSHES * 99 // 100] * 1000, 3),
        "flushes_per_second": round(_FLUSHES / sum(took)),
    }


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    found = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return found or platform.machine()


def _file_system(folder: Path) -> str:
    """Returns the kind of file system of a folder, by the longest mount point above it."""
    try:
        mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text("utf-8").splitlines()]
    except OSError:
        return "unknown"
    place = f"{folder.resolve()}/"
    above = [(point, kind) for point, kind in mounts if place.startswith(point.rstrip("/") + "/")]
    return max(above, default=("", "unknown"), key=lambda each: len(each[0]))[1]
