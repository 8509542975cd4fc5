"""Counters and roll-ups: the CPU of a trigger with them beside one without, in pairs within one process.

With them a unit has one more row, which a loop folds: both are in the figure, because a turn ends when all is folded.
Without them the committer computes no change, so that neither the row nor its fold exists. A store is filled by both
sides in turns, so both meet the same one.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from unittest import mock

from bench.harness.in_process import InProcess, in_process
from bench.harness.scenario import BODY
from bench.pairs import interval
from looply.engine.processing import committer
from looply.engine.upkeep.figure_folder import SLICE

PAIRS: Final = 60
CALLS: Final = 500
GOAL: Final = 1.05

_CALLERS: Final = 32


def measure_figures(work: Path, pairs: int = PAIRS, calls: int = CALLS) -> dict[str, Any]:
    """Returns the CPU of a trigger with and without figures in µs, the mean ratio, and its 95 % interval."""
    return asyncio.run(_measure(work / "figures", pairs, calls))


async def _measure(data: Path, pairs: int, calls: int) -> dict[str, Any]:
    # The loop of the server rests, so that each turn folds the changes of its own triggers and no others.
    async with in_process(data, figure_seconds=86_400.0) as held:
        for has_figures in (True, False):
            await _turn(held, calls, has_figures=has_figures)
        found: list[tuple[float, float]] = []
        for pair in range(pairs):
            order = (True, False) if pair % 2 == 0 else (False, True)
            used = {side: await _turn(held, calls, has_figures=side) for side in order}
            found.append((used[True], used[False]))
        mean, low, high = interval([own / bare for own, bare in found])
        own, bare = (sorted(each)[pairs // 2] for each in zip(*found, strict=True))
        return {"with_us": own, "without_us": bare, "ratio": mean, "interval": [low, high], "pairs": pairs}


async def _turn(held: InProcess, calls: int, *, has_figures: bool) -> float:
    """Returns the CPU of the process for one trigger, in microseconds, with all that follows from it."""
    numbers = iter(range(calls))

    async def trigger() -> None:
        for _ in numbers:
            await held.call("POST", held.trigger_path(), BODY)

    begun = time.process_time()
    with _figures(has_figures):
        await asyncio.gather(*(trigger() for _ in range(_CALLERS)))
    folded = 0
    while count := await held.store.figures.fold(SLICE):
        folded += count
    spent = time.process_time() - begun
    if (folded > 0) != has_figures:
        raise RuntimeError(f"{folded} changes were folded, expected {'some' if has_figures else 'none'}")
    return spent / calls * 1e6


@contextmanager
def _figures(is_on: bool) -> Iterator[None]:
    if is_on:
        yield
        return
    with mock.patch.object(committer, "figure_change", _nothing):
        yield


def _nothing(*_: Any) -> None:
    return None


def lines_of(found: dict[str, Any]) -> Iterator[tuple[str, str, str, bool | None]]:
    """Yields the lines of the table: scenario, measured, goal, and whether it is met."""
    low, high = found["interval"]
    shown = f"{found['with_us']:.0f} / {found['without_us']:.0f} µs: {found['ratio']:.3f} ({low:.3f} to {high:.3f})"
    title = f"a trigger with counters and roll-ups, over one without (CPU, {found['pairs']} pairs)"
    yield title, shown, f"<= {GOAL}", found["ratio"] <= GOAL
    shared = found["shared"]
    title = "  two servers on PostgreSQL (CPU of the servers and of their sessions)"
    if "skipped" in shared:
        yield title, f"skipped: {shared['skipped']}", "", None
        return
    low, high = shared["interval"]
    shown = f"{shared['with_ms']:.2f} / {shared['without_ms']:.2f} ms: {shared['ratio']:.3f} ({low:.3f} to {high:.3f})"
    yield f"{title}, {shared['pairs']} pairs", shown, f"<= {GOAL}", shared["ratio"] <= GOAL
    own, bare = shared["own_ms"]
    yield "    beside them, PostgreSQL's own processes", f"{own:.2f} / {bare:.2f} ms", "", None
