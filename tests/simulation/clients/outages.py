"""Outages of the other systems, and operators who stop and release them, in runs of pools with outages."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from looply.engine.records.targets import Maintenance
from simulation.running.choice import choose

if TYPE_CHECKING:
    from simulation.running.life import Simulation

Act = Callable[[], Awaitable[None]]
_DOWN_MS = (5000, 60_000, 400_000)
_PAUSED_MS = (2000, 30_000, 300_000)
_SYSTEMS = ("https://a.example:443", "https://b.example:443")


class Outages:
    """Lets all systems be down for a time, and operators decide about them."""

    def __init__(self, simulation: "Simulation") -> None:
        self._simulation = simulation
        self._until_ms = 0
        self.actions: list[Act] = []
        if simulation.pool.has_outages:
            self.actions = [*[self.break_down] * 4, self.pause, self.drain, self.release]

    @property
    def is_down(self) -> bool:
        """Whether no system can be reached now."""
        return self._simulation.are_faults_on and self._simulation.loop.ms < self._until_ms

    async def break_down(self) -> None:
        """Lets all systems be down for a while."""
        simulation = self._simulation
        self._until_ms = simulation.loop.ms + choose(simulation.choice, "down for", _DOWN_MS)
        simulation.hit("outage")

    async def pause(self) -> None:
        """Stops the calls of a system for a time."""
        simulation, now = self._simulation, self._simulation.clock.now()
        until = now + timedelta(milliseconds=choose(simulation.choice, "paused for", _PAUSED_MS))
        window = Maintenance(begins_on=now, until=until, reason="so it was drawn")
        organization, system = self._place()
        await simulation.ask(lambda shell: shell.targets.pause(organization, system, window))

    async def drain(self) -> None:
        """Lets what waits for a system go at a fixed rate."""
        organization, system = self._place()
        await self._simulation.ask(lambda shell: shell.targets.drain(organization, system, 2.0))

    async def release(self) -> None:
        """Calls a system as usual again."""
        organization, system = self._place()
        await self._simulation.ask(lambda shell: shell.targets.release(organization, system))

    def _place(self) -> tuple[str, str]:
        simulation = self._simulation
        owners = sorted(set(simulation.trace.organizations.values()))
        return choose(simulation.choice, "organization", owners), choose(simulation.choice, "system", _SYSTEMS)
