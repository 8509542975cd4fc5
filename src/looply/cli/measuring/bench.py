"""`looply bench`: a small measurement of this machine, in bounded time; `expressions` is a command of its own."""

import os
import platform
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from cyclopts import App, Parameter, validators

from looply.cli.display.pages import Page
from looply.cli.measuring.bench_regions import measure_regions
from looply.cli.measuring.load import PAYLOAD, HttpRequest, definition, measure
from looply.cli.terminal.client import ApiClient, segment
from looply.cli.terminal.failures import DONE, REFUSED
from looply.cli.terminal.importing import ImportOptions, import_by_api
from looply.cli.terminal.tables import record, table
from looply.cli.terminal.terminal import Here, Terminal, json_text
from looply.clock import Clock
from looply.demo.local_server import LocalServer, local_server

APP: Final = App(name="bench")
APP.command(
    "looply.cli.measuring.bench_expressions:expressions",
    name="expressions",
    help="Compare the speed of expressions and cards with Microsoft's packages under Node.",
)

_CLIENTS: Final = (1, 32)
_WARM_UP_SECONDS: Final = 1.0
_FLUSHES: Final = 100
_COLUMNS: Final = ("clients", "executions", "per_second", "p50_ms", "p95_ms", "p99_ms", "errors")

Report = dict[str, Any]


@APP.default
async def bench(
    *,
    seconds: Annotated[
        float, Parameter(help="Time of each of the two phases.", validator=validators.Number(gte=0.1, lte=600))
    ] = 5.0,
    folder: Annotated[
        Path | None, Parameter(help="Existing folder on the disk to measure; else the folder for temporary files.")
    ] = None,
    terminal: Here,
) -> int:
    """Measure triggers of a workflow with three computing steps, with 1 and with 32 callers, and two large executions.

    The server runs as a process of its own on the loopback interface with a new data folder; an answer means that the
    execution is on disk (synchronous=FULL). The callers share the machine with the server.
    """

    held = nullcontext(None) if folder is None else nullcontext(str(folder.absolute()))
    with held as parent, tempfile.TemporaryDirectory(prefix="looply-bench-", dir=parent) as name:
        work = Path(name)
        terminal.say(f"Measuring for about {2 * seconds + _WARM_UP_SECONDS + 5:.0f} seconds in {work.parent} ...")
        flush_ms = _flush_ms(work, terminal.clock)
        async with local_server(work, {"log_level": "warning"}) as server:
            measured = await _measure(server, seconds, terminal)
        # The server has ended, so all data is in the database file and none in the write-ahead log.
        stored = (work / "data" / "executions.db").stat().st_size // max(measured["executions"], 1)
        report = {**_machine(), "flush_ms": flush_ms, **measured, "bytes_per_execution": stored}
        # The regions get a store of their own: they would distort the bytes per execution.
        (large := work / "large").mkdir()
        async with local_server(large, {"log_level": "warning"}) as server:
            report["regions"] = await _regions(server, terminal)
        terminal.show(report, lambda: _people(report))
    return REFUSED if report["unfinished"] or any(each["errors"] for each in report["results"]) else DONE


async def _measure(server: LocalServer, seconds: float, terminal: Terminal) -> Report:

    async with ApiClient(server.url, server.api_key) as client:
        workflow = await import_by_api(client, definition(), ImportOptions(activate=True))
        path = f"/v2/workflows/triggerworkflow/{segment(workflow.workflow_id)}"
        request = HttpRequest.post(server.url, path, server.api_key, json_text(PAYLOAD).encode())
        warm_up = await measure(request, 1, min(_WARM_UP_SECONDS, seconds), terminal.clock)
        results = [await measure(request, clients, seconds, terminal.clock) for clients in _CLIENTS]
        memory = _memory_mib(server.process_id)
        # A 200 means that the execution is durable; this checks that it also ran to its end.
        open_or_failed = ["RUNNING", "WAITING", "FAILED", "TERMINATED"]
        unfinished = await client.items("searchExecutions", 1, status=open_or_failed)
    return {
        "seconds": seconds,
        "executions": warm_up.executions + sum(each.executions for each in results),
        "results": [msgspec.to_builtins(each) for each in results],
        "memory_mib": memory,
        "unfinished": bool(unfinished),
    }


async def _regions(server: LocalServer, terminal: Terminal) -> list[Report]:

    async with ApiClient(server.url, server.api_key) as client:
        return await measure_regions(client, terminal.clock)


def _machine() -> Report:
    return {"cpus": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}


def _flush_ms(folder: Path, clock: Clock) -> float:
    """Returns the median time of a small write with a flush to the disk, into a file that already has its size."""
    took = []
    with (folder / "flush").open("wb", buffering=0) as file:
        file.write(bytes(4096 * _FLUSHES))
        os.fsync(file.fileno())
        file.seek(0)
        for _ in range(_FLUSHES):
            begun = clock.monotonic()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            took.append(clock.monotonic() - begun)
    return round(sorted(took)[_FLUSHES // 2] * 1000, 3)


def _memory_mib(process_id: int) -> float | None:
    """Returns the resident memory of a process where the system has `/proc`."""
    try:
        lines = Path(f"/proc/{process_id}/status").read_text("ascii").splitlines()
    except OSError:
        return None
    return next((round(int(line.split()[1]) / 1024, 1) for line in lines if line.startswith("VmRSS:")), None)


def _people(report: Report) -> Page:

    rows = [[each[name] for name in _COLUMNS] for each in report["results"]]
    facts = {
        "machine": f"{report['cpus']} CPUs, {report['machine']}, Python {report['python']}",
        "flush of the disk": f"{report['flush_ms']} ms (median of {_FLUSHES})",
        "memory of the server": f"{report['memory_mib']} MiB after the last phase",
        "disk": f"{report['bytes_per_execution']} bytes per execution",
        **{f"one execution, {each['case']}": f"{each['ms']} ms (goal {each['goal_ms']})" for each in report["regions"]},
        "all ran to their end": "no" if report["unfinished"] else "yes",
    }
    title = "Triggers of a workflow with three computing steps; answered when on disk"
    return [table(_COLUMNS, rows, title=title), record(facts)]
