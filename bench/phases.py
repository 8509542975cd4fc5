"""Where the microseconds of one execution go: `python -m bench.phases [folder]`.

Every phase of a trigger with three computing steps runs alone, in this process and on one core, many times; shown is
the quietest of many rounds. Nothing of the product is changed for it: phases are calls of the functions that the
product calls. What remains between their sum and the CPU that a whole execution takes is the event loop itself, the
threads' hand-over of the interpreter, and caches that are colder in a server than in a loop.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

import apsw
import msgspec
from uvicorn.config import Config
from uvicorn.server import ServerState

from bench.harness.in_process import InProcess, in_process
from bench.harness.load import post, run
from bench.harness.scenario import BODY, computing
from looply.clock import Ids, SystemClock, SystemEntropy, id_time
from looply.definition import compile_definition
from looply.engine.coding.codec import Codec
from looply.engine.coding.units import head_of, work_change
from looply.engine.effects.in_process import InProcessDispatcher
from looply.engine.ports.store import Unit
from looply.engine.processing.committer import Committer, Extras
from looply.engine.processing.mailbox import Mailbox
from looply.engine.sqlite.histories.units import store_unit
from looply.execution import ExecutionState, advance, decide
from looply.execution.evolving.evolve import evolve
from looply.execution.facts.events import Event, ExecutionStarted
from looply.jsontext import parse_json
from looply.limits import DEFAULT_LIMITS
from looply.sealing import Sealer
from looply.server.connection.guard import Bounds, make_protocol
from looply.server.http.request_parsing import read_json

ORGANIZATION: Final = "01900000-0000-7000-8000-00000000000a"
WORKFLOW: Final = "01900000-0000-7000-8000-000000000f01"
_ROUNDS: Final = 400
_ROUND_SECONDS: Final = 0.001
"""Shorter than a turn of the scheduler, so that some round has the core for itself on a busy machine too."""
_Shown = Callable[[str, float], None]


def quietest(call: Callable[[], Any]) -> float:
    """Returns the microseconds of one call, of the quietest of many rounds."""
    begun = time.perf_counter()
    for _ in range(20):
        call()
    calls = max(1, int(_ROUND_SECONDS / ((time.perf_counter() - begun) / 20)))
    best = float("inf")
    for _ in range(_ROUNDS):
        begun = time.perf_counter()
        for _ in range(calls):
            call()
        best = min(best, (time.perf_counter() - begun) / calls)
    return best * 1e6


async def quietest_async(call: Callable[[], Awaitable[Any]], calls: int = 20, rounds: int = _ROUNDS) -> float:
    """Returns the microseconds of one awaited call, of the quietest of many rounds."""
    best = float("inf")
    for _ in range(rounds):
        begun = time.perf_counter()
        for _ in range(calls):
            await call()
        best = min(best, (time.perf_counter() - begun) / calls)
    return best * 1e6


def started_event(execution_id: str) -> ExecutionStarted:
    """Returns the first event of an execution of the scenario."""
    return ExecutionStarted(
        at=datetime(2026, 6, 1, tzinfo=UTC),
        by="01900000-0000-7000-8000-00000000000b",
        via="API",
        execution_id=execution_id,
        organization_id=ORGANIZATION,
        workspace_id=ORGANIZATION,
        workflow_id=WORKFLOW,
        workflow_version=1,
        definition=_DEFINITION.hash.hex(),
        seed=bytes(16),
        body=msgspec.json.decode(BODY),
        size=len(BODY),
    )


_DEFINITION: Final = compile_definition(computing())


class _Transport(asyncio.Transport):
    """A socket that takes everything and notifies when an answer is complete."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = 0

    def write(self, data: Any) -> None:
        self.answers += len(data) > 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 1) if name in ("peername", "sockname") else default

    def is_closing(self) -> bool:
        return False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        del protocol

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def close(self) -> None:
        pass


async def _no_op(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})


async def http_phase(app: Any, request: bytes) -> float:
    """Returns what one request costs between the bytes of the socket and back, with this application."""
    config = Config(app, http="httptools", ws="none", lifespan="off", log_config=None, access_log=False)
    config.load()
    protocol_class: Any = make_protocol(Bounds(), lambda: False, lambda: "bench-1")
    protocol = protocol_class(config, ServerState(), {}, asyncio.get_running_loop())
    transport = _Transport()
    protocol.connection_made(transport)

    async def call() -> None:
        protocol.data_received(request)
        cycle = protocol.cycle
        while not cycle.response_complete:  # noqa: ASYNC110 - its turns of the loop are what is measured
            await asyncio.sleep(0)

    cost = await quietest_async(call)
    protocol.connection_lost(None)
    return cost


def decision_phases(show: _Shown) -> tuple[ExecutionState, tuple[Event, ...]]:
    """Shows what the decision core costs, as a whole and step by step; returns what it made."""
    first = started_event(str(Ids(SystemEntropy()).next(datetime(2026, 6, 1, tzinfo=UTC))))
    whole = advance(_DEFINITION, None, (first,))
    show("decision core: start, three steps, end", quietest(lambda: advance(_DEFINITION, None, (first,))))
    state: ExecutionState | None = None
    for event in whole.events:
        before = state
        name = f"{type(event).__name__} {getattr(event, 'step', '')}".strip()
        if before is not None:
            show(f"  decide -> {name}", quietest(lambda at=before: decide(_DEFINITION, at)))  # type: ignore[misc]
        show(f"  evolve {name}", quietest(lambda at=before, what=event: evolve(at, what)))  # type: ignore[misc]
        state = evolve(before, event)
    return whole.state, whole.events


def unit_phases(show: _Shown, state: ExecutionState, events: tuple[Event, ...]) -> None:
    """Shows what it costs to make a unit of a stretch."""
    codec = Codec(Sealer(bytes(32)))
    committer = Committer(None, codec, InProcessDispatcher(), SystemClock())  # type: ignore[arg-type]
    committer.begin(1, frozenset({state.definition}))
    extras = Extras()
    execution_id = state.started.execution_id
    box = Mailbox(execution_id)
    facts = (events, ORGANIZATION, execution_id, 1, b"")

    def make() -> Unit:
        return committer._unit(box, state, _DEFINITION, events, extras, codec.encode_measured(*facts))[0]

    make()
    show("unit of the stretch", quietest(make))
    encode = msgspec.json.Encoder().encode
    text = encode(events)
    show("  codec, all of it", quietest(lambda: codec.encode_measured(*facts)))
    show(f"    JSON of the events ({len(text)} bytes)", quietest(lambda: encode(events)))
    packed = codec._dictionaries.compress(text)
    show(f"    compress (to {len(packed)} bytes)", quietest(lambda: codec._dictionaries.compress(text)))
    show("  row of the execution (head_of)", quietest(lambda: head_of(state)))
    show("    instant of an id", quietest(lambda: id_time(execution_id)))
    show("  open work (work_change)", quietest(lambda: work_change(None, state, lambda _: "QUEUED", 1)))


def small_phases(show: _Shown) -> None:
    """Shows single functions that every call passes."""
    ids, clock, entropy = Ids(SystemEntropy()), SystemClock(), SystemEntropy()
    now = clock.now()
    show("clock.now()", quietest(clock.now))
    show("ids.next() and its text", quietest(lambda: str(ids.next(now))))
    show("entropy.token(16)", quietest(lambda: entropy.token(16)))
    show("parse_json of the body", quietest(lambda: parse_json(BODY)))
    show("  msgspec.json.decode of it, to compare", quietest(lambda: msgspec.json.decode(BODY)))


async def door_phases(show: _Shown, held: InProcess) -> None:
    """Shows what a call costs from the socket's bytes to the engine and back."""
    request = post(held.trigger_path(), BODY, held.api_key)
    bare = await http_phase(_no_op, request)
    show("HTTP: parse, ASGI, task, answer (an application that does nothing)", bare)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": BODY, "more_body": False}

    async def send(message: Any) -> None:
        del message

    scope = held.scope("POST", held.trigger_path(), len(BODY))
    match = held.app._table.find(scope["path"])
    assert match is not None
    branch = match.branch("POST")
    assert branch is not None
    route = branch.route(match.rest)
    dispatch = held.app._dispatch
    show("key check (admit)", await quietest_async(lambda: dispatch.admit(route, scope)))
    show("JSON door (read_json)", await quietest_async(lambda: read_json(scope, receive, DEFAULT_LIMITS)))
    with held.without_engine():
        show(
            "boundary and use case with an engine that does nothing",
            await quietest_async(lambda: held.app(scope, receive, send)),
        )


async def hand_over_phases(show: _Shown, held: InProcess) -> None:
    """Shows what it costs to bring a write that does nothing to the writer's thread and back."""
    threads = held.store._threads

    async def many(count: int) -> None:
        await asyncio.gather(*(threads.write(lambda _: None) for _ in range(count)))

    for count in (1, 32, 256):
        cost = await quietest_async(partial(many, count), 1, 100)
        show(f"hand-over of an empty write, {count} at once, each", cost / count)


async def group_phases(show: _Shown, held: InProcess) -> None:
    """Shows what the writer's thread does: the rows of one unit, and its transaction by the size of its group."""
    start = await held.start_of("computing")
    ids, clock = Ids(SystemEntropy()), SystemClock()
    codec = Codec(Sealer(bytes(32)))
    committer = Committer(None, codec, InProcessDispatcher(), clock)  # type: ignore[arg-type]
    committer.begin(1, frozenset({start.workflow.hash.hex()}))
    names = held.store._threads.names

    def unit() -> Unit:
        now = clock.now()
        first = msgspec.structs.replace(
            started_event(str(ids.next(now))),
            at=now,
            organization_id=held.organization_id,
            workspace_id=held.workspace_id,
            workflow_id=start.workflow_id,
            definition=start.workflow.hash.hex(),
        )
        made = advance(start.workflow, None, (first,))
        box = Mailbox(first.execution_id)
        encoded = codec.encode_measured(made.events, held.organization_id, first.execution_id, 1, box.chain)
        return committer._unit(box, made.state, start.workflow, made.events, Extras(), encoded)[0]

    def group(connection: apsw.Connection) -> None:
        # The writer's thread has a transaction open around us; ours takes its place.
        connection.execute("COMMIT")
        for size in (1, 2, 4, 8, 16, 32, 64, 128, 256):
            rounds = max(10, 400 // size)
            rows, flush = [], []
            for _ in range(rounds):
                units = [unit() for _ in range(size)]
                begun = time.perf_counter()
                connection.execute("BEGIN IMMEDIATE")
                for each in units:
                    connection.execute("SAVEPOINT one")
                    store_unit(connection, names, each)
                    connection.execute("RELEASE one")
                between = time.perf_counter()
                connection.execute("COMMIT")
                rows.append((between - begun) * 1e6 / size)
                flush.append((time.perf_counter() - between) * 1e6)
            commit = median(flush)
            show(f"group of {size:3}: rows of one unit", median(rows))
            show(f"              its share of the commit ({commit:.0f} us)", commit / size)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("SAVEPOINT one")

    await held.store._threads.write(group)


async def whole_phases(show: _Shown, held: InProcess) -> None:
    """Shows what one execution costs at the engine's port, in time and in CPU, by the number of callers."""
    for callers, count in ((1, 500), (32, 6000), (256, 10_000)):
        begun, used = time.perf_counter(), time.process_time()
        await held.fill("computing", count, callers)
        show(f"whole execution at the engine's port, {callers} callers", (time.perf_counter() - begun) * 1e6 / count)
        show("  CPU of all threads", (time.process_time() - used) * 1e6 / count)
        groups = held.store.groups
        await held.fill("computing", count, callers)
        show("  executions a group (not microseconds)", count / (held.store.groups - groups))


def main() -> None:
    """Prints the table."""

    def show(name: str, microseconds: float) -> None:
        print(f"{microseconds:9.1f} us  {name}", flush=True)

    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    state, events = decision_phases(show)
    unit_phases(show, state, events)
    small_phases(show)
    parent = sys.argv[1] if len(sys.argv) > 1 else None

    async def rest() -> None:
        with tempfile.TemporaryDirectory(dir=parent) as folder:
            async with in_process(Path(folder) / "data") as held:
                await door_phases(show, held)
                await hand_over_phases(show, held)
                await group_phases(show, held)
                await whole_phases(show, held)

    run(rest())


if __name__ == "__main__":
    main()
