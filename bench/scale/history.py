"""The history of the web app: pages of 100 rows in a store of a million executions, as its filters ask for them.

The executions are those of `searching`, spread over ninety days. Beside each page are the two reads that its screen
makes as often: what is open, and open incidents by cause.
"""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from bench.harness.filling import make_folder
from bench.harness.load import get, run
from bench.harness.scenario import orders
from bench.harness.servers import looply
from bench.scale.searching import GOAL_MS, STORED, Case, Listing, cases, fill_orders, measure_case
from bench.speed import Figures, Plan, drive

DAYS: Final = timedelta(days=90)
ROWS: Final = Listing("getExecutionRows", 100)

_READS: Final = 200
_ASKED: Final = (
    "no filter",
    "status COMPLETED",
    "status FAILED or WAITING",
    "workflow and version",
    "dates",
    "process id *END, 100 match",
    "search field, 200 match",
    "search field, a fiftieth matches",
    "term, a value",
    "term, the name of a workflow",
    "term *MIDDLE*, most match",
    "term *MIDDLE*, none matches",
)
"""The searches that the fields of the history make."""
_BESIDE: Final = ("getCounts", "getIncidentGroups")


def measure_history(plan: Plan, count: int = STORED) -> Figures:
    """Returns what a page of each kind takes with so many executions stored."""
    folder = run(make_folder(plan.work / "history", orders()))
    begun = time.perf_counter()
    kept = run(fill_orders(folder, count, DAYS))
    filled = time.perf_counter() - begun
    with looply(folder.data, plan.work / "history.log") as server:
        measured = [
            figures
            for case in _cases(cases(folder, kept, count))
            for figures in measure_case(server, folder, case, kept, ROWS)
        ]
        for call in _BESIDE:
            reads = [get(f"/v2/workflows/{call}", folder.api_key)] * _READS
            measured.append({"name": call, **drive(server, reads, 1, 120.0).figures()})
        return {"stored": count, "fill_seconds": round(filled, 1), "cases": measured}


def _cases(found: Iterator[Case]) -> list[Case]:
    """Returns the searches of the history. Raises: RuntimeError when one of them is gone."""
    by_name = {case.name: case for case in found}
    if missing := [name for name in _ASKED if name not in by_name]:
        raise RuntimeError(f"there is no search {', '.join(missing)}")
    return [by_name[name] for name in _ASKED]


def lines_of(found: Figures) -> Iterator[tuple[str, str, str, bool | None]]:
    """Yields the lines of the table: scenario, measured, goal, and whether it is met."""
    yield f"history of {found['stored']:,} executions: filled in", f"{found['fill_seconds']:.0f} s", "", None
    for each in found["cases"]:
        shown = f"p50 {each['p50_ms']:.2f} ms, p99 {each['p99_ms']:.2f} ms, CPU {each['cpu_ms']:.1f} ms"
        yield f"  100 rows: {each['name']}", shown, f"p99 < {GOAL_MS:g} ms", each["p99_ms"] < GOAL_MS
