"""Expressions: the slowest of many inputs that are made to be slow, and the speed beside Microsoft's packages."""

import asyncio
import gc
import sys
import time
from collections.abc import Iterator
from typing import Any, Final

from bench.harness.servers import ROOT
from looply.cli.measuring.bench_expressions import compare
from looply.clock import SystemClock

# The inputs and what is tested of them are those of the tests.
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("fuzz", "differential")]

import expression_bombs  # noqa: E402 - their folders are in the path only now
import expression_cases  # noqa: E402
from expression_inputs import FuzzInputs, Input  # noqa: E402
from test_fuzz_expressions import outcome  # noqa: E402

BOMBS: Final = 1500
INPUTS: Final = 20_000
_SEED: Final = 1
_TURNS: Final = 300
_AGAIN: Final = 2

Figures = dict[str, Any]


def measure_expressions() -> Figures:
    """Returns the most CPU time that an input takes, which one it was, and the comparison."""
    gc.collect()
    gc.freeze()  # or else the collector walks through the data of the bombs now and then, and an input pays for it
    slowest_ms, slowest = max((_milliseconds(given), str(given.source)) for given in _inputs())
    return {
        "bombs": BOMBS,
        "inputs": INPUTS,
        "slowest_ms": round(slowest_ms, 1),
        "slowest": slowest[:200],
        "comparison": asyncio.run(compare(_TURNS, None, SystemClock())),
    }


def _inputs() -> Iterator[Input]:
    fuzz, bombs = FuzzInputs(_SEED), expression_bombs.Bombs(_SEED)
    yield from (Input("bomb", *bombs.bomb(number)) for number in range(BOMBS))
    yield from (fuzz.input(number) for number in range(INPUTS))


def _milliseconds(given: Input) -> float:
    """Returns the CPU time of parsing and evaluating an input; of a slow one, the least of three."""
    data = expression_bombs.DATA if given.kind == "bomb" else expression_cases.DATA
    took = _once(given, data)
    return min(took, *(_once(given, data) for _ in range(_AGAIN))) if took > 20 else took


def _once(given: Input, data: Any) -> float:
    begun = time.thread_time()
    outcome(given, data)
    return (time.thread_time() - begun) * 1000
