"""Two trees in pairs: `python -m bench.pairs OTHER [--pairs 10] [--calls 1000]`, run in the newer tree.

Both trees have an environment of their own (`make install`). Both servers run during the whole measurement, and the
same callers trigger one and then the other; the order changes with each pair. Shown is the CPU of each server for a
trigger, the ratio of the two, and the interval that contains the mean ratio with a probability of 95 % (bootstrap).
The CPU is what the kernel charged to the threads of a server, so that other work on the machine distorts it little.
`--kind sap` triggers a workflow that creates an order in the mock of SAP, and waits for its end.
"""

import argparse
import itertools
import json
import math
import random
import statistics
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from bench.harness.load import post
from bench.harness.scenario import BODY
from bench.harness.servers import ROOT, Server, looply
from bench.sap.measuring import mock_sap
from bench.sap.workflows import environment
from bench.speed import CLIENTS, drive

_SECONDS: Final = 600.0
"""The longest time of one turn, which is over after its calls."""
_WARM_UP: Final = 4
"""A turn begins with this fraction of its calls, not measured: a server that has waited finds cold caches."""
_RESAMPLES: Final = 10_000
_MAKE: Final = """
import json, sys
from pathlib import Path
try:
    from bench.harness import filling, load
except ImportError:  # A tree from before the rooms of `bench`.
    from bench import filling, load
data, kind, port = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
if kind == "sap":
    from bench.sap import workflows as sap
    order = sap.creating(sap.MOCK_SERVICE, "A_PurchaseOrder", sap.MOCK_ORDER)
    folder = load.run(sap.sap_folder(data, port, {"sap": order}))
    path = folder.trigger_path(kind) + "?wait=PT60S"
else:
    folder = load.run(filling.make_folder(data))
    path = folder.trigger_path(kind)
print(json.dumps([path, folder.api_key]))
"""


def interval(ratios: Sequence[float]) -> tuple[float, float, float]:
    """Returns the geometric mean of ratios, and the bounds of its 95 % interval by resampling with a fixed seed."""
    logs = [math.log(ratio) for ratio in ratios]
    chance = random.Random(1)
    means = sorted(statistics.fmean(chance.choices(logs, k=len(logs))) for _ in range(_RESAMPLES))
    low, high = means[int(_RESAMPLES * 0.025)], means[int(_RESAMPLES * 0.975) - 1]
    return math.exp(statistics.fmean(logs)), math.exp(low), math.exp(high)


def _python(tree: Path) -> str:
    return str(tree / ".venv" / "bin" / "python")


def _request(tree: Path, data: Path, kind: str, port: int) -> bytes:
    """Returns the trigger of a workflow in a new data folder of a tree; `port` is that of the system that it calls."""
    command = [_python(tree), "-c", _MAKE, str(data), kind, str(port)]
    made = subprocess.run(command, cwd=tree, check=True, capture_output=True, text=True)
    path, key = json.loads(made.stdout.splitlines()[-1])
    return post(path, BODY, key)


def _turn(server: Server, request: bytes, calls: int) -> float:
    """Returns the CPU of the server for one call, in milliseconds, after calls that bring its data into the caches."""
    drive(server, itertools.repeat(request, calls // _WARM_UP), CLIENTS, _SECONDS)
    used = server.cpu_seconds
    drive(server, itertools.repeat(request, calls), CLIENTS, _SECONDS)
    return (server.cpu_seconds - used) * 1000 / calls


def main() -> None:
    """Prints each pair, then the ratio with its interval."""
    parser = argparse.ArgumentParser(prog="python -m bench.pairs", description=__doc__)
    parser.add_argument("other", type=Path)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--kind", choices=("computing", "waiting", "sap"), default="computing")
    given = parser.parse_args()
    trees = (given.other.absolute(), ROOT)
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sides = []
        port = 0
        if given.kind == "sap":
            port = stack.enter_context(mock_sap(work / "mock_sap.log")).port
        settings = environment(port) if port else {}
        for name, tree in zip(("other", "this"), trees, strict=True):
            request = _request(tree, work / name, given.kind, port)
            log = work / f"{name}.log"
            server = stack.enter_context(looply(work / name, log, settings, python=_python(tree)))
            _turn(server, request, given.calls)
            sides.append((server, request))
        ratios = []
        for pair in range(given.pairs):
            order = (0, 1) if pair % 2 == 0 else (1, 0)
            used = {side: _turn(*sides[side], given.calls) for side in order}
            ratios.append(used[1] / used[0])
            print(f"{used[0]:.4f} ms, here {used[1]:.4f} ms, ratio {ratios[-1]:.3f}", flush=True)
    mean, low, high = interval(ratios)
    print(f"CPU of the server for a trigger, over the other tree: {mean:.3f} ({low:.3f} to {high:.3f})")


if __name__ == "__main__":
    main()
