"""Runs one seed of the simulator, or one saved list of choices, and prints the trace.

python tests/simulation/sim_seed.py 1234
python tests/simulation/sim_seed.py 1234 --shrink NAME     (saves the shrunk choices in regressions/NAME.json)
python tests/simulation/sim_seed.py regressions/NAME.json
python tests/simulation/sim_seed.py 1234 --pool regions    (workflows with branches, approvals, children)
python tests/simulation/sim_seed.py 1 2 3 --digest         (a line for each: the hash of the trace)
"""

import argparse
import json
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from simulation.checking import checkers, outage_checkers, pruning_checkers, region_checkers
from simulation.defects.mutants import MUTANTS
from simulation.defects.pruning_mutants import PRUNING_MUTANTS
from simulation.defects.region_mutants import REGION_MUTANTS
from simulation.pools.pools import FLAT, POOLS, Pool
from simulation.pools.workflows import POOL_SIZE
from simulation.running.choice import Choice, ReplayChoice, SeededChoice, shrink
from simulation.running.options import draw_options
from simulation.running.run import simulate
from simulation.running.trace import Trace

REGRESSIONS = Path(__file__).parent / "regressions"


@dataclass(frozen=True)
class Regression:
    """A saved list of choices, the seed that it was shrunk from, and the mutant that still fails with it.

    `pool` names the workflows that the run draws from.
    """

    seed: str
    mutant: str
    choices: list[int]
    pool: str = FLAT.name

    @classmethod
    def read(cls, path: Path) -> "Regression":
        """Returns the content of a file."""
        return cls(**json.loads(path.read_text()))


def pool_of(name: str) -> Pool:
    """Returns the pool of that name."""
    return POOLS[name]


def problems_of(trace: Trace, pool: Pool) -> list[str]:
    """Returns the violations in a run of a pool."""
    if pool.has_outages:
        return outage_checkers.problems_of(trace)
    if pool.is_rich:
        return region_checkers.problems_of(trace)
    return pruning_checkers.problems_of(trace) if pool.forgets else checkers.problems_of(trace)


def report(seed: str, trace: Trace, problems: Sequence[str]) -> str:
    """Returns the report of the violations in a run, and how to reproduce them."""
    options = draw_options(ReplayChoice(trace.choices), POOL_SIZE)
    return "\n".join(
        (
            f"seed {seed}: {len(problems)} problems",
            *problems[:12],
            f"options: {options.organizations} organizations, workflows {options.workflows}, {sorted(options.enabled)}",
            f"again: python tests/simulation/sim_seed.py {seed}",
        )
    )


def mutated(name: str) -> AbstractContextManager[None]:
    """Returns the context of the mutant of that name, of none when it is empty."""
    known = (*MUTANTS, *REGION_MUTANTS, *PRUNING_MUTANTS)
    return next((mutant() for mutant in known if mutant.__name__ == name), nullcontext())


def story(trace: Trace) -> str:
    """Returns the whole trace, in its order."""
    seen: list[tuple[int, Any]] = [
        *((call.invoked, call) for call in trace.calls),
        *((line.order, line) for line in trace.lines),
        *((commit.order, commit) for commit in trace.commits),
        *((stop.order, stop) for stop in trace.stops),
        *((plan.invoked, plan) for plan in trace.plans),
        *((firing.order, firing) for firing in trace.firings),
        *((stream.invoked, stream) for stream in trace.streams),
        *((pruned.order, pruned) for pruned in trace.pruned),
    ]
    lines = [f"{order:5} {what}" for order, what in sorted(seen, key=lambda one: one[0])]
    for execution, history in trace.histories.items():
        lines.append(f"{execution} {trace.heads[execution]['status']}")
        lines.extend(f"{number:7} {event}" for number, event in enumerate(history, 1))
    return "\n".join(lines)


def save(name: str, seed: str, mutant: str, pool: Pool) -> Path:
    """Shrinks the choices of a failing seed and saves them as a regression."""

    def fails(choices: Sequence[int]) -> bool:
        with mutated(mutant):
            return bool(problems_of(simulate(ReplayChoice(choices), "", pool), pool))

    with mutated(mutant):
        first = simulate(SeededChoice(int(seed)), seed, pool)
    choices = shrink(first.choices, fails)
    path = REGRESSIONS / f"{name}.json"
    path.write_text(json.dumps(asdict(Regression(seed, mutant, choices, pool.name))) + "\n")
    return path


def main() -> int:
    """Returns 1 when the run shows a problem."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", nargs="+", metavar="seed", help="a number, or the path of a saved list of choices")
    parser.add_argument("--shrink", metavar="NAME", help="save the shrunk choices under this name")
    parser.add_argument("--mutant", default="", help="run this mutant of the engine")
    parser.add_argument("--pool", default=FLAT.name, choices=tuple(POOLS), help="which workflows")
    parser.add_argument("--digest", action="store_true", help="print only the hash of the trace")
    given = parser.parse_args()
    if given.shrink:
        print(save(given.shrink, given.seeds[0], given.mutant, pool_of(given.pool)))
        return 0
    is_wrong = False
    for seed in given.seeds:
        with mutated(given.mutant):
            choice, pool = _run_of(seed, pool_of(given.pool))
            trace = simulate(choice, seed, pool)
        problems = problems_of(trace, pool)
        is_wrong = is_wrong or bool(problems)
        print(trace.digest() if given.digest else f"{story(trace)}\n{report(seed, trace, problems)}")
    return int(is_wrong)


def _run_of(seed: str, pool: Pool) -> tuple[Choice, Pool]:
    if seed.isdigit():
        return SeededChoice(int(seed)), pool
    saved = Regression.read(Path(seed))
    return ReplayChoice(saved.choices), pool_of(saved.pool)


if __name__ == "__main__":
    raise SystemExit(main())
