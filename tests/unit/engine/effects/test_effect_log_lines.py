"""The log lines about calls name the execution and the attempt, so that an operator finds the call in its history."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

from structlog.testing import capture_logs

from kit.definitions import calling
from kit.execution.starts import start_of
from kit.memory import MemoryStore
from looply.connectors.registry import Registry
from looply.engine.effects.datastore_operations import DatastoreOperations
from looply.engine.effects.effects import EffectRunner, Gates
from looply.engine.effects.gate import TargetGate
from looply.engine.effects.suspect_calls import SuspectCallGate
from looply.engine.effects.targets import KnownTargets
from looply.engine.effects.worker import Worker
from looply.engine.ports.dispatch import EffectRef
from looply.errors import EngineError, StoreFull
from looply.execution import ExecutionState, advance
from looply.execution.facts.state import OpenStep
from looply.slots import Lane
from looply.testing.clock import fake_loop
from looply.testing.world import NoNetwork, World

EXECUTION = "01b8fb9a-3e80-7000-8000-000000000001"


class Hanging:
    """An operation that does not keep the time limit of its call."""

    async def perform(self, _context: Any, _input: Any) -> Any:
        await asyncio.Event().wait()


class FakeEngine:
    """A store, the current states and the processor, each with the error that it raises."""

    is_shared = False

    def __init__(self, state: ExecutionState) -> None:
        self._state = state
        self.work = self
        self.unreadable: Exception | None = None
        self.unmarkable: Exception | None = None
        self.refusals: list[Exception] = []

    def in_memory(self, _execution_id: str) -> None:
        return None

    async def get(self, _execution_id: str) -> tuple[ExecutionState, None]:
        if self.unreadable is not None:
            raise self.unreadable
        return self._state, None

    async def mark_running(self, _execution_id: str, _seq: int, _epoch: int) -> bool:
        if self.unmarkable is not None:
            raise self.unmarkable
        return True

    async def submit(self, _execution_id: str, _command: Any) -> None:
        if self.refusals:
            raise self.refusals.pop(0)


def scheduled() -> tuple[ExecutionState, OpenStep]:
    workflow = calling()
    started = start_of(workflow, body={"po": "1"})
    state = advance(workflow, None, (started,)).state
    return state, state.open_steps["call_1:1"]


def worker(world: World, registry: Registry | None = None) -> Worker:
    return Worker(registry or world.registry, world.connections, NoNetwork, fake_loop().clock)


async def run(call: Coroutine[Any, Any, Any]) -> None:
    """Runs a call to its end; it has an hour of fake time for what it waits for."""
    loop = fake_loop()
    task = loop.create_task(call)
    await loop.quiet()
    loop.clock.advance(timedelta(hours=1))
    await task


async def line_of_call(world: World, registry: Registry | None = None) -> dict[str, Any]:
    with capture_logs() as logged:
        await run(worker(world, registry).carry_out(*scheduled()))
    (line,) = logged
    assert (line["execution_id"], line["step"], line["attempt"]) == (EXECUTION, "call_1:1", 1)
    return dict(line)


async def line_of_effect(fake: FakeEngine) -> dict[str, Any]:
    _, opened = scheduled()
    gate = SuspectCallGate(lambda _effect: None)
    targets = TargetGate(MemoryStore(fake_loop().clock).targets, KnownTargets(), fake_loop().clock)
    datastores = cast(DatastoreOperations, SimpleNamespace())
    gates = Gates(suspect_calls=gate, targets=targets)
    runner = EffectRunner(cast(Any, fake), cast(Any, fake), cast(Any, fake), worker(World()), datastores, gates)
    with capture_logs() as logged:
        effect = EffectRef(execution_id=EXECUTION, seq=opened.seq, lane=Lane("o", "shop.example"))
        await run(runner.perform(effect, is_running=False))
    (line,) = logged
    assert (line["execution_id"], line["seq"]) == (EXECUTION, opened.seq)
    return dict(line)


async def test_the_line_of_an_operation_that_broke_names_execution_and_attempt() -> None:
    world = World()
    world.script("call_1", KeyError("x"))
    assert (await line_of_call(world))["event"] == "operation_broke"


async def test_the_line_of_an_operation_that_is_not_installed_names_execution_and_attempt() -> None:
    assert (await line_of_call(World(), Registry([])))["event"] == "operation_not_installed"


async def test_the_line_of_a_call_that_was_given_up_names_execution_and_attempt() -> None:
    _, opened = scheduled()
    registry = cast(Registry, SimpleNamespace(operations={opened.operation: Hanging()}))
    line = await line_of_call(World(), registry)
    assert (line["event"], line["seconds"]) == ("call_given_up", opened.timeout_seconds)


async def test_the_line_of_an_unreadable_effect_names_its_attempt() -> None:
    fake = FakeEngine(scheduled()[0])
    fake.unreadable = EngineError("the journal ends early")
    line = await line_of_effect(fake)
    assert (line["event"], line["error"]) == ("effect_unreadable", "the journal ends early")


async def test_the_line_of_an_effect_that_was_not_marked_names_its_attempt() -> None:
    fake = FakeEngine(scheduled()[0])
    fake.unmarkable = EngineError("the store is closed")
    line = await line_of_effect(fake)
    assert (line["event"], line["error"]) == ("effect_not_marked", "the store is closed")


async def test_the_line_of_an_outcome_that_is_held_names_its_attempt() -> None:
    fake = FakeEngine(scheduled()[0])
    fake.refusals = [StoreFull("the disk is full")]
    line = await line_of_effect(fake)
    assert (line["event"], line["error"]) == ("outcome_held", "the disk is full")


async def test_the_line_of_an_outcome_that_is_lost_names_its_attempt() -> None:
    fake = FakeEngine(scheduled()[0])
    fake.refusals = [EngineError("the unit cannot be stored")]
    line = await line_of_effect(fake)
    assert (line["event"], line["error"]) == ("outcome_lost", "the unit cannot be stored")
