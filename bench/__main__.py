"""`python -m bench [PART ...]`, run by `make bench`: prints the table and writes it into the folder `build`."""

import argparse
import importlib.util
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from bench import figures, sessions, speed, table
from bench.beside import measure_peers
from bench.fairness import measuring as fairness
from bench.functions import measure_functions
from bench.harness.machine import describe
from bench.harness.servers import ROOT
from bench.sap import measuring as sap
from bench.sap import outage
from bench.scale import auditor, growth, history, inbox, regions, searching, streams, timers
from bench.speed import Plan
from bench.teams import copies, invoking

Found = dict[str, Any]
Measure = Callable[[Plan, argparse.Namespace, Found], Found]

_PARTS: Final[dict[str, tuple[str, Measure]]] = {
    "speed": (
        "the generator, the ceiling and triggers in turns, one client alone",
        lambda plan, _args, _found: {
            "generator": speed.measure_generator(plan),
            **speed.measure_trigger(plan),
            **speed.measure_single(plan),
        },
    ),
    "resume": ("waits and resumes", lambda plan, _args, _found: speed.measure_resume(plan)),
    "sessions": (
        "calls by the session of a person beside calls by a key, in pairs",
        lambda plan, _args, _found: {"sessions": sessions.measure_sessions(plan.work)},
    ),
    "figures": (
        "triggers with counters and roll-ups beside triggers without, in pairs, also by two servers on PostgreSQL",
        lambda plan, _args, _found: {"figures": _figures(plan)},
    ),
    "start": ("start to first trigger", lambda plan, _args, _found: {"start": speed.measure_start(plan)}),
    "waiting": (
        "100,000 waiting executions",
        lambda plan, args, _found: {"waiting": growth.measure_waiting(plan, args.waiting)},
    ),
    "timers": (
        "100,000 timers that fall due in one minute",
        lambda plan, args, _found: {"timers": timers.measure_timers(plan, args.timers)},
    ),
    "growth": (
        "lists, reads and triggers with 10 thousand and 1 million stored (--full: and 5 million)",
        lambda plan, args, _found: {
            "growth": growth.measure_growth(plan, growth.FULL_STEPS if args.full else growth.STEPS)
        },
    ),
    "auditor": (
        "the auditor: a count, a round, and triggers beside it, with 100,000 open of 1 million stored",
        lambda plan, args, _found: {"auditor": auditor.measure_auditor(plan, args.stored, args.stored // 10)},
    ),
    "regions": (
        "one large execution: branches, items, calls and waits",
        lambda plan, _args, _found: {"regions": regions.measure_regions(plan)},
    ),
    "search": (
        "a page of each kind of search in 1 million executions",
        lambda plan, _args, _found: {"search": searching.measure_search(plan)},
    ),
    "history": (
        "pages of 100 rows of the history in 1 million executions",
        lambda plan, args, _found: {"history": history.measure_history(plan, args.stored)},
    ),
    "pages": (
        "the pages of executions in Chromium, beside 1 million stored: the slider, the stream, memory",
        lambda plan, args, _found: {"pages": _pages(plan, args)},
    ),
    "studio": (
        "the Studio in Chromium, with 300, 1,000 and 2,000 steps: to open, to pan, to insert, to type",
        lambda plan, args, _found: {"studio": _studio(plan, args)},
    ),
    "inbox": (
        "pages of a person's inbox with 100,000 open requests",
        lambda plan, _args, _found: {"inbox": inbox.measure_inbox(plan)},
    ),
    "streams": (
        "triggers while 1,000 watch an execution each, 10 the organization, and 100 do not read",
        lambda plan, args, _found: streams.measure_streams(plan, args.watchers),
    ),
    "expressions": (
        "expressions: the slowest input, and Microsoft's packages under Node",
        lambda _plan, _args, _found: {"expressions": _expressions()},
    ),
    "functions": (
        "functions in JavaScript and Python: a second, one alone, the start of a process",
        lambda plan, _args, _found: {"functions": measure_functions(plan.seconds)},
    ),
    "fairness": (
        "one organization while another one loads the server in seven ways",
        lambda plan, args, _found: {"fairness": fairness.measure_fairness(plan, args.load or fairness.NAMES)},
    ),
    "sap": (
        "calls of SAP beside the bare mock, tokens, decimals, large metadata, echoes of credentials, hanging systems",
        lambda plan, _args, _found: {"sap": sap.measure_sap(plan)},
    ),
    "outage": (
        "1,000 executions against an SAP system that is down, and comes back",
        lambda plan, _args, _found: {"outage": outage.measure_outage(plan)},
    ),
    "invokes": (
        "answers in Teams at 50/s, alone and while the keys of another bot hang",
        lambda plan, _args, _found: {"invokes": invoking.measure_invokes(plan)},
    ),
    "copies": (
        "1,000 cards in Teams with 5 % of the calls refused and 2 % of the messages cut off",
        lambda plan, args, _found: {"copies": copies.measure_copies(plan, args.copies)},
    ),
    "distributed": (
        "several processes on PostgreSQL and Temporal, beside plain Temporal (see bench/README.md)",
        lambda plan, args, _found: {"distributed": _distributed(plan, args)},
    ),
    "peers": (
        "Restate, DBOS and n8n where they are installed (see bench/README.md)",
        lambda plan, _args, found: _peers(plan, found),
    ),
}


def _expressions() -> Found:
    from bench.expressions import measure_expressions  # noqa: PLC0415 - the inputs take 60 MB, which others pay for

    return measure_expressions()


def _figures(plan: Plan) -> Found:
    found = figures.measure_figures(plan.work)
    if importlib.util.find_spec("temporalio") is None:
        return {**found, "shared": {"skipped": "temporalio is not installed"}}
    from bench.distributed.shared_figures import measure_shared_figures  # noqa: PLC0415 - it is not everywhere

    return {**found, "shared": measure_shared_figures(plan)}


def _distributed(plan: Plan, args: argparse.Namespace) -> Found:
    if importlib.util.find_spec("temporalio") is None:
        return {"skipped": "temporalio is not installed"}
    from bench.distributed import measuring  # noqa: PLC0415 - it is not everywhere

    expected = measuring.Selection(args.scenario or measuring.SCENARIOS, args.storage or measuring.STORAGES)
    if unknown := {*expected.scenarios} - {*measuring.SCENARIOS}:
        raise SystemExit(f"no scenario {', '.join(unknown)}; there are: {', '.join(measuring.SCENARIOS)}")
    return measuring.measure_distributed(plan, args.folder, expected)


def _pages(plan: Plan, args: argparse.Namespace) -> Found:
    if missing := _missing_for_pages():
        return {"skipped": missing}
    from bench.pages import measuring  # noqa: PLC0415 - Playwright is not everywhere

    return measuring.measure_pages(plan, args.stored, args.output if args.profile else None)


def _studio(plan: Plan, args: argparse.Namespace) -> Found:
    if missing := _missing_for_pages():
        return {"skipped": missing}
    from bench.pages import studio  # noqa: PLC0415 - Playwright is not everywhere

    return studio.measure_studio(plan, args.output if args.profile else None)


def _missing_for_pages() -> str:
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not installed"
    from bench.pages.visitor import has_chromium  # noqa: PLC0415 - Playwright is not everywhere

    return "" if has_chromium() else "Chromium is missing; 'apt-get install chromium' or the variable CHROMIUM helps"


def _peers(plan: Plan, found: Found) -> Found:
    """Returns the peers beside us; where triggers were not measured in this run yet, they are."""
    own = {} if "trigger" in found else speed.measure_trigger(replace(plan, repetitions=1))
    ours: Found = {**found, **own}
    return {**own, "peers": measure_peers(plan, ours["trigger"]["per_second"])}


def main() -> int:
    """Measures the parts that were asked for."""
    args = _arguments()
    with tempfile.TemporaryDirectory(prefix="looply-bench-", dir=args.folder) as name:
        plan = Plan(Path(name), args.seconds, args.repetitions)
        options = {"seconds": args.seconds, "repetitions": args.repetitions, "parts": args.parts}
        found: Found = {"machine": describe(plan.work), "options": options}
        for part in args.parts:
            begun = time.perf_counter()
            print(f"measuring {part} ...", end=" ", file=sys.stderr, flush=True)
            found.update(_PARTS[part][1](plan, args, found))
            print(f"{time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
            table.write(found, args.output)
    print(table.as_text(found))
    return 0


def _arguments() -> argparse.Namespace:
    parts = "\n".join(f"  {name:11} {what}" for name, (what, _) in _PARTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=f"Measures parts of the product; all parts when none is named:\n{parts}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", choices=[*_PARTS, []], help="what to measure")
    parser.add_argument("--seconds", type=float, default=10.0, help="time of a phase (10)")
    parser.add_argument("--repetitions", type=int, default=5, help="how often the first parts are repeated (5)")
    parser.add_argument("--waiting", type=int, default=growth.WAITING, help="waiting executions (100,000)")
    parser.add_argument("--timers", type=int, default=timers.TIMERS, help="timers of one minute (100,000)")
    parser.add_argument(
        "--stored", type=int, default=searching.STORED, help="executions to search in, and to audit (1,000,000)"
    )
    parser.add_argument("--copies", type=int, default=copies.COPIES, help="cards in Teams (1,000)")
    parser.add_argument("--watchers", type=int, default=streams.WATCHERS, help="watchers of one execution (1,000)")
    parser.add_argument(
        "--profile",
        action="store_true",
        help="of pages and studio: write CPU profiles of the browser into the folder too",
    )
    parser.add_argument(
        "--full", action="store_true", help="also with 5 million stored: takes longer, and 5 GB of disk"
    )
    parser.add_argument(
        "--load", action="append", choices=fairness.NAMES, help="of fairness: only this way; repeatable"
    )
    parser.add_argument(
        "--scenario", action="append", help="of distributed: only this one, such as calling; repeatable"
    )
    parser.add_argument(
        "--storage", action="append", choices=("in memory", "on file"), help="of distributed: only with this Temporal"
    )
    parser.add_argument("--folder", type=Path, help="existing folder on the disk to measure; else the temporary one")
    parser.add_argument("--output", type=Path, default=ROOT / "build", help="folder of bench.json and bench.md (build)")
    args = parser.parse_args()
    args.parts = [part for part in _PARTS if part in (args.parts or _PARTS)]
    return args


if __name__ == "__main__":
    sys.exit(main())
