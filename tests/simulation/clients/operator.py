"""The operator of a simulation: schedules, and the faults that are not the store's."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from kit.driver import WORKSPACE
from looply.engine.ports.port import Schedule
from looply.engine.shell.shell import Shell
from looply.errors import LooplyError
from looply.instants import EPOCH
from looply.schedule import next_fire
from simulation.running.choice import choose, happens
from simulation.running.trace import Plan

if TYPE_CHECKING:
    from simulation.running.life import Simulation

Act = Callable[[], Awaitable[None]]


class Operator:
    """The operator of the machine: schedules, and faults that are not the store's. `busy` as for clients."""

    def __init__(self, simulation: "Simulation") -> None:
        self._simulation = simulation
        self._choice = simulation.choice
        self.busy = 0
        enabled = simulation.options.enabled
        self.actions: list[Act] = []
        for name, act in (
            ("killed_at_rest", self.kill),
            ("zombie", self.make_zombie),
            ("standstill", self.pause_all),
            ("graceful_restart", self.restart),
            ("full_disk", self.fill_disk),
            ("clock_1s", lambda: self.set_clock("clock_1s", 1000)),
            ("clock_1h", lambda: self.set_clock("clock_1h", 3_600_000)),
            ("clock_26h", lambda: self.set_clock("clock_26h", 26 * 3_600_000)),
            ("toggles", self.toggle),
        ):
            if name in enabled:
                self.actions.append(act)

    async def kill(self) -> None:
        """Kills the process at any point."""
        simulation = self._simulation
        if simulation.are_faults_on and simulation.crashes < simulation.options.most_crashes:
            simulation.crashes += 1
            simulation.hit("killed_at_rest")
            simulation.kill(simulation.current, "killed_at_rest")

    async def make_zombie(self) -> None:
        """Stops the process and lets another one take over; then the old one continues for a while."""
        simulation, old = self._simulation, self._simulation.current
        if not self._may_stop():
            return
        simulation.crashes += 1
        old.life = "STOPPED"
        simulation.hit("zombie")
        simulation.record_stop(old, "zombie")
        await asyncio.sleep(simulation.delay("take-over", (5, 500, 5000)) / 1000)
        simulation.boot()
        await asyncio.sleep(simulation.delay("awakening", (1, 40, 3000, 40_000)) / 1000)
        if old.life == "STOPPED":
            simulation.loop.continue_process(old)
        await asyncio.sleep(60)
        simulation.kill(old, "exit")

    async def pause_all(self) -> None:
        """Stops the process for a while, as a debugger or a sleeping laptop does."""
        simulation, process = self._simulation, self._simulation.current
        if not self._may_stop():
            return
        was_ready = process.is_ready
        process.life = "STOPPED"
        simulation.hit("standstill")
        simulation.record_stop(process, "standstill")
        await asyncio.sleep(simulation.delay("standstill", (500, 7000, 100_000)) / 1000)
        if process.life == "STOPPED":
            simulation.loop.continue_process(process)
            process.is_ready = process.is_ready or was_ready

    async def restart(self) -> None:
        """Ends the process in an orderly way; another one starts."""
        process = self._simulation.current
        if process.is_ready and self._simulation.are_faults_on:
            self._simulation.hit("graceful_restart")
            process.spawn(process.leave())

    async def fill_disk(self) -> None:
        """Fills the disk for a while."""
        simulation = self._simulation
        if not simulation.are_faults_on:
            return
        simulation.is_disk_full = True
        simulation.is_short_of_space = happens(self._choice, "is noticed", 500)
        await asyncio.sleep(simulation.delay("full for", (20, 2000, 30_000)) / 1000)
        simulation.is_disk_full = False
        simulation.is_short_of_space = False

    async def set_clock(self, fault: str, span_ms: int) -> None:
        """Sets the wall clock forward or back."""
        simulation = self._simulation
        if simulation.are_faults_on:
            simulation.hit(fault)
            simulation.clock.set(choose(self._choice, "direction", (span_ms, -span_ms)))

    async def toggle(self) -> None:
        """Pauses or plays a schedule."""
        scheduled = [key for key, one in self._simulation.workflows.items() if one.every_ms]
        if scheduled:
            await self.put_schedule(choose(self._choice, "schedule", scheduled), choose(self._choice, "to", "AP"))

    async def put_schedule(self, workflow_id: str, to: str = "A") -> None:
        """Makes the schedule of a workflow live, or pauses it."""
        simulation = self._simulation
        made = simulation.workflows[workflow_id]
        organization = simulation.trace.organizations[workflow_id]
        status: Any = "ACTIVE" if to == "A" else "PAUSED"

        async def put(shell: Shell) -> Schedule:
            now = simulation.clock.now()
            former = await shell.schedules.find(organization, workflow_id)
            if former is not None and former.status == status:
                return former
            anchor = former.anchor if former is not None else now
            settings: Any = made.workflow.steps[made.workflow.start].settings
            schedule = Schedule(
                organization_id=organization,
                workspace_id=WORKSPACE,
                workflow_id=workflow_id,
                workflow_version=1,
                definition=made.workflow.hash.hex(),
                status=status,
                anchor=anchor,
                next=next_fire(settings.schedule, anchor, now),
                last=former.last if former is not None else None,
                last_execution=former.last_execution if former is not None else "",
            )
            await shell.schedules.put(schedule, made.workflow)
            return schedule

        await self._insist(workflow_id, status, put)

    async def drop_schedules(self) -> None:
        """Removes all schedules, so that the run can end."""
        # A change that is still on its way would undo it.
        while self.busy:  # noqa: ASYNC110 - simulated time
            await asyncio.sleep(0.01)
        for workflow_id, made in self._simulation.workflows.items():
            if made.every_ms:
                organization = self._simulation.trace.organizations[workflow_id]

                async def drop(shell: Shell, organization: str = organization, workflow_id: str = workflow_id) -> None:
                    await shell.schedules.drop(organization, workflow_id)

                await self._insist(workflow_id, "DROPPED", drop)
        # A firing may be on its way to the disk.
        self.busy += 1
        await asyncio.sleep(5)
        self.busy -= 1

    def _may_stop(self) -> bool:
        simulation = self._simulation
        may = simulation.are_faults_on and simulation.current.life == "UP" and not simulation.current.is_leaving
        return may and simulation.crashes < simulation.options.most_crashes

    async def _insist(self, workflow_id: str, status: str, question: Callable[[Shell], Awaitable[Any]]) -> None:
        simulation = self._simulation
        self.busy += 1
        try:
            while True:
                invoked = simulation.trace.tick()
                answer = await simulation.ask(question)
                is_known = not isinstance(answer, LooplyError | str)
                anchor = (answer.anchor - EPOCH) // timedelta(milliseconds=1) if isinstance(answer, Schedule) else 0
                every_ms = simulation.workflows[workflow_id].every_ms
                simulation.trace.plans.append(
                    Plan(invoked, simulation.trace.tick(), workflow_id, status, anchor, every_ms, is_known)
                )
                if is_known or (simulation.are_faults_on and status != "ACTIVE"):
                    return
                await asyncio.sleep(1)
        finally:
            self.busy -= 1
