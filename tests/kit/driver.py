"""A driver of a whole engine for tests: shell, pump and dispatcher over any store, with a fake world and fake time.

    driver = Driver(lambda: MemoryStore(...))
    await driver.open()
    started = await driver.start(asking())
    assert await driver.resume(started.execution_id) == Released()

`crash` drops everything without draining and opens the same store again, as a killed process does; `stop` ends in
order; `overtake` opens the store beside an owner that was paused. `settle` lets tasks run until nothing moves. Every
story ends with `prove`.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from msgspec.structs import replace

from kit.callees import FakeCallees
from kit.carriage import Carriage, InProcess
from kit.faults import Faults, FaultyStore, MortalStore
from kit.proof import prove, whole_history
from looply.definition import TriggerSettings, Workflow
from looply.engine.cards.reconciler import Reconciler
from looply.engine.coding.codec import Codec
from looply.engine.effects.targets import KnownTargets
from looply.engine.effects.worker import Worker, WorkerResources
from looply.engine.ports.card_channel import CardChannel
from looply.engine.ports.dispatch import Dispatcher
from looply.engine.ports.lists import Filter, Head, ListedExecution
from looply.engine.ports.port import Audit, Key, Schedule, Start
from looply.engine.records.startup import StartupState
from looply.engine.shell.parts import Parts
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.pump import Pump
from looply.engine.upkeep.scheduling import reschedule
from looply.engine.upkeep.target_watch import TargetWatch
from looply.execution import ExecutionState, Status
from looply.execution.answering.starting import Started
from looply.execution.facts.commands import AnswerCard, ReassignCard, Reply, Resume, Terminate
from looply.execution.facts.events import Event
from looply.jsontext import Json, encode_json, fingerprint
from looply.limits import DEFAULT_LIMITS, Limits
from looply.schedule import next_fire
from looply.sealing import Sealer, Sealers
from looply.testing.clock import FakeClock, SerialEntropy, fake_loop
from looply.testing.world import NoNetwork, World

ORGANIZATION = "01900000-0000-7000-8000-00000000000a"
WORKSPACE = "01900000-0000-7000-8000-00000000000b"

Result = TypeVar("Result")


def id_of(workflow: Workflow) -> str:
    """Returns the workflow id under which the driver runs a definition: a function of its content."""
    return str(UUID(bytes=workflow.hash[:16]))


def start_of(workflow: Workflow, body: Json = None, **fields: Any) -> Start:
    """Returns the `Start` of a trigger of a workflow. `key` may be a text; `fields` are those of `Start`."""
    facts: dict[str, Any] = {
        "organization_id": ORGANIZATION,
        "workspace_id": WORKSPACE,
        "workflow_id": id_of(workflow),
        "workflow_version": 1,
        "workflow": workflow,
        "trigger_type": "REQUEST",
        "body": body,
        "fingerprint": fingerprint("latest", fields.get("profile", ""), body),
        "body_size": len(encode_json(body)),
        "by": "caller",
        "via": "API",
        **fields,
    }
    if isinstance(facts.get("key"), str):
        facts["key"] = Key(text=facts["key"], fingerprint=fingerprint(facts["workflow_id"], body))
    return Start(**facts)


class Engine:
    """The calls of an engine, as stories make them."""

    shell: Shell
    clock: FakeClock

    async def start(self, workflow: Workflow, body: Json = None, **fields: Any) -> Started:
        """Triggers a workflow. `fields` are those of `start_of`."""
        return await self.shell.start(start_of(workflow, body, **fields))

    async def trigger(self, workflow: Workflow, body: Json = None, **fields: Any) -> str:
        """Triggers a workflow and returns the id of the execution."""
        return (await self.start(workflow, body, **fields)).execution_id

    async def resume(self, execution_id: str, payload: dict[str, Json] | None = None, **fields: Any) -> Reply:
        """Resumes an execution. `source` is SAP unless given; `fields` are those of `Resume`."""
        source = fields.pop("source", "SAP")
        body = {"source": source, **(payload or {})}
        facts: dict[str, Any] = {"at": self.clock.now(), "by": "caller", "via": "API", "request": fingerprint(body)}
        return await self.shell.submit(execution_id, Resume(source=source, payload=body, **{**facts, **fields}))

    async def answer(self, execution_id: str, token: str, action: str = "approve", comment: str = "") -> Reply:
        """Answers the card copy that the token names."""
        data: dict[str, Json] = {"action": action, "comment": comment} if comment else {"action": action}
        command = AnswerCard(at=self.clock.now(), via="INBOX", token=token, data=data)
        return await self.shell.submit(execution_id, command)

    async def reassign(self, execution_id: str, card_id: str, to: str, reason: str = "on leave") -> Reply:
        """Reassigns an open card to another person."""
        command = ReassignCard(at=self.clock.now(), by="operator", via="API", card_id=card_id, to=to, reason=reason)
        return await self.shell.submit(execution_id, command)

    async def terminate(self, execution_id: str, reason: str = "enough") -> Reply:
        """Terminates an execution."""
        return await self.shell.submit(execution_id, Terminate(at=self.clock.now(), by="operator", reason=reason))

    async def state(self, execution_id: str) -> ExecutionState:
        """Returns the state of an execution as of its last stored unit."""
        return (await self.shell.executions.get(execution_id)).state

    async def status(self, execution_id: str) -> Status:
        """Returns the status of an execution."""
        return (await self.state(execution_id)).status

    async def events(self, execution_id: str, kind: type[Event] | None = None) -> list[Any]:
        """Returns the whole history of an execution, or its events of one kind."""
        history = await whole_history(self.shell, execution_id)
        return [event for event in history if kind is None or isinstance(event, kind)]

    async def path(self, execution_id: str) -> list[str]:
        """Returns the history as the names of its events, each with its step where it has one."""
        events = await self.events(execution_id)
        return [" ".join(filter(None, (type(event).__name__, getattr(event, "step", "")))) for event in events]

    async def newest(self, limit: int = 30, after: str = "", **criteria: Any) -> Sequence[ListedExecution]:
        """Returns the first items of the list of executions. `criteria` are the fields of `Filter`."""
        return (await self.shell.executions.list(ORGANIZATION, Filter(**criteria), after, limit)).items

    async def find(self, name: str) -> Sequence[Head]:
        """Returns the executions with a process id or execution id."""
        return await self.shell.executions.find(ORGANIZATION, name)

    async def put_schedule(self, workflow: Workflow, **fields: Any) -> Schedule:
        """Makes the schedule of a workflow live from now on, as an activation or PLAY does."""
        settings = workflow.steps[workflow.start].settings
        assert isinstance(settings, TriggerSettings)
        assert settings.schedule is not None
        plan = settings.schedule
        now = self.clock.now()
        anchor = fields.pop("anchor", plan.start or now)
        schedule = Schedule(
            organization_id=ORGANIZATION,
            workspace_id=WORKSPACE,
            workflow_id=fields.pop("workflow_id", id_of(workflow)),
            workflow_version=1,
            definition=workflow.hash.hex(),
            status=fields.pop("status", "ACTIVE"),
            anchor=anchor,
            next=None,
        )
        following = fields.pop("next", next_fire(plan, anchor, now))
        schedule = replace(reschedule(schedule, plan, following), **fields)
        await self.shell.schedules.put(schedule, workflow)
        return schedule

    async def schedule(self, workflow: Workflow) -> Schedule:
        """Returns the live schedule of a workflow."""
        found = await self.shell.schedules.find(ORGANIZATION, id_of(workflow))
        assert found is not None
        return found


def _no_lock() -> None:
    """Does nothing, for a store that has no lock to remove."""


@dataclass(frozen=True, slots=True)
class Overtaken(Engine):
    """An owner that was paused until another process had taken its store over, and that does not know it."""

    shell: Shell
    clock: FakeClock
    pump: Pump
    store: FaultyStore
    dispatcher: Dispatcher


class Driver(Engine):
    """The life cycle of one engine: opening, time, accidents and proof.

    `open_store` gives a store object on the same durable data each time that it is called. `settings` may be
    `limits`, `per_queue` (effects at once for one target), `total` (effects at once) and `cache_bytes`; `sealers` seal
    what is secret, one key for all unless given; `carriage` says
    how effects travel, in the process unless given, and `before` where chance begins to count. A story that plants
    wrong rows sets `is_planted`, and is not proved at its end. `lift_lock` takes away what keeps a second process from
    the store.
    """

    def __init__(self, open_store: Callable[[], MortalStore], **settings: Any) -> None:
        self.clock = fake_loop().clock
        self.world = World()
        self.faults = Faults([])
        self.entropy = SerialEntropy(settings.pop("before", 0))
        self.total: int = settings.pop("total", 256)
        self.limits: Limits = settings.pop("limits", DEFAULT_LIMITS)
        self.per_queue: int = settings.pop("per_queue", 16)
        self.sealers: Sealers = settings.pop("sealers", None) or Sealer(bytes(32), self.entropy)
        self.carriage: Carriage = settings.pop("carriage", None) or InProcess()
        self.channels: dict[str, CardChannel] = {}
        self.parts: dict[str, Any] = settings
        self.callees = FakeCallees()
        self.boot: StartupState
        self.is_planted = False
        self.lift_lock: Callable[[], None] = _no_lock
        self._overtaken: list[Overtaken] = []
        self._open_store = open_store

    async def open(self) -> None:
        """Opens the store in a new shell and recovers what an earlier one left."""
        self.store = FaultyStore(self._open_store(), self.faults)
        self.dispatcher = self.carriage.make(self.clock, self.per_queue, self.total)
        resources = WorkerResources(targets=KnownTargets(_base_url))
        worker = Worker(self.world.registry, self.world.connections, NoNetwork, self.clock, resources)
        self.codec = Codec(self.sealers)
        parts = Parts(
            store=self.store,
            codec=self.codec,
            dispatcher=self.dispatcher,
            worker=worker,
            clock=self.clock,
            entropy=self.entropy,
            limits=self.limits,
            channels=frozenset(self.channels),
            **self.parts,
        )
        self.shell = Shell(parts)
        self.pump = Pump(self.shell, self.store, self.clock, _no_profile, self.callees.find)
        self.target_watch = TargetWatch(self.shell, self.store, self.clock)
        self.reconciler = Reconciler(self.shell, self.store.copies, self.channels, self.clock)
        self.boot = await self.shell.open()
        self.shell.begin()
        await self.pump.recover(self.boot)

    async def crash(self, *, reopens: bool = True) -> None:
        """Kills the engine: nothing is drained, callers get no answer. Then the same store is opened again.

        Every task but the test's own ends. With `reopens` False the next process waits for `open`, and the accidents
        that the story prepares until then befall it. What was held or had no answer yet is as it is in the store.
        """
        await self.faults.idle()
        self.faults.is_dead = True
        await self.carriage.kill(self.dispatcher)
        # A task that ends may start another one of the dead process.
        while doomed := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in doomed:
                task.cancel()
            await asyncio.gather(*doomed, return_exceptions=True)
        await self.store.inner.abandon()
        self.faults = Faults(self.faults.units)
        if reopens:
            await self.open()

    async def overtake(self) -> Overtaken:
        """Opens the store in another process while this one is paused, and returns the paused one.

        This happens on a disk whose locks do not hold, or when an operator removed the file of the lock.
        """
        paused = Overtaken(self.shell, self.clock, self.pump, self.store, self.dispatcher)
        self._overtaken.append(paused)
        await self.carriage.pause(self.dispatcher)
        self.lift_lock()
        self.faults = Faults(self.faults.units)
        await self.open()
        return paused

    async def stop(self, drain: timedelta = timedelta(seconds=25)) -> None:
        """Ends the engine in order."""
        self.pump.stop()
        await self.shell.close(drain)
        self.faults = Faults(self.faults.units)

    async def restart(self) -> None:
        """Ends the engine in order and opens the same store again."""
        await self.stop()
        await self.open()

    def call(self, action: Coroutine[Any, Any, Result]) -> "asyncio.Task[Result]":
        """Lets a caller of its own do something, beside the test."""
        return asyncio.get_running_loop().create_task(action)

    async def together(self, *actions: Coroutine[Any, Any, Result]) -> list[Result]:
        """Lets several callers act at the same moment and returns what each got, errors included."""
        ends: list[Any] = await asyncio.gather(*actions, return_exceptions=True)
        return ends

    async def settle(self) -> None:
        """Lets tasks run until nothing moves but for time, the world, or what the test holds."""
        while True:
            await fake_loop().quiet()
            if threads := fake_loop().threads:
                await asyncio.wait(threads)
                continue
            moving = [faults for faults in self._all_faults() if not faults.is_idle]
            if not moving and not self.carriage.is_moving:
                return
            for faults in moving:
                await faults.idle()
            await self.carriage.arrive()

    async def tick(self) -> None:
        """Fires what is due now, and lets everything that follows happen."""
        await self.pump.tick()
        await self.settle()

    async def deliver(self) -> None:
        """Applies all deliveries between executions, and admits queued executions."""
        before = -1
        while before != len(self.faults.units):
            before = len(self.faults.units)
            await self.tick()

    async def advance(self, span: timedelta) -> None:
        """Lets time pass, and everything happen that it brings."""
        self.clock.advance(span)
        await self.settle()
        await self.tick()

    async def finish(self) -> None:
        """Ends a story: proves what it left, and closes the store."""
        self.faults.let_go()
        await self.settle()
        if not self.is_planted:
            await self.prove()
        await self.stop(timedelta(0))
        for paused in self._overtaken:
            await self.carriage.kill(paused.dispatcher)
            await paused.store.inner.abandon()

    async def prove(self) -> Audit:
        """Proves what is stored; see `kit.proof`. Raises: AssertionError with every problem."""
        return await prove(self.shell, self.store, self.codec)

    def _all_faults(self) -> Sequence[Faults]:
        return (self.faults, *(paused.store.faults for paused in self._overtaken))


async def watch_targets(engine: Driver, span: timedelta, step: timedelta) -> None:
    """Lets time pass in steps, after each of which the watch of systems and the pump do what is due."""
    left = span
    while left > timedelta(0):
        await engine.advance(step)
        await engine.target_watch.tick()
        await engine.settle()
        left -= step


def _base_url(_kind: str, settings: Mapping[str, Json]) -> str:
    return str(settings.get("base_url", ""))


async def _no_profile(_organization_id: str, _workflow_id: str) -> tuple[str, Json]:
    return "", None
