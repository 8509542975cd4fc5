"""Timers: a crowd of them that fall due within one minute, and how late each is stored as fired.

The times lie evenly in the minute. What this machine can store at all is measured beside it, by the same executions
without a timer: where that is less than falls due in a second, lateness grows however good the pump is.
"""

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from bench.harness.in_process import InProcess, activated, in_process
from bench.harness.scenario import delaying
from bench.speed import Plan
from looply.engine.records.changes import StateChange

TIMERS: Final = 100_000
SPAN: Final = timedelta(minutes=1)

_CAPACITY: Final = 10_000
_STARTERS: Final = 256
_CAUTION: Final = 6
"""So many times as long as it should take lie between the first start and the first timer."""

_SETTLE: Final = timedelta(seconds=10)
_LONGEST: Final = timedelta(minutes=10)


class Fired:
    """The stored fires: how late each execution was, in seconds, and how often it fired."""

    def __init__(self) -> None:
        self.due: dict[str, datetime] = {}
        self.late: list[float] = []
        self.times: Counter[str] = Counter()
        self.all = asyncio.Event()

    def answers(self, change: StateChange) -> None:
        """Takes one durable unit."""
        before, after = change.before, change.after
        execution_id = after.started.execution_id
        if before is None or after.closed is None or execution_id not in self.due:
            return
        self.late.append((datetime.now(UTC) - self.due[execution_id]).total_seconds())
        self.times[execution_id] += 1
        if len(self.times) == len(self.due):
            self.all.set()


def measure_timers(plan: Plan, count: int = TIMERS) -> dict[str, Any]:
    """Returns how late timers fire that fall due in one minute, and what the machine can store in a second."""
    return asyncio.run(_measure(plan, count))


async def _measure(plan: Plan, count: int) -> dict[str, Any]:
    async with in_process(plan.work / "timers") as held:
        begun = time.perf_counter()
        await held.fill("computing", _CAPACITY, _STARTERS)
        capacity = _CAPACITY / (time.perf_counter() - begun)
        held.workflow_ids["delaying"] = await activated(held, delaying())
        fired = Fired()
        held.shell.observers.on_change = fired.answers
        took = await _start(held, fired, count, timedelta(seconds=count / capacity * _CAUTION) + _SETTLE)
        await asyncio.wait_for(fired.all.wait(), (SPAN + _LONGEST).total_seconds() + took * _CAUTION)
        await asyncio.sleep(1)
        late = sorted(fired.late)
        return {
            "count": count,
            "fired": len(fired.times),
            "twice": sum(times > 1 for times in fired.times.values()),
            "starts_per_second": round(count / took, 1),
            "capacity_per_second": round(capacity, 1),
            "due_per_second": round(count / SPAN.total_seconds(), 1),
            **{
                f"late_p{part}_ms": round(late[min(len(late) * part // 100, len(late) - 1)] * 1000) for part in (50, 99)
            },
            "late_max_ms": round(late[-1] * 1000),
        }


async def _start(held: InProcess, fired: Fired, count: int, ahead: timedelta) -> float:
    """Starts executions that wait for times in the minute after `ahead`; returns the seconds that it took."""
    begun = time.perf_counter()
    first = datetime.now(UTC) + ahead
    start = await held.start_of("delaying")
    numbers = iter(range(count))

    async def run() -> None:
        for number in numbers:
            due = first + SPAN * number / count
            body = {"due": due.isoformat(timespec="milliseconds")}
            started = await held.shell.start(replace(start, body=body))
            fired.due[started.execution_id] = due

    await asyncio.gather(*(run() for _ in range(_STARTERS)))
    if datetime.now(UTC) >= first:
        raise RuntimeError("the first timers fell due before the last ones were stored; the machine is too busy")
    return time.perf_counter() - begun
