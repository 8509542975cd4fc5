"""Fairness: what one organization can do to the latency of another one on the same server.

One organization makes calls at a steady pace, however long the answers take: triggers, and a short workflow of a call
and a function up to its end. Several callers take turns, so that a call is sent when it is due although the one before
it has no answer yet; one that is late is measured from when it was due. It is measured alone and while the other
organization loads the server in one of several ways, in turns; each way has a server of its own.
"""

import asyncio
import itertools
import math
import statistics
import time
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from bench.fairness.loads import LOADS, Load, definitions, hanging, noting, short
from bench.fairness.other_system import HOSTS
from bench.harness.filling import Folder
from bench.harness.in_process import activated, in_process
from bench.harness.load import Caller, Calls, Span, get, pinned, post, run, run_callers
from bench.harness.scenario import BODY, computing
from bench.harness.servers import Server, client_cores, json_of, looply, program
from bench.speed import Figures, Plan, drive
from looply.app.administration import organizations

NAMES: Final = tuple(LOADS)
GOAL: Final = 2.0
"""The p99 of the measured organization under load, over that of it alone."""
_EVERY_SECONDS: Final = {"trigger": 0.02, "short": 0.04}
_CALLERS: Final = 16
"""Callers of each pace, who take turns: a call is sent when it is due, although the one before it is not answered."""

_SETTLE_SECONDS: Final = 0.5
_DRAIN_SECONDS: Final = 120.0
_OPEN: Final = ("RUNNING", "WAITING", "FAILED")


@dataclass(frozen=True, slots=True)
class Organizations:
    """One data folder as its two organizations see it."""

    measured: Folder
    loading: Folder

    def loader(self, load: Load) -> Folder:
        """Returns the data folder as the organization sees it that loads the server."""
        return self.measured if load.is_own else self.loading


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """What the callers of each kind measured, also while the load was coming, and how many of its calls were accepted.

    `coming` is empty where the load comes all the time.
    """

    spans: Mapping[str, Span]
    coming: Mapping[str, Span]
    accepted: int


def measure_fairness(plan: Plan, names: Sequence[str] = NAMES) -> Figures:
    """Returns for each way of loading the server the figures alone and under load, and their ratio."""
    found: Figures = {}
    with program("fairness.other_system", log=plan.work / "other_system.log", cores=client_cores()) as system:
        for name in names:
            both = run(_organizations(plan, name, system.port))
            allowed = ",".join(f"{host}:{system.port}" for host in HOSTS)
            environment = {"LOOPLY_EGRESS_ALLOW": allowed, "LOOPLY_LOG_LEVEL": "error"}
            with looply(both.measured.data, plan.work / f"fairness_{name}.log", environment) as server:
                found[name] = _measured(server, both, LOADS[name], plan)
    return found


async def _organizations(plan: Plan, name: str, port: int) -> Organizations:
    data = plan.work / f"fairness_{name}"
    async with in_process(data, {"short": short(port)}) as held:
        (made,) = await organizations.create(held.services, ["Loading"])
        other = replace(
            held,
            organization_id=made.organization.organization_id,
            workspace_id=made.organization.workspace_id,
            api_key=made.api_key,
            workflow_ids={},
        )
        for kind, definition in hanging(port).items():
            held.workflow_ids[kind] = await activated(held, definition)
        other.workflow_ids["computing"] = await activated(other, computing())
        other.workflow_ids["noting"] = await activated(other, noting())
        for kind, definition in definitions(port, other.workflow_ids["noting"]).items():
            other.workflow_ids[kind] = await activated(other, definition)
    return Organizations(
        Folder(data, held.api_key, dict(held.workflow_ids)), Folder(data, other.api_key, dict(other.workflow_ids))
    )


def _measured(server: Server, both: Organizations, load: Load, plan: Plan) -> Figures:
    made = {kind: _completed(server, both.loading, kind) for kind in load.prepare}
    _phase(server, both, None, made, min(2.0, plan.seconds))
    rounds = []
    for _ in range(plan.repetitions):
        alone = _phase(server, both, None, made, plan.seconds)
        loaded = _phase(server, both, load, made, plan.seconds)
        if load.comes_first:
            _check_open(server, both.loader(load), loaded.accepted)
        _drain(server, both.loader(load))
        rounds.append((alone, loaded))
    return {"title": load.title, **{kind: _compared(rounds, kind) for kind in _EVERY_SECONDS}} | {
        "calls_of_load": round(statistics.median(loaded.accepted for _, loaded in rounds)),
        "rss_mib": round(server.rss_mib),
    }


def _compared(rounds: Sequence[tuple[Phase, Phase]], kind: str) -> Figures:
    ratios = (loaded.spans[kind].ms(99) / alone.spans[kind].ms(99) for alone, loaded in rounds)
    figures: Figures = {"ratio": round(statistics.median(ratios), 2)}
    spans = {
        "alone": [alone.spans[kind] for alone, _ in rounds],
        "loaded": [loaded.spans[kind] for _, loaded in rounds],
        "coming": [loaded.coming[kind] for _, loaded in rounds if loaded.coming],
    }
    for state, found in spans.items():
        if found:
            figures[f"{state}_p50_ms"] = round(statistics.median(span.ms(50) for span in found), 2)
            figures[f"{state}_p99_ms"] = round(statistics.median(span.ms(99) for span in found), 2)
    return figures


def _phase(server: Server, both: Organizations, load: Load | None, made: Mapping[str, str], seconds: float) -> Phase:
    """Returns what the measured organization's callers measured, and how many calls of the load were accepted.

    Raises: RuntimeError when a call of the measured one was refused, or its execution did not complete.
    """
    folder = both.measured
    paths = {"trigger": folder.trigger_path(), "short": f"{folder.trigger_path('short')}?wait=PT60S"}
    requests = {kind: post(path, BODY, folder.api_key) for kind, path in paths.items()}
    loading = iter(()) if load is None else load.requests(both.loader(load), made)
    with pinned(client_cores()):
        phase: Phase
        answers: list[bytes]
        phase, answers = run(_together(server.port, requests, loading, load, seconds))
    for kind, span in (*phase.spans.items(), *phase.coming.items()):
        if span.errors:
            raise RuntimeError(f"{span.errors} calls of {kind} were refused: {span.first_error}")
    for answer in map(json_of, answers):
        if answer["status"] != "COMPLETED":
            state = "loaded" if load else "alone"
            raise RuntimeError(f"a short workflow did not complete while its caller waited ({state}): {answer}")
    return phase


async def _together(
    port: int, requests: Mapping[str, bytes], loading: Iterator[bytes], load: Load | None, seconds: float
) -> tuple[Phase, list[bytes]]:
    answers: list[bytes] = []
    comes_first = load is not None and load.comes_first
    until = math.inf if comes_first else time.perf_counter() + _SETTLE_SECONDS + seconds
    noise = asyncio.ensure_future(run_callers([port], load.callers if load else 0, Calls(loading, until)))
    coming = await _measure_until(noise, port, requests, answers) if comes_first else {}
    await asyncio.sleep(_SETTLE_SECONDS)
    spans = await _measure_until(asyncio.sleep(seconds), port, requests, answers)
    return Phase(spans=spans, coming=coming, accepted=len((await noise).took)), answers


async def _measure_until(
    end: Awaitable[object], port: int, requests: Mapping[str, bytes], answers: list[bytes]
) -> dict[str, Span]:
    """Returns what the callers of each kind measured, who send calls until `end`; adds what short workflows answer."""
    calls = {
        kind: Calls(itertools.repeat(request), math.inf, answers if kind == "short" else None)
        for kind, request in requests.items()
    }
    measured = asyncio.gather(*(_paced(port, each, _EVERY_SECONDS[kind]) for kind, each in calls.items()))
    await end
    for each in calls.values():
        each.until = time.perf_counter()
    return dict(zip(calls, await measured, strict=True))


async def _paced(port: int, calls: Calls, every: float) -> Span:
    begun = time.perf_counter()
    callers = [_Paced(calls, _CALLERS * every, begun + number * every) for number in range(_CALLERS)]
    connect = asyncio.get_running_loop().create_connection
    await asyncio.gather(*(connect(lambda each=caller: each, "127.0.0.1", port) for caller in callers))  # type: ignore[misc]
    await asyncio.gather(*(caller.done for caller in callers))
    errors = [caller.first_error for caller in callers if caller.errors]
    took = [seconds for caller in callers for seconds in caller.took]
    return Span(took, time.perf_counter() - begun, sum(caller.errors for caller in callers), "".join(errors[:1]))


class _Paced(Caller):
    """A caller whose calls are due at a steady pace; one that is late counts from when it was due."""

    def __init__(self, calls: Calls, every_seconds: float, first_due: float) -> None:
        super().__init__(calls.next, calls.keep)
        self._every = every_seconds
        self._due = first_due - every_seconds

    def _send(self) -> None:
        self._due += self._every
        early = self._due - time.perf_counter()
        if early > 0:
            asyncio.get_running_loop().call_later(early, self._send_now)
            return
        super()._send()
        self._sent = self._due

    def _send_now(self) -> None:
        super()._send()


def _completed(server: Server, folder: Folder, kind: str) -> str:
    """Returns the id of an execution that has completed. Raises: RuntimeError when it has not."""
    request = post(f"{folder.trigger_path(kind)}?wait=PT60S", b"{}", folder.api_key)
    (answer,) = drive(server, [request], 1, _DRAIN_SECONDS, keeps=True).answers
    found = json_of(answer)
    if found["status"] != "COMPLETED":
        raise RuntimeError(f"an execution of '{kind}' did not complete: {answer[:300]!r}")
    return str(found["looply_execution_id"])


def _check_open(server: Server, folder: Folder, expected: int) -> None:
    """Raises RuntimeError when executions of the load have ended, so that what was measured was not beside them."""
    (answer,) = drive(server, [get("/v2/workflows/getCounts", folder.api_key)], 1, _DRAIN_SECONDS, keeps=True).answers
    counts = msgspec.json.decode(answer)["item"]["open"]
    if sum(counts.values()) < expected:
        raise RuntimeError(f"of {expected} executions of the load some have ended before the phase was over: {counts}")


def _drain(server: Server, folder: Folder) -> None:
    """Ends all that the loading organization has left open. Raises: RuntimeError when that takes too long."""
    statuses = "&".join(f"status={status}" for status in _OPEN)
    search = get(f"/v2/workflows/searchExecutions?limit=1&{statuses}", folder.api_key)
    body = {"filter": {"status": list(_OPEN)}, "reason": "the phase is over", "rate_per_second": 100}
    end = time.perf_counter() + _DRAIN_SECONDS
    terminate = post("/v2/workflows/bulkTerminate", msgspec.json.encode(body), folder.api_key)
    drive(server, [terminate], 1, _DRAIN_SECONDS)
    while True:
        (answer,) = drive(server, [search], 1, _DRAIN_SECONDS, keeps=True).answers
        if not json_of(answer)["items"]:
            return
        if time.perf_counter() > end:
            raise RuntimeError("the executions of the loading organization did not end")
        time.sleep(0.2)


def lines_of(found: Figures) -> Iterator[tuple[str, str, str, bool | None]]:
    """Returns the lines of the table: scenario, measured, goal, and whether it is met."""
    for name, each in found.items():
        whose = "of the same organization" if LOADS[name].is_own else "of another organization"
        titles = {"trigger": f"trigger {whose}", "short": "its short workflow"}
        yield f"one organization: {each['title']}", f"{each['calls_of_load']} calls accepted", "", None
        for kind, title in titles.items():
            own = each[kind]
            shown = (
                f"p50 {own['alone_p50_ms']:.1f} -> {own['loaded_p50_ms']:.1f} ms, "
                f"p99 {own['alone_p99_ms']:.1f} -> {own['loaded_p99_ms']:.1f} ms: {own['ratio']:.2f}x"
            )
            yield f"  {title}", shown, f"<= {GOAL:g}x the p99 of it alone", own["ratio"] <= GOAL
            if "coming_p50_ms" in own:
                came = f"p50 {own['alone_p50_ms']:.1f} -> {own['coming_p50_ms']:.1f} ms"
                yield f"  {title}, while they come as fast as they are accepted", came, "", None
