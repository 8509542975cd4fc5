"""Speed: the ceiling and the product in turns, one caller alone, resumes, and the start of the server."""

import itertools
import statistics
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.harness.filling import Folder, make_folder
from bench.harness.load import Calls, Span, get, pinned, post, run, run_callers
from bench.harness.scenario import BODY, RESUME_BODY
from bench.harness.servers import Server, client_cores, disk_bytes, json_of, looply, program

CLIENTS: Final = 32
WARM_UP_SECONDS: Final = 1.0
_WAITS: Final = 10_000
_STARTS: Final = 5

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """Where and how long to measure: seconds of a phase, repetitions of it."""

    work: Path
    seconds: float
    repetitions: int


@dataclass(frozen=True, slots=True)
class Driven:
    """The figures of the callers, the CPU seconds of the server during the phase, and the answers if they were kept."""

    span: Span
    server_cpu_seconds: float
    answers: list[bytes]

    @property
    def cpu_ms(self) -> float:
        """CPU of the server for each accepted call, in milliseconds."""
        return self.server_cpu_seconds * 1000 / max(1, len(self.span.took))

    def figures(self) -> Figures:
        """Returns the figures that every phase has."""
        return {
            "per_second": round(self.span.per_second, 1),
            "p50_ms": round(self.span.ms(50), 3),
            "p99_ms": round(self.span.ms(99), 3),
            "cpu_ms": round(self.cpu_ms, 4),
            "generator_core_share": round(self.span.client_cpu_share, 3),
            "calls": len(self.span.took),
        }


def drive(server: Server, requests: Iterable[bytes], clients: int, seconds: float, *, keeps: bool = False) -> Driven:
    """Returns the figures of the callers, on the client's core, and the server's CPU during the phase."""
    answers: list[bytes] | None = [] if keeps else None
    with pinned(client_cores()):
        used = server.cpu_seconds
        calls = Calls(iter(requests), time.perf_counter() + seconds, answers)
        span: Span = run(run_callers([server.port], clients, calls))
        used = server.cpu_seconds - used
    if span.errors:
        raise RuntimeError(f"{span.errors} calls were refused: {span.first_error}")
    return Driven(span, used, answers or [])


def median_of(runs: list[Figures]) -> Figures:
    """Returns the median of each figure of several repetitions, and the repetitions of the rate."""
    figures = {name: statistics.median(each[name] for each in runs) for name in runs[0]}
    return {**figures, "rates": [each["per_second"] for each in runs]}


def measure_generator(plan: Plan) -> Figures:
    """Returns the maximum rate of the load generator itself: against a server that does nothing."""
    with program("harness.noop_server", log=plan.work / "noop.log") as server:
        return drive(server, itertools.repeat(post("/", BODY)), CLIENTS, plan.seconds).figures()


def measure_trigger(plan: Plan) -> Figures:
    """Returns the ceiling, ours with 32 callers, and the ratio, measured in turns; each in a folder of its own."""
    ceilings, ours = [], []
    for turn in range(plan.repetitions):
        folder = plan.work / f"ceiling{turn}"
        folder.mkdir()
        with program("ceiling", str(folder), log=plan.work / "ceiling.log") as server:
            ceilings.append(_warmed(server, post("/", BODY), plan.seconds))
        ours.append(_trigger_once(plan, turn))
    ceiling, own = median_of(ceilings), median_of(ours)
    ratios = [own["per_second"] / top["per_second"] for own, top in zip(ours, ceilings, strict=True)]
    own["ratio"] = round(statistics.median(ratios), 3)
    return {"ceiling": ceiling, "trigger": own}


def _trigger_once(plan: Plan, turn: int) -> Figures:
    folder = run(make_folder(plan.work / f"trigger{turn}"))
    empty = disk_bytes(folder.data)
    with looply(folder.data, plan.work / "trigger.log") as server:
        request = post(folder.trigger_path(), BODY, folder.api_key)
        figures = _warmed(server, request, plan.seconds)
        figures["rss_mib"] = round(server.rss_mib, 1)
        check_all_completed(server, folder)
    # The server has ended, so all data is in the database file and none in the write-ahead log.
    figures["disk_bytes_each"] = round((disk_bytes(folder.data) - empty) / figures.pop("all_calls"))
    return figures


def _warmed(server: Server, request: bytes, seconds: float) -> Figures:
    before = drive(server, itertools.repeat(request), CLIENTS, min(WARM_UP_SECONDS, seconds))
    driven = drive(server, itertools.repeat(request), CLIENTS, seconds)
    return {**driven.figures(), "all_calls": len(before.span.took) + len(driven.span.took)}


def check_all_completed(server: Server, folder: Folder) -> None:
    """Raises RuntimeError when an execution did not end well: an answer says that it is stored, not that it ended."""
    statuses = "&".join(f"status={status}" for status in ("RUNNING", "WAITING", "FAILED", "TERMINATED"))
    request = get(f"/v2/workflows/searchExecutions?limit=1&{statuses}", folder.api_key)
    (answer,) = drive(server, [request], 1, 60.0, keeps=True).answers
    if json_of(answer)["items"]:
        raise RuntimeError("an execution did not come to its end")


def measure_single(plan: Plan) -> Figures:
    """Returns one caller alone: to the acknowledgement, and to the answer that shows the execution completed."""
    folder = run(make_folder(plan.work / "single"))
    with looply(folder.data, plan.work / "single.log") as server:
        acknowledge = post(folder.trigger_path(), BODY, folder.api_key)
        drive(server, itertools.repeat(acknowledge), 1, min(WARM_UP_SECONDS, plan.seconds))
        acknowledged = drive(server, itertools.repeat(acknowledge), 1, plan.seconds)
        complete = post(f"{folder.trigger_path()}?wait=PT10S", BODY, folder.api_key)
        completed = drive(server, itertools.repeat(complete), 1, plan.seconds, keeps=True)
        if any(json_of(answer)["status"] != "COMPLETED" for answer in completed.answers[:1000]):
            raise RuntimeError("an execution did not complete while its caller waited")
    return {"single": acknowledged.figures(), "single_completed": completed.figures()}


def measure_resume(plan: Plan) -> Figures:
    """Returns triggers up to a wait, and resumes from the wait to the end, with 32 callers."""
    starts, resumes = [], []
    for turn in range(plan.repetitions):
        folder = run(make_folder(plan.work / f"resume{turn}"))
        with looply(folder.data, plan.work / "resume.log") as server:
            trigger = post(folder.trigger_path("waiting"), BODY, folder.api_key)
            started = drive(server, itertools.repeat(trigger, _WAITS), CLIENTS, 300.0, keeps=True)
            resumed = drive(server, resume_requests(started.answers, folder.api_key), CLIENTS, 300.0)
            check_all_completed(server, folder)
        starts.append(started.figures())
        resumes.append(resumed.figures())
    return {"start_waiting": median_of(starts), "resume": median_of(resumes)}


def resume_requests(answers: list[bytes], api_key: str) -> Iterator[bytes]:
    """Returns the resume of each execution that was started."""
    for answer in answers:
        execution_id = json_of(answer)["looply_execution_id"]
        yield post(f"/v2/workflows/resumeWorkflow/{execution_id}", RESUME_BODY, api_key)


def measure_start(plan: Plan) -> Figures:
    """Returns the time from the start of the process to the answer of its first trigger."""
    folder = run(make_folder(plan.work / "start"))
    request = post(folder.trigger_path(), BODY, folder.api_key)
    took, idle = [], []
    for _ in range(_STARTS):
        with looply(folder.data, plan.work / "start.log") as server:
            drive(server, [request], 1, 60.0)
            took.append(time.perf_counter() - server.started)
            idle.append(server.rss_mib)
    return {
        "first_trigger_seconds": round(statistics.median(took), 3),
        "idle_rss_mib": round(statistics.median(idle), 1),
    }
