"""The auditor: the cost of a count and a round in a large store, and their effect on triggers.

Everything runs in this process, without a socket. A round is measured without the pauses between its slices; beside
triggers it has them, as in a server, and counts as often.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.harness.filling import fill, make_folder
from bench.harness.in_process import InProcess, in_process
from bench.harness.load import run
from bench.speed import CLIENTS, Plan
from looply.clock import SystemClock
from looply.engine.upkeep.auditor import COUNT_SECONDS, Auditor

STORED: Final = 1_000_000
_COUNTS: Final = 5
_TICK_SECONDS: Final = 0.001
_REST_SECONDS: Final = 1.0
"""The pause of the auditor between two slices."""


def measure_auditor(plan: Plan, stored: int, opened: int) -> dict[str, Any]:
    """Returns the cost of the auditor with `stored` executions, `opened` of which wait."""
    folder = run(make_folder(plan.work / "auditor"))
    run(fill(folder, stored - opened))
    run(fill(folder, opened, "waiting"))
    return {"stored": stored, "open": opened, **asyncio.run(_measure(plan, folder.data, opened))}


async def _measure(plan: Plan, data: Path, opened: int) -> dict[str, Any]:
    async with in_process(data) as held:
        auditor = Auditor(held.shell, held.store, SystemClock(), frozenset())
        held_ms: list[float] = []
        counts = []
        for _ in range(_COUNTS):
            async with _watching(held_ms):
                begun = time.perf_counter()
                await auditor.count()
                counts.append(time.perf_counter() - begun)
        census = await held.store.survey.count()
        if census.executions.get("WAITING") != opened or auditor.damaged:
            raise RuntimeError(
                f"the store differs from its filling: {census.executions}, {len(auditor.damaged)} damaged"
            )
        before, begun = _own_mib(), time.perf_counter()
        slices = 1
        while not await auditor.tick():
            slices += 1
        took = time.perf_counter() - begun
        return {
            "count_ms": round(median(counts) * 1000, 1),
            "count_held_ms": round(max(held_ms), 1),
            "round_seconds": round(took, 1),
            "slices": slices,
            "round_us_each": round(took / slices / 50 * 1e6, 1),
            "round_extra_own_mib": round(_own_mib() - before, 1),
            **await _triggers(plan, held, auditor),
        }


async def _triggers(plan: Plan, held: InProcess, auditor: Auditor) -> dict[str, float]:
    """Returns triggers a second and their CPU, alone and beside the auditor: medians of turns."""
    alone, beside = [], []
    for _ in range(plan.repetitions):
        alone.append(await _driven(held, plan.seconds))
        working = asyncio.create_task(_audit(auditor))
        beside.append(await _driven(held, plan.seconds))
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
    return {
        name: round(median(turn[place] for turn in turns), 3)
        for kind, turns in (("alone", alone), ("beside", beside))
        for place, name in enumerate((f"triggers_{kind}", f"cpu_ms_{kind}"))
    }


async def _audit(auditor: Auditor) -> None:
    count_at = 0.0
    while True:
        if time.monotonic() >= count_at:
            await auditor.count()
            count_at = time.monotonic() + COUNT_SECONDS
        await auditor.tick()
        await asyncio.sleep(_REST_SECONDS)


async def _driven(held: InProcess, seconds: float) -> tuple[float, float]:
    """Returns triggers a second, and the CPU of all threads for each in milliseconds."""
    start = await held.start_of("computing")
    numbers = itertools.count()
    end, used = time.perf_counter() + seconds, time.process_time()

    async def trigger() -> None:
        while time.perf_counter() < end:
            await held.shell.start(start)
            next(numbers)

    await asyncio.gather(*(trigger() for _ in range(CLIENTS)))
    count = next(numbers)
    return count / seconds, (time.process_time() - used) / count * 1000


@asynccontextmanager
async def _watching(held_ms: list[float]) -> AsyncIterator[None]:
    """Records the longest blocking of the event loop during the block, in milliseconds."""

    async def watch() -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(_TICK_SECONDS)
            held_ms.append((time.perf_counter() - begun - _TICK_SECONDS) * 1000)

    watcher = asyncio.create_task(watch())
    try:
        yield
    finally:
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher


def _own_mib() -> float:
    """Returns the memory of this process that is no page of a file, in MiB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon:"))
