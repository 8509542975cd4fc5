"""`looply bench expressions`: our expressions and cards beside Microsoft's packages, alternating, on the same cases."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Final

from cyclopts import Parameter, validators

from looply.cli.display.pages import Page
from looply.cli.measuring.bench_cases import Case, cases
from looply.cli.terminal.failures import DONE, REFUSED
from looply.cli.terminal.tables import record, table
from looply.cli.terminal.terminal import Here, json_text
from looply.clock import Clock
from looply.errors import Refused
from looply.jsontext import Json

GOAL: Final = 0.5
"""Our speed over theirs: at least half as fast."""
_PROGRAM: Final = Path(__file__).with_name("microsoft.mjs")
_CHECKOUT: Final = Path(__file__).parents[4] / "ui" / "node_modules"
_PACKAGES: Final = ("adaptive-expressions", "adaptivecards-templating")
_ROUND_SECONDS: Final = 0.003
"""Short, so that on a busy machine most rounds have the processor for themselves."""
_WARM_UP_SECONDS: Final = 0.3
_MAX_LINE_LENGTH: Final = 1024 * 1024

Report = dict[str, Any]


async def expressions(
    *,
    turns: Annotated[
        int,
        Parameter(help="How often each side measures each case.", validator=validators.Number(gte=1, lte=1000)),
    ] = 100,
    packages: Annotated[
        Path | None, Parameter(help="Folder node_modules with Microsoft's packages; else that of a checkout's ui.")
    ] = None,
    terminal: Here,
) -> int:
    """Compare the speed of expressions and cards with Microsoft's packages under Node.

    Both sides parse once, warm up, and then alternate on the same cases and data; the table shows medians. Where Node
    or the packages are missing, it shows our figures only.
    """
    report = await compare(turns, packages, terminal.clock)
    terminal.show(report, lambda: _people(report))
    return REFUSED if any(each.get("equal") is False for each in report["cases"]) else DONE


async def compare(turns: int, packages: Path | None, clock: Clock) -> Report:
    """Returns the microseconds of an evaluation of each case, ours and theirs, and our speed over theirs."""
    tests = cases()
    folder = packages if packages is not None else _CHECKOUT
    if missing := _missing(folder):
        alone = [_measure_alone(test, turns, clock) for test in tests]
        return {"missing": missing, "versions": {}, "turns": turns, "cases": alone}
    async with _start_peer(folder, tests) as theirs:
        compared = [await _compare_case(number, test, turns, theirs, clock) for number, test in enumerate(tests)]
        return {"missing": "", "versions": theirs.versions, "turns": turns, "cases": compared}


def _missing(folder: Path) -> str:
    """Returns what is missing to run Microsoft's packages, the empty text when nothing is."""
    if shutil.which("node") is None:
        return "node, which runs Microsoft's packages, is not in the PATH"
    absent = [name for name in _PACKAGES if not (folder / name / "package.json").is_file()]
    return f"{' and '.join(absent)} not found in {folder}; name a folder with --packages" if absent else ""


class PeerProcess:
    """Microsoft's packages in a process of their own, with the cases parsed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.versions: dict[str, str] = {}
        self.values: list[Json] = []

    async def prepare(self, packages: Path, tests: Sequence[Case]) -> None:
        """Sends the cases, to be parsed and evaluated once. Raises: Refused when the packages do not run."""
        begun = await self._ask(_beginning(packages, tests))
        self.versions, self.values = begun["versions"], begun["values"]

    async def seconds(self, case: int, times: int) -> float:
        """Returns the seconds that `times` evaluations of a case took."""
        return float((await self._ask({"case": case, "times": times}))["seconds"])

    async def _ask(self, question: Json) -> Json:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json_text(question)}\n".encode())
        line = await self._process.stdout.readline()
        if not line:
            raise Refused("Microsoft's packages did not run under this Node", code="PEER_FAILED")
        return json.loads(line)


def _beginning(packages: Path, tests: Sequence[Case]) -> Json:
    given = [{test.field: test.source, "data": test.data} for test in tests]
    return {"packages": str(packages.absolute()), "cases": given}


@asynccontextmanager
async def _start_peer(packages: Path, tests: Sequence[Case]) -> AsyncIterator[PeerProcess]:

    process = await asyncio.create_subprocess_exec(
        *("node", str(_PROGRAM)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=_MAX_LINE_LENGTH,
    )
    try:
        theirs = PeerProcess(process)
        await theirs.prepare(packages, tests)
        yield theirs
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _compare_case(number: int, test: Case, turns: int, theirs: PeerProcess, clock: Clock) -> Report:
    evaluate = test.compile()
    our_times, their_times = _times_of_a_round(evaluate, turns, clock), 1
    while (took := await theirs.seconds(number, their_times)) < _warm_up(turns):
        their_times = _more(their_times, took)
    their_times = _of_a_round(their_times, took)
    ours_us, theirs_us = [], []
    for _ in range(turns):
        ours_us.append(_seconds(evaluate, our_times, clock) / our_times * 1e6)
        theirs_us.append(await theirs.seconds(number, their_times) / their_times * 1e6)
    return {
        "name": test.name,
        "ours_us": round(median(ours_us), 3),
        "theirs_us": round(median(theirs_us), 3),
        "ratio": round(median(theirs_us) / median(ours_us), 2),
        "goal": GOAL if test.is_held else None,
        "equal": evaluate() == theirs.values[number],
    }


def _measure_alone(test: Case, turns: int, clock: Clock) -> Report:
    evaluate = test.compile()
    times = _times_of_a_round(evaluate, turns, clock)
    ours_us = [_seconds(evaluate, times, clock) / times * 1e6 for _ in range(turns)]
    return {"name": test.name, "ours_us": round(median(ours_us), 3)}


def _times_of_a_round(evaluate: Callable[[], Json], turns: int, clock: Clock) -> int:
    """Returns how many evaluations a round has; the search for that number is the warm-up."""
    times = 1
    while (took := _seconds(evaluate, times, clock)) < _warm_up(turns):
        times = _more(times, took)
    return _of_a_round(times, took)


def _warm_up(turns: int) -> float:
    """Returns the seconds of a warm-up; with few turns the result is a rough figure and needs only a short one."""
    return min(_WARM_UP_SECONDS, turns * 10 * _ROUND_SECONDS)


def _more(times: int, took: float) -> int:
    """Returns a larger count after a round that was too short: twice as many, up to ten times if far too short."""
    return max(times * 2, int(times * min(_WARM_UP_SECONDS * 1.2 / max(took, 1e-6), 10)))


def _of_a_round(times: int, took: float) -> int:
    return max(1, round(times * _ROUND_SECONDS / took))


def _seconds(evaluate: Callable[[], Json], times: int, clock: Clock) -> float:
    begun = clock.monotonic()
    for _ in range(times):
        evaluate()
    return clock.monotonic() - begun


def _people(report: Report) -> Page:

    if report["missing"]:
        rows = [[each["name"], f"{each['ours_us']:.2f}"] for each in report["cases"]]
        return [table(("case", "ours, us"), rows), record({"no comparison": report["missing"]})]
    columns = ("case", "ours, us", "theirs, us", "our speed over theirs", "goal", "same result")
    rows = [
        [
            each["name"],
            f"{each['ours_us']:.2f}",
            f"{each['theirs_us']:.2f}",
            f"{each['ratio']:.2f}",
            _goal(each),
            "yes" if each["equal"] else "NO",
        ]
        for each in report["cases"]
    ]
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    title = f"Microseconds of an evaluation, median of {report['turns']} turns taken alternately"
    return [table(columns, rows, title=title), record({"theirs": versions})]


def _goal(each: Report) -> str:
    if each["goal"] is None:
        return ""
    return f"{'yes' if each['ratio'] >= each['goal'] else 'NO'}: >= {each['goal']}"
