"""A simulated installation: processes that start and end, clients, an operator, and other systems.

The core and the shell are the real ones.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import copy_context
from typing import Any

from looply.engine.shell.shell import Shell
from looply.errors import LooplyError, StoreLost
from looply.testing.clock import SerialEntropy
from simulation.clients.actors import Clients
from simulation.clients.desk import Desk
from simulation.clients.forgetting import Housekeeper
from simulation.clients.operator import Operator
from simulation.clients.outages import Outages
from simulation.clients.repairs import Repairer
from simulation.clients.streams import Watchers
from simulation.pools.pools import FLAT, Pool
from simulation.pools.versions import Version, second_version
from simulation.pools.workflows import POOL_SIZE, Made
from simulation.running.cards import SimulatedMessages
from simulation.running.choice import Choice, choose, happens
from simulation.running.loop import SimulatedLoop
from simulation.running.options import Options, draw_options
from simulation.running.process import Process, SimulatedClock
from simulation.running.recording import Recorder
from simulation.running.store import SimulatedData
from simulation.running.trace import Line, Stop, Trace
from simulation.running.world import SimulatedWorld

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
        recorder = Recorder(self.trace, self.loop, self.clock)
        self.data = SimulatedData(recorder.unit_applied, recorder.fire_taken, recorder.pruned, recorder.keys_dropped)
        self.world = SimulatedWorld(self)
        self.messages = SimulatedMessages()
        self.workflows = _made_workflows(self.options, pool, self.trace)
        self.versions = _second_versions(self.workflows, pool, self.trace)
        self.are_faults_on = True
        self.is_disk_full = False
        self.is_short_of_space = False
        self.crashes = 0
        self.processes: list[Process] = []
        self.outside = copy_context()
        self.clients = Clients(self)
        self.repairer = Repairer(self)
        self.desk = Desk(self)
        self.housekeeper = Housekeeper(self)
        self.watchers = Watchers(self)
        self.outages = Outages(self)
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
        self.loop.at(self.loop.ms + delay_ms, self.tie(), callback, context=self.outside)

    def spawn(self, work: Any) -> "asyncio.Task[Any]":
        """Runs an action outside of any process."""
        return self.loop.create_task(work, context=self.outside)

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


def _settle(caller: "asyncio.Future[Any]", answer: Any) -> None:
    if not caller.done():
        caller.set_result(answer)


def _made_workflows(options: Options, pool: Pool, trace: Trace) -> dict[str, Made]:
    """Returns the workflows of the run, by the id that they have in it."""
    found: dict[str, Made] = {}
    for number, index in enumerate(options.workflows):
        for organization in range(options.organizations):
            workflow_id = f"01900000-0000-7000-8000-{number:06x}{organization:06x}"
            found[workflow_id] = pool.made(index)
            trace.definitions[workflow_id] = found[workflow_id].document
            trace.organizations[workflow_id] = f"01900000-0000-7000-8000-0000000000{organization:02x}"
    return found


def _second_versions(workflows: dict[str, Made], pool: Pool, trace: Trace) -> dict[str, Version]:
    """Returns the second versions of the workflows of the run."""
    found = {key: second_version(one) for key, one in workflows.items()} if pool.is_rich else {}
    trace.versions.update({key: (one.document, one.steps) for key, one in found.items()})
    return found
