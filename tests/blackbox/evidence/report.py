"""The report of a fault test: the faults that hit and their counts, the checked invariants, and the worst cases.

    report = FaultReport("kill_under_load", seed=7, options={"cycles": 100}, faults=("KILL",))
    report.hit("KILL")
    report.checked("I1 no acknowledged loss", 812)
    report.finish()

Each report is written to `build/faults/` as JSON and as Markdown. A planned fault that never hit, or an invariant that
was never checked, fails the test: it would have passed without proving anything.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("LOOPLY_FAULT_REPORTS", Path(__file__).parents[3] / "build" / "faults"))


class FaultReport:
    """The counts of one test. `faults` are the planned ones, each must hit. `tell` receives the whole report."""

    def __init__(
        self,
        name: str,
        *,
        seed: int,
        options: Mapping[str, Any],
        faults: Iterable[str],
        tell: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self._tell = tell
        self.name = name
        self.seed = seed
        self.options = dict(options)
        self.faults: Counter[str] = Counter(dict.fromkeys(faults, 0))
        self.invariants: Counter[str] = Counter()
        self.figures: dict[str, float] = {}

    def hit(self, fault: str, count: int = 1) -> None:
        """Records that a fault really happened."""
        self.faults[fault] += count

    def checked(self, invariant: str, count: int = 1) -> None:
        """Records that an invariant was checked `count` times and held."""
        self.invariants[invariant] += count

    def worst(self, figure: str, value: float) -> None:
        """Keeps the largest value of a figure; its unit ends the name."""
        self.figures[figure] = max(value, self.figures.get(figure, value))

    def finish(self) -> None:
        """Writes the report. Raises: AssertionError when a fault did not hit or nothing was checked."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / f"{self.name}.json").write_text(json.dumps(self.document(), indent=2) + "\n")
        (FOLDER / f"{self.name}.md").write_text(self._markdown())
        if self._tell is not None:
            self._tell(self.document())
        missed = sorted(fault for fault, count in self.faults.items() if not count)
        assert not missed, f"planned faults that never hit: {missed}"
        assert self.faults, "no fault was planned"
        assert self.invariants, "no invariant was checked"

    def document(self) -> dict[str, Any]:
        """Returns the report as JSON can hold it."""
        return {
            "name": self.name,
            "seed": self.seed,
            "options": self.options,
            "faults": dict(self.faults),
            "invariants": dict(self.invariants),
            "figures": self.figures,
        }

    def _markdown(self) -> str:
        options = ", ".join(f"{name} {value}" for name, value in self.options.items())
        lines = [f"# {self.name}", "", f"Seed {self.seed}; {options}.", "", "| | count |", "|---|---|"]
        lines += [f"| fault {name} | {count} |" for name, count in self.faults.items()]
        lines += [f"| checked {name} | {count} |" for name, count in self.invariants.items()]
        lines += [f"| {name} | {value:g} |" for name, value in self.figures.items()]
        return "\n".join(lines) + "\n"
