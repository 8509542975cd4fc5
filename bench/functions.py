"""Functions: how many a second the pool runs, how long one takes alone, how long a process takes to start."""

import asyncio
import statistics
import time
from datetime import timedelta
from typing import Any, Final

from looply.connectors.function.pool import SandboxPool
from looply.connectors.sandbox import Code, Language

_CODES: Final[dict[Language, str]] = {
    "javascript": "return { total: input.items.reduce((sum, item) => sum + item.price * item.quantity, 0) }",
    "python": "return {'total': sum(item['price'] * item['quantity'] for item in input['items'])}",
}
_INPUT: Final = {"items": [{"price": n / 4, "quantity": n} for n in range(20)]}
_WITHIN: Final = timedelta(minutes=1)
_CALLERS: Final = 8
"""So many calls of one target a server makes at once."""
_PROCESSES: Final = 2

Figures = dict[str, Any]


def measure_functions(seconds: float) -> Figures:
    """Returns the figures of each language."""
    return {language: asyncio.run(_measured(language, code, seconds)) for language, code in _CODES.items()}


async def _measured(language: Language, text: str, seconds: float) -> Figures:
    code = Code(language=language, code=text, input=_INPUT)
    starts = [await _start_seconds(code) for _ in range(3)]
    pool = SandboxPool(processes=_PROCESSES)
    try:
        await asyncio.gather(*(pool.run(code, _WITHIN) for _ in range(_CALLERS)))
        alone = await _calls(pool, code, seconds)
        begun = time.perf_counter()
        together = await asyncio.gather(*(_calls(pool, code, seconds) for _ in range(_CALLERS)))
        took = time.perf_counter() - begun
    finally:
        await pool.close()
    return {
        "start_ms": round(statistics.median(starts) * 1000, 1),
        "alone_p50_ms": round(_percentile(alone, 50) * 1000, 3),
        "alone_p99_ms": round(_percentile(alone, 99) * 1000, 3),
        "per_second": round(sum(map(len, together)) / took, 1),
        "processes": _PROCESSES,
    }


async def _start_seconds(code: Code) -> float:
    """Returns the time of the first call, for which a process is started."""
    pool = SandboxPool(processes=1)
    begun = time.perf_counter()
    try:
        await pool.run(code, _WITHIN)
        return time.perf_counter() - begun
    finally:
        await pool.close()


async def _calls(pool: SandboxPool, code: Code, seconds: float) -> list[float]:
    """Returns the times of calls that one caller makes in turn."""
    took, end = [], time.perf_counter() + seconds
    while (begun := time.perf_counter()) < end:
        await pool.run(code, _WITHIN)
        took.append(time.perf_counter() - begun)
    return took


def _percentile(took: list[float], percent: int) -> float:
    return sorted(took)[min(len(took) - 1, len(took) * percent // 100)]
