"""Size: many waiting executions, and what calls cost with ever more finished ones in the store."""

import itertools
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

from bench.harness.filling import Folder, copy_folder, fill, make_folder
from bench.harness.load import get, post, run
from bench.harness.scenario import BODY, BODY_BYTES
from bench.harness.servers import Server, disk_bytes, json_of, looply
from bench.speed import CLIENTS, Figures, Plan, check_all_completed, drive, median_of, resume_requests

WAITING: Final = 100_000
STEPS: Final = (10_000, 1_000_000)
FULL_STEPS: Final = (10_000, 1_000_000, 5_000_000)
_READS: Final = 400
_TURNS: Final = 5
_LONGEST_SECONDS: Final = 600.0
_PAGE: Final = 20
_LEAST_LOGS: Final = 4
"""Start, three steps."""


def measure_waiting(plan: Plan, count: int = WAITING) -> Figures:
    """Returns what waiting executions take: memory over idle, disk, and the time of a restart with them.

    They are started by calls, so memory is that of a server that has done so; `restarted` is one that found them.
    """
    folder = run(make_folder(plan.work / "waiting"))
    trigger = post(folder.trigger_path("waiting"), BODY, folder.api_key)
    empty = disk_bytes(folder.data)
    with looply(folder.data, plan.work / "waiting.log") as server:
        drive(server, [get(f"/v2/workflows/getOrganizationExecutions?limit={_PAGE}", folder.api_key)], 1, 60.0)
        idle_rss, idle_own = server.rss_mib, server.own_mib
        started = drive(server, itertools.repeat(trigger, count), CLIENTS, _LONGEST_SECONDS, keeps=True)
        if len(started.answers) != count:
            raise RuntimeError(f"only {len(started.answers)} of {count} executions were started in time")
        loaded_rss, loaded_own = server.rss_mib, server.own_mib
    stored = disk_bytes(folder.data) - empty
    chosen = random.Random(1).sample(started.answers, min(count // 10, 10_000))
    with looply(folder.data, plan.work / "waiting.log") as server:
        ready, again_rss = server.ready_seconds, server.rss_mib
        resumed = drive(server, resume_requests(chosen, folder.api_key), CLIENTS, _LONGEST_SECONDS)
    return {
        "count": count,
        "idle_rss_mib": round(idle_rss, 1),
        "extra_rss_mib": round(loaded_rss - idle_rss, 1),
        "extra_own_mib": round(loaded_own - idle_own, 1),
        "restarted_extra_rss_mib": round(again_rss - idle_rss, 1),
        "disk_bytes_each": round(stored / count),
        "disk_bytes_beyond_payload": round(stored / count) - BODY_BYTES,
        "restart_seconds": round(ready, 3),
        "start_per_second": round(started.span.per_second, 1),
        "resume_after_restart": resumed.figures(),
    }


def measure_growth(plan: Plan, steps: Sequence[int] = STEPS) -> Figures:
    """Returns what calls cost with so many finished executions stored, and how the costs grow over the steps.

    The servers of all steps are up at once and are measured in turns, so that a busy machine is busy for all of them.
    """
    stages = _filled(plan, steps)
    with ExitStack() as up:
        for stage in stages:
            stage.server = up.enter_context(looply(stage.folder.data, plan.work / f"growth{stage.stored}.log"))
        for turn in range(_TURNS):
            for stage in stages:
                _measure_turn(stage, turn, plan)
        for stage in stages:
            check_all_completed(stage.server, stage.folder)
        return {"steps": [stage.figures() for stage in stages], "ratios": _ratios(stages)}


@dataclass
class _Stage:
    """One size: a data folder with so many finished executions, its server, and what was measured in each turn."""

    stored: int
    folder: Folder
    kept: Sequence[str]
    fill_seconds: float
    disk_bytes_each: int
    turns: dict[str, list[Figures]] = field(default_factory=lambda: defaultdict(list))
    server: Server = field(init=False)

    def figures(self) -> Figures:
        """Returns the medians of the turns, by the name of the call."""
        return {
            "stored": self.stored,
            "fill_seconds": round(self.fill_seconds, 1),
            "restart_seconds": round(self.server.ready_seconds, 3),
            "disk_bytes_each": self.disk_bytes_each,
            "rss_mib": round(self.server.rss_mib, 1),
            **{name: median_of(turns) for name, turns in self.turns.items()},
        }


def _filled(plan: Plan, steps: Sequence[int]) -> list[_Stage]:
    """Returns a folder for each size, each a copy of the one before with more in it."""
    stages: list[_Stage] = []
    folder, kept, stored = run(make_folder(plan.work / "growth0")), list[str](), 0
    empty = disk_bytes(folder.data)
    for number, step in enumerate(steps, 1):
        folder = copy_folder(folder, plan.work / f"growth{number}")
        begun = time.perf_counter()
        kept = kept + run(fill(folder, step - stored))
        took, stored = time.perf_counter() - begun, step
        each = round((disk_bytes(folder.data) - empty) / step)
        stages.append(_Stage(step, folder, kept, took, each))
    return stages


def _measure_turn(stage: _Stage, turn: int, plan: Plan) -> None:
    """Adds the costs of lists, of reads and of triggers to a stage, those that change nothing first."""
    key, workflow_id = stage.folder.api_key, stage.folder.workflow_ids["computing"]
    chosen = random.Random(turn).choices(stage.kept, k=_READS)
    path = "/v2/workflows"
    newest = f"{path}/getOrganizationExecutions?limit={_PAGE}"
    cases: dict[str, Iterator[bytes]] = {
        "list": itertools.repeat(get(newest, key), _READS),
        "list_deep": (get(f"{newest}&workflow_id={workflow_id}&workflow_execution_id={each}", key) for each in chosen),
        "list_workflow": itertools.repeat(
            get(f"{path}/getWorkflowExecutionHistory?workflow_id={workflow_id}&limit={_PAGE}", key), _READS
        ),
        "search": itertools.repeat(get(f"{path}/searchExecutions?status=COMPLETED&limit={_PAGE}", key), _READS),
        "read": (
            get(f"{path}/getWorkflowExecutionById?workflow_id={workflow_id}&workflow_execution_id={each}", key)
            for each in chosen
        ),
    }
    for name, requests in cases.items():
        driven = drive(stage.server, requests, 1, 120.0, keeps=True)
        _check_answer(name, driven.answers[-1])
        stage.turns[name].append(driven.figures())
    trigger = post(stage.folder.trigger_path(), BODY, key)
    for name, clients in (("trigger", 1), ("trigger_many", CLIENTS)):
        driven = drive(stage.server, itertools.repeat(trigger), clients, plan.seconds / _TURNS)
        stage.turns[name].append(driven.figures())


def _check_answer(name: str, answer: bytes) -> None:
    """Raises RuntimeError when an answer does not hold what its case is about."""
    found: Any = json_of(answer)
    if name == "read":
        whole = len(found["item"]["workflow_event_log"]["events"]) >= _LEAST_LOGS
    else:
        whole = len(found["items"]) == _PAGE or name == "list_deep"
    if not whole:
        raise RuntimeError(f"the answer to '{name}' is not whole: {answer[:300]!r}")


def _ratios(stages: Sequence[_Stage]) -> Figures:
    """Returns for each cost the dearest step over the cheapest: of each step the median of its turns.

    A cost is the server's CPU for a call. What a caller waits has the disk and the machine's other work in it.
    """
    found = {}
    for name in ("trigger", "trigger_many", "list", "list_deep", "read"):
        costs = [statistics.median(turn["cpu_ms"] for turn in stage.turns[name]) for stage in stages]
        found[name] = round(max(costs) / min(costs), 2)
    return found
