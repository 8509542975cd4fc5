"""One simulated run of an engine: processes that start and end, clients, an operator, and other systems; then rest.

    trace = simulate(SeededChoice(17), "17")
    assert problems_of(trace) == []

The core and the shell are the real ones. First there are faults for a while (safety); then none, and every execution
must come to rest within a bounded time (liveness).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog

from looply.engine.ports.port import Fire
from looply.engine.ports.store import Unit
from looply.engine.records.pruning import RetentionFilter
from looply.engine.shell.shell import Shell
from looply.errors import LooplyError, StoreLost
from looply.instants import EPOCH
from looply.testing.clock import SerialEntropy
from simulation.clients.actors import Clients
from simulation.clients.desk import Desk
from simulation.clients.forgetting import Housekeeper
from simulation.clients.operator import Operator
from simulation.clients.repairs import Repairer
from simulation.clients.streams import Watchers
from simulation.pools.pools import FLAT, Pool
from simulation.pools.versions import Version, second_version
from simulation.pools.workflows import POOL_SIZE, Made
from simulation.running.choice import Choice, choose, happens
from simulation.running.loop import OWNER, Endless, SimulatedLoop
from simulation.running.options import Options, draw_options
from simulation.running.process import CODEC, Process, SimulatedClock
from simulation.running.pruning import Kept
from simulation.running.store import SimulatedData
from simulation.running.trace import Commit, Firing, Line, Pruned, Stop, Trace
from simulation.running.world import SimulatedWorld

_REST_MS = 90 * 60_000
"""The longest time after the last fault until the run must be at rest."""
_QUIET_MS = 600
_MOST_TURNS = 60_000
_BOOT_MS = (5, 400, 4000, 40_000)
_ANSWER_MS = (0, 0, 2, 30)
_BROKEN = object()
"""The answer of a broken connection."""


class Simulation:
    """See the module."""

    def __init__(self, choice: Choice, seed: str, pool: Pool = FLAT) -> None:
        self.choice = choice
        self.pool = pool
        self.options: Options = draw_options(choice, POOL_SIZE)
        self.trace = Trace(seed=seed)
        self.loop = SimulatedLoop()
        self.clock = SimulatedClock(self.loop)
        self.entropy = SerialEntropy()
        self.data = SimulatedData(self._unit_applied, self._fire_taken, self._pruned, self._keys_dropped)
        self.world = SimulatedWorld(self)
        self.workflows = self._workflows()
        self.versions = self._versions()
        self.are_faults_on = True
        self.is_disk_full = False
        self.is_short_of_space = False
        self.crashes = 0
        self.processes: list[Process] = []
        self._outside = copy_context()
        self._quiet_ms = -1
        self.clients = Clients(self)
        self.repairer = Repairer(self)
        self.desk = Desk(self)
        self.housekeeper = Housekeeper(self)
        self.watchers = Watchers(self)
        self.operator = Operator(self)

    @property
    def current(self) -> Process:
        """The process in charge."""
        return self.processes[-1]

    # Randomness

    def fault_occurs(self, fault: str) -> bool:
        """Returns whether a fault happens now, and counts it."""
        permille = self.options.permille(fault) if self.are_faults_on else 0
        if not permille or not happens(self.choice, fault, permille):
            return False
        self.hit(fault)
        return True

    def kills(self, point: str) -> bool:
        """Returns whether a process is killed at a point that it passes."""
        if self.crashes >= self.options.most_crashes or not self.fault_occurs(point):
            return False
        self.crashes += 1
        return True

    def hit(self, fault: str) -> None:
        """Counts a fault that happened."""
        self.trace.hits[fault] += 1

    def delay(self, label: str, options: Sequence[int]) -> int:
        """Returns a duration in milliseconds."""
        return choose(self.choice, label, options)

    def tie(self) -> int:
        """Returns the order of a callback among those of the same millisecond."""
        return self.choice.pick("tie", 3)

    # Processes

    def boot(self) -> None:
        """Starts a process, which takes over the store."""
        self.processes.append(Process(self, len(self.processes) + 1))

    def kill(self, process: Process, point: str) -> None:
        """Kills a process. Its callers get no answer; after a while another process starts."""
        if process.life == "DEAD":
            return
        process.life = "DEAD"
        process.stopped.clear()
        self.record_stop(process, point)
        if process is self.current:
            self.outside_later(self.delay("boot", _BOOT_MS), self.boot)
            if "full_disk" in self.options.enabled and happens(self.choice, "disk is full", 200):
                self.spawn(self.operator.fill_disk())

    def record_stop(self, process: Process, point: str) -> None:
        """Records that a process is stopped, and cuts its connections."""
        process.is_ready = False
        self.trace.stops.append(Stop(self.trace.tick(), process.number, point))
        callers, process.callers = process.callers, []
        for caller in callers:
            self.outside_later(1, lambda caller=caller: _settle(caller, _BROKEN))

    def outside_later(self, delay_ms: int, callback: Callable[[], None]) -> None:
        """Calls back outside of any process."""
        self.loop.at(self.loop.ms + delay_ms, self.tie(), callback, context=self._outside)

    def spawn(self, work: Any) -> "asyncio.Task[Any]":
        """Runs an action outside of any process."""
        return self.loop.create_task(work, context=self._outside)

    async def ask(self, question: Callable[[Shell], Awaitable[Any]]) -> Any:
        """Calls the process in charge.

        Returns its answer or its error; StoreLost when the outcome is unknown, and the text "refused" when no process
        listens.
        """
        process = self.current
        if not process.is_ready:
            return "refused"
        caller = self.loop.create_future()
        process.callers.append(caller)
        process.spawn(self._serve(process, question, caller))
        answer = await caller
        return StoreLost("the connection broke") if answer is _BROKEN else answer

    async def _serve(
        self, process: Process, question: Callable[[Shell], Awaitable[Any]], caller: "asyncio.Future[Any]"
    ) -> None:
        answer: Any
        try:
            answer = await question(process.shell)
        except LooplyError as error:
            answer = error
        if late := self.delay("answer", _ANSWER_MS):
            await asyncio.sleep(late / 1000)
        if caller in process.callers:
            process.callers.remove(caller)
        _settle(caller, answer)
        await process.reach("after_ack")

    def on_arrival(self, line: Line) -> None:
        """Makes the other system call back before its answer, or a client terminate during the call."""
        enabled = self.options.enabled
        if "early_resumes" in enabled and happens(self.choice, "calls back", 800 if self.pool.is_rich else 300):
            self.spawn(self.clients.finishing(self.clients.call_back(line.execution)))
        if "terminates" in enabled and happens(self.choice, "loses patience", 200):
            self.spawn(self.clients.finishing(self.clients.lose_patience()))
        if self.pool.is_rich and happens(self.choice, "goes onto a version", 120):
            self.spawn(self.clients.finishing(self.repairer.move_to_running_version(line.execution)))

    # The whole run

    def run(self) -> Trace:
        """Returns the trace of the run."""
        try:
            self._live()
            self._collect()
        except Endless:
            self.trace.is_unreadable = True
        finally:
            self.loop.close()
        self.trace.choices = self.choice.taken
        return self.trace

    def _live(self) -> None:
        try:
            self.boot()
            actions = self.spawn(self._actions())
            self._until(actions.done, 24 * 3_600_000)
            self._stop_faults()
            self._come_to_rest("after the last fault")
            self._finish()
        except Endless:
            self.trace.stuck.append(f"it continues without an end at {self.loop.ms} ms: {self._restless()}")

    async def _actions(self) -> None:
        for made_workflow in self.workflows:
            if self.workflows[made_workflow].every_ms:
                await self.operator.put_schedule(made_workflow)
        for _ in range(self.options.actions):
            await asyncio.sleep(self.delay("gap", self.options.gaps_ms) / 1000)
            actions = (
                *self.clients.actions,
                *self.operator.actions,
                *self.repairer.actions,
                *self.desk.actions,
                *self.housekeeper.actions,
                *self.watchers.actions,
            )
            act = choose(self.choice, "action", actions)
            self.spawn(self.clients.finishing(act()))
        await asyncio.sleep(self.delay("rest", (1, 2000, 60_000)) / 1000)

    def _stop_faults(self) -> None:
        """Ends all faults: the disk has space, the clock is right, stopped processes continue."""
        self.are_faults_on = False
        self.is_disk_full = self.is_short_of_space = False
        self.clock.settle()
        for process in self.processes:
            if process.life == "STOPPED":
                self.loop.continue_process(process)
                process.is_ready = process is self.current and not process.is_recovering
        self.spawn(self.operator.drop_schedules())

    def _come_to_rest(self, when: str) -> None:
        if not self._until(self._is_at_rest, _REST_MS):
            self.trace.stuck.append(f"{when}: {self._restless()}")

    def _is_at_rest(self) -> bool:
        """Returns whether there has been no work for a moment, so that the last decisions are stored too."""
        if not self._is_quiet():
            self._quiet_ms = -1
            return False
        if self._quiet_ms < 0:
            self._quiet_ms = self.loop.ms
            self.loop.at(self.loop.ms + _QUIET_MS, 1, _nothing, context=self._outside)
        return self.loop.ms - self._quiet_ms >= _QUIET_MS

    def _is_quiet(self) -> bool:
        if self.current.calls_in_flight or not self.current.is_ready or self.clients.busy or self.operator.busy:
            return False
        data = self.data
        open_ids = [key for key, head in data.heads.items() if head.status in ("RUNNING", "WAITING")]
        if any(data.heads[key].status == "RUNNING" for key in open_ids):
            return False
        # Effects of an execution with an incident stay queued until an operator decides.
        if data.timers or data.continuations or data.deliveries:
            return False
        return not any(key in open_ids for key, _ in data.effects)

    def _restless(self) -> str:
        data = self.data
        found = [f"{key} {head.status}" for key, head in data.heads.items() if head.status in ("RUNNING", "WAITING")]
        rows = [*data.timers, *data.effects, *data.continuations, *data.deliveries]
        return f"ready: {self.current.is_ready}, calls: {self.clients.busy}, open: {found}, rows: {rows}"

    def _finish(self) -> None:
        """Repairs failed and resumes waiting executions, twice; then terminates the others."""
        people = {"repair": self.repairer.finish, "settle": self.desk.finish} if self.pool.is_rich else {}
        for way in (*people, "resume", "resume", "terminate"):
            work = self.spawn(people[way]() if way in people else self.clients.finish(way))
            if not self._until(work.done, _REST_MS):
                self.trace.stuck.append(f"the last {way} is not answered")
                return
            self._come_to_rest(f"after the last {way}")

    def _until(self, is_met: Callable[[], bool], span_ms: int) -> bool:
        return self.loop.run_until(is_met, self.loop.ms + span_ms, _MOST_TURNS)

    def _collect(self) -> None:
        trace = self.trace
        trace.broken = [repr(error) for error in self.loop.broken() if not isinstance(error, LooplyError)]
        work = self.current.spawn(self._read_all())
        if not self._until(work.done, 60_000):
            trace.stuck.append("the histories cannot be read")
        else:
            trace.broken.extend(repr(error) for error in [work.exception()] if error is not None)

    async def _read_all(self) -> None:
        trace, shell = self.trace, self.current.shell
        await self._audit()
        if self.pool.forgets:
            await self.housekeeper.finish(shell)
            await self._audit()
        for key, head in self.data.heads.items():
            trace.chains[key] = [(batch.first_seq, batch.last_seq, batch.chain) for batch in self.data.batches[key]]
            events = await shell.history(key)
            trace.histories[key] = [_plain(event) for _, event in events]
            trace.heads[key] = _plain(head)
        trace.datastores = {place: one.revision for place, one in self.data.datastores.items()}

    async def _audit(self) -> None:
        audit = await self.current.shell.audit()
        self.trace.audit += [
            f"{problem['kind']} {problem['execution_id']}: {problem['message']}" for problem in audit.problems
        ]

    def _workflows(self) -> dict[str, Made]:
        """Returns the workflows of the run, by the id that they have in it."""
        found: dict[str, Made] = {}
        for number, index in enumerate(self.options.workflows):
            for organization in range(self.options.organizations):
                workflow_id = f"01900000-0000-7000-8000-{number:06x}{organization:06x}"
                found[workflow_id] = self.pool.made(index)
                self.trace.definitions[workflow_id] = found[workflow_id].document
                self.trace.organizations[workflow_id] = f"01900000-0000-7000-8000-0000000000{organization:02x}"
        return found

    def _versions(self) -> dict[str, Version]:
        """Returns the second versions of the workflows of the run."""
        found = {key: second_version(one) for key, one in self.workflows.items()} if self.pool.is_rich else {}
        self.trace.versions.update({key: (one.document, one.steps) for key, one in found.items()})
        return found

    def _unit_applied(self, unit: Unit) -> None:
        process: Any = OWNER.get()
        self.trace.commits.append(
            Commit(
                order=self.trace.tick(),
                at_ms=self.loop.ms,
                process=process.number,
                epoch=process.epoch,
                execution=unit.execution_id,
                first_seq=unit.batch.first_seq,
                last_seq=unit.batch.last_seq,
                chain=unit.batch.chain,
                status=unit.head.status,
            )
        )

    def _pruned(self, spent: RetentionFilter, kept: Kept, wrong: list[str]) -> None:
        trace = self.trace
        trace.lost_rows += wrong
        for key, head in kept.heads.items():
            pruned = Pruned(trace.tick(), len(trace.commits), key, spent.now, spent.ended_before, spent.overrides)
            trace.pruned.append(pruned)
            events = [
                event
                for batch in kept.batches[key]
                for event in CODEC.decode(batch, kept.values[key], head.organization_id, key)
            ]
            trace.chains[key] = [(batch.first_seq, batch.last_seq, batch.chain) for batch in kept.batches[key]]
            trace.histories[key] = [_plain(event) for event in events]
            trace.heads[key] = _plain(head)

    def _keys_dropped(self, now: datetime) -> None:
        self.trace.key_rounds.append((self.trace.tick(), now))

    def _fire_taken(self, fire: Fire, execution_id: str) -> None:
        assert fire.at is not None
        self.trace.firings.append(
            Firing(
                order=self.trace.tick(),
                at_ms=self.loop.ms,
                latest_ms=_ms_of(self.clock.latest()),
                workflow=fire.workflow_id,
                nominal_ms=_ms_of(fire.nominal),
                execution=execution_id,
                outcome=fire.outcome,
                count=fire.count,
                decided_ms=_ms_of(fire.at),
            )
        )


def simulate(choice: Choice, seed: str = "", pool: Pool = FLAT) -> Trace:
    """Returns the trace of one run, of workflows of a pool."""
    with quiet_logs():
        return Simulation(choice, seed, pool).run()


@contextmanager
def quiet_logs() -> Iterator[None]:
    """Hides the log of the engine, which is full of expected errors in a simulation."""
    was_configured, former = structlog.is_configured(), structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        if was_configured:
            structlog.configure(**former)
        else:
            structlog.reset_defaults()


def _plain(value: Any) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(value, builtin_types=(datetime, bytes))
    return plain


def _settle(caller: "asyncio.Future[Any]", answer: Any) -> None:
    if not caller.done():
        caller.set_result(answer)


def _ms_of(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(milliseconds=1)


def _nothing() -> None:
    """Lets time pass."""
