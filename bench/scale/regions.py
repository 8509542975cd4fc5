"""One large execution: branches, items, calls and waits, and whether what each costs grows with their number.

The ceiling of an execution that only computes is the decision core alone: all of its stretches, one after the other,
without a store. Both run on the servers' cores, in turns; compared is the CPU that they take.
"""

import itertools
import statistics
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from bench.harness.filling import Folder, make_folder
from bench.harness.load import get, pinned, post, run
from bench.harness.scenario import calling_each, waiting_branches
from bench.harness.servers import Server, json_of, looply, program, server_cores
from bench.speed import Figures, Plan, drive
from looply.cli.measuring.bench_regions import ITEMS, Region, regions
from looply.definition import Workflow, compile_definition
from looply.engine.coding.codec import FOLD_VERSION, Codec
from looply.engine.ports.store import Snapshot
from looply.execution import ExecutionState, advance
from looply.execution.facts.events import Continued, ExecutionStarted
from looply.jsontext import Json
from looply.sealing import Sealer

CALLS: Final = (1000, 2000, 4000, 8000, ITEMS)
"""Items with a call each: the cost of one must not grow with their number."""

_ANSWER_BYTES: Final = 500

WAITS: Final = 100
"""As many as an execution may have open."""

_READS: Final = 20
_LONGEST_SECONDS: Final = 600.0
_KINDS: Final = ("branches", "items")
_ORGANIZATION: Final = "01900000-0000-7000-8000-00000000000a"
_EXECUTION: Final = "01900000-0000-7000-8000-000000000001"
_PATH: Final = "/v2/workflows"


def measure_regions(plan: Plan, calls: Sequence[int] = CALLS) -> Figures:
    """Returns the figures of executions with many branches, items, calls and waits."""
    large = dict(zip(_KINDS, regions(), strict=True))
    with program("harness.noop_server", str(_ANSWER_BYTES), log=plan.work / "sink.log") as sink:
        definitions = {
            **{kind: region.definition for kind, region in large.items()},
            "calling_each": calling_each(f"http://127.0.0.1:{sink.port}/"),
            "waits": waiting_branches(WAITS),
        }
        folder = run(make_folder(plan.work / "regions", definitions))
        allowed = {"LOOPLY_EGRESS_ALLOW": f"127.0.0.1:{sink.port}", "LOOPLY_LOG_LEVEL": "warning"}
        with looply(folder.data, plan.work / "regions.log", allowed) as server:
            found: Figures = {
                kind: _computing(server, folder, kind, region, plan.repetitions) for kind, region in large.items()
            }
            found["waits"] = _waits(server, folder, plan.repetitions)
            found["calls"], largest = _calls(server, folder, calls)
            found["reads"] = _reads(server, folder, largest)
    found["state"] = _state(large["items"])
    return found


def _computing(server: Server, folder: Folder, kind: str, region: Region, repetitions: int) -> Figures:
    """Returns the milliseconds of an execution that only computes, from its call to its end, and of the core's CPU."""
    body = msgspec.json.encode(region.body)
    took, used, core = [], [], []
    for _ in range(repetitions):
        _, milliseconds, cpu = _completed(server, folder, kind, body)
        took.append(milliseconds)
        used.append(cpu)
        core.append(_core_ms(region))
    return {
        "name": region.name,
        "goal_ms": region.goal_ms,
        "ms": round(statistics.median(took), 1),
        "best_ms": round(min(took), 1),
        "cpu_ms": round(statistics.median(used), 1),
        "core_ms": round(min(core), 1),
        "of_ceiling": round(min(core) / min(used), 3),
    }


def _completed(server: Server, folder: Folder, kind: str, body: bytes) -> tuple[str, float, float]:
    """Runs one execution to its end; returns its id, and the milliseconds and the server's CPU that it took.

    Raises: RuntimeError when it ends otherwise, or not at all.
    """
    name = f"{kind}-{time.perf_counter_ns()}"
    # A caller that repeats the same body waits for the same execution.
    request = post(f"{folder.trigger_path(kind)}?wait=PT60S&process_id={name}", body, folder.api_key)
    begun, used = time.perf_counter(), server.cpu_seconds
    while True:
        (answer,) = drive(server, [request], 1, _LONGEST_SECONDS, keeps=True).answers
        found = json_of(answer)
        if found.get("status", "RUNNING") != "RUNNING" or time.perf_counter() - begun >= _LONGEST_SECONDS:
            break
    took, used = time.perf_counter() - begun, server.cpu_seconds - used
    if found.get("status") != "COMPLETED":
        raise RuntimeError(f"an execution of '{kind}' did not complete: {answer[:300]!r}")
    return str(found["looply_execution_id"]), took * 1000, used * 1000


def _core_ms(region: Region) -> float:
    """Returns the milliseconds of CPU of the decisions alone. Raises: RuntimeError when they come to no end."""
    with pinned(server_cores()):
        workflow = compile_definition(region.definition)
        begun = time.process_time()
        state = _computed(workflow, region.body)
        took = (time.process_time() - begun) * 1000
    if state.closed is None:
        raise RuntimeError(f"{region.name}: the core alone did not come to the end")
    return took


def _computed(workflow: Workflow, body: Json) -> ExecutionState:
    """Returns the last state of an execution that only computes."""
    now = datetime(2026, 6, 1, tzinfo=UTC)
    first = ExecutionStarted(
        at=now,
        via="API",
        execution_id=_EXECUTION,
        organization_id=_ORGANIZATION,
        workspace_id=_ORGANIZATION,
        workflow_id=_ORGANIZATION,
        workflow_version=1,
        definition=workflow.hash.hex(),
        seed=bytes(16),
        body=body,
        size=len(msgspec.json.encode(body)),
    )
    state = advance(workflow, None, (first,)).state
    while state.continues:
        state = advance(workflow, state, (Continued(at=now),)).state
    return state


def _calls(server: Server, folder: Folder, counts: Sequence[int]) -> tuple[list[Figures], str]:
    """Returns what executions take that call another system for each of so many items, and the id of the last one."""
    _completed(server, folder, "calling_each", msgspec.json.encode({"items": list(range(100))}))
    found, execution_id = [], ""
    for count in counts:
        body = msgspec.json.encode({"items": list(range(count))})
        execution_id, took, used = _completed(server, folder, "calling_each", body)
        each = {"each_ms": round(took / count, 3), "each_cpu_ms": round(used / count, 3)}
        found.append({"items": count, "seconds": round(took / 1000, 2), **each})
    return found, execution_id


def _reads(server: Server, folder: Folder, execution_id: str) -> Figures:
    """Returns what reads of the largest of them take: its first page, one in its middle, and a list that shows it."""
    key, named = folder.api_key, f"workflow_id={folder.workflow_ids['calling_each']}"
    one = f"{_PATH}/getWorkflowExecutionById?{named}&workflow_execution_id={execution_id}"
    middle = 2 * CALLS[-1]
    requests = {
        "first": get(one, key),
        "middle": get(f"{one}&after={middle}", key),
        "list": get(f"{_PATH}/getWorkflowExecutionHistory?{named}&limit=1", key),
    }
    return {
        name: drive(server, itertools.repeat(request, _READS), 1, _LONGEST_SECONDS).figures()
        for name, request in requests.items()
    }


def _waits(server: Server, folder: Folder, repetitions: int) -> Figures:
    """Returns what it takes to open 100 waits in branches of one execution, and to resume each of them."""
    opened, resumed, first, last = [], [], [], []
    for _ in range(repetitions):
        trigger = post(f"{folder.trigger_path('waits')}?wait=PT60S", b"{}", folder.api_key)
        driven = drive(server, [trigger], 1, _LONGEST_SECONDS, keeps=True)
        found = json_of(driven.answers[0])
        if found["status"] != "WAITING":
            raise RuntimeError(f"an execution with {WAITS} waits does not wait: {driven.answers[0][:300]!r}")
        opened.append(driven.span.ms(50))
        execution_id = str(found["looply_execution_id"])
        answers = drive(server, _resumes(folder, execution_id), 1, _LONGEST_SECONDS)
        resumed.append(answers.figures())
        tenth = WAITS // 10
        first.append(statistics.median(answers.span.took[1 : tenth + 1]) * 1000)
        last.append(statistics.median(answers.span.took[-tenth - 1 : -1]) * 1000)
        _check_ended(server, folder, execution_id)
    return {
        "count": WAITS,
        "opened_ms": round(statistics.median(opened), 1),
        "resume_p50_ms": round(statistics.median(each["p50_ms"] for each in resumed), 2),
        "resume_p99_ms": round(statistics.median(each["p99_ms"] for each in resumed), 2),
        "resume_cpu_ms": round(statistics.median(each["cpu_ms"] for each in resumed), 2),
        "first_over_last": round(statistics.median(first) / statistics.median(last), 2),
    }


def _resumes(folder: Folder, execution_id: str) -> Iterator[bytes]:
    for number in range(WAITS):
        path = f"{_PATH}/resumeWorkflow/{execution_id}?state=wait_b{number}"
        yield post(path, msgspec.json.encode({"payload": {"source": "SAP", "number": number}}), folder.api_key)


def _check_ended(server: Server, folder: Folder, execution_id: str) -> None:
    """Raises RuntimeError when not every wait was released."""
    named = f"workflow_id={folder.workflow_ids['waits']}&workflow_execution_id={execution_id}"
    request = get(f"{_PATH}/getWorkflowExecutionById?{named}", folder.api_key)
    (answer,) = drive(server, [request], 1, 60.0, keeps=True).answers
    found: Any = json_of(answer)
    if found["item"]["status"] != "COMPLETED":
        raise RuntimeError(f"an execution with {WAITS} waits is {found['item']['status']} after as many resumes")


def _state(region: Region) -> Figures:
    """Returns what the state of an execution takes that keeps an output of each of 10,000 items."""
    workflow = compile_definition(region.definition)
    _computed(workflow, {"items": list(range(10))})
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        state = _computed(workflow, region.body)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    codec = Codec(Sealer(bytes(32)))
    begun = time.process_time()
    number, data = codec.encode_state(state)
    coded = time.process_time()
    snapshot = Snapshot(seq=state.seq, fold=FOLD_VERSION, codec=number, state=data)
    if codec.decode_state(snapshot, _ORGANIZATION, _EXECUTION) != state:
        raise RuntimeError("a state that was coded comes back as another one")
    decoded = time.process_time()
    return {
        "items": ITEMS,
        "mib": round((held - before) / 2**20, 1),
        "counted_mib": round(state.document_bytes / 2**20, 2),
        "coded_kib": round(len(data) / 1024),
        "code_ms": round((coded - begun) * 1000, 1),
        "decode_ms": round((decoded - coded) * 1000, 1),
    }


def lines_of(found: Figures) -> Iterator[tuple[str, str, str, bool | None]]:
    """Returns the lines of the table: scenario, measured, goal, and whether it is met."""
    for kind in _KINDS:
        each = found[kind]
        shown = f"{each['ms']:.0f} ms (best {each['best_ms']:.0f}), CPU {each['cpu_ms']:.0f} ms"
        yield f"one execution, {each['name']}", shown, f"< {each['goal_ms']:,} ms", each["ms"] < each["goal_ms"]
        yield "  CPU of the core alone, and its share", f"{each['core_ms']:.0f} ms, {each['of_ceiling']:.0%}", "", None
    for each in found["calls"]:
        shown = f"{each['seconds']:.1f} s: {each['each_ms']:.2f} ms each, CPU {each['each_cpu_ms']:.2f} ms"
        yield f"one execution, {each['items']:,} items with a call each", shown, "", None
    costs = [each["each_cpu_ms"] for each in found["calls"]]
    growth = max(costs) / min(costs)
    yield "  growth of the CPU of an item, dearest over cheapest", f"{growth:.2f}x", "<= 1.3x", growth <= 1.3
    for name, title in (("first", "first page of it"), ("middle", "a page in its middle"), ("list", "a list with it")):
        each = found["reads"][name]
        yield (
            f"  {title}",
            f"p50 {each['p50_ms']:.1f} ms, p99 {each['p99_ms']:.1f} ms, CPU {each['cpu_ms']:.0f} ms",
            "",
            None,
        )
    waits = found["waits"]
    shown = f"{waits['opened_ms']:.0f} ms; a resume p50 {waits['resume_p50_ms']} ms, p99 {waits['resume_p99_ms']} ms"
    yield f"one execution, {waits['count']} branches that wait: opened", shown, "", None
    state = found["state"]
    coded = f"coded {state['coded_kib']} KiB, {state['code_ms']:.0f} ms and {state['decode_ms']:.0f} ms back"
    yield f"a state with {state['items']:,} outputs", f"{state['mib']} MiB; {coded}", "", None
