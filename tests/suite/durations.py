"""What each test took, written into `build/`: seconds, and those of the processor in all processes that it ended.

A process of tests measures its own work, and sends it with its reports; the one that was started writes the file.
"""

import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest


class Meter:
    """Adds the seconds of the processor since the last report to each report, as `cpu`."""

    def __init__(self) -> None:
        self._last = _cpu_seconds()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Any:
        """Adds what the phase of a test took; what lies between two tests belongs to the second one."""
        report = yield
        now = _cpu_seconds()
        report.cpu, self._last = now - self._last, now
        return report


class Recorder:
    """Collects the reports of a run, and writes `{"seconds", "cpu", "files", "tests"}`, the slowest first."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._cpu: defaultdict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Counts one phase of a test."""
        self._seconds[report.nodeid] += report.duration
        self._cpu[report.nodeid] += getattr(report, "cpu", 0.0)

    def pytest_sessionfinish(self) -> None:
        """Writes the file; a run without a test leaves that of the run before."""
        if self._seconds:
            self._target.parent.mkdir(parents=True, exist_ok=True)
            self._target.write_text(json.dumps(self._document(), indent=1) + "\n", "utf-8")

    def _document(self) -> dict[str, Any]:
        files: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0])
        for name, seconds in self._seconds.items():
            sums = files[name.partition("::")[0]]
            sums[:] = [sums[0] + seconds, sums[1] + self._cpu[name], sums[2] + 1]
        tests = {name: [seconds, self._cpu[name]] for name, seconds in self._seconds.items()}
        return {
            "seconds": round(sum(self._seconds.values()), 1),
            "cpu": round(sum(self._cpu.values()), 1),
            "files": _slowest_first(files, ("seconds", "cpu", "tests")),
            "tests": _slowest_first(tests, ("seconds", "cpu")),
        }


def _slowest_first(found: dict[str, list[float]], names: tuple[str, ...]) -> dict[str, dict[str, float]]:
    ordered = sorted(found.items(), key=lambda item: -max(item[1][:2]))
    return {name: {key: round(each, 3) for key, each in zip(names, numbers, strict=True)} for name, numbers in ordered}


def _cpu_seconds() -> float:
    """Returns what this process and the children that it has waited for have used of the processor."""
    return sum(os.times()[:4])
