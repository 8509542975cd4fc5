"""Pruning by hand, in runs of pools with retention: by age, by workflow, or by the server's own plan."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from looply.engine.records.pruning import RetentionFilter, plan
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.pruner import prune_now
from simulation.running.choice import choose

if TYPE_CHECKING:
    from simulation.running.life import Simulation

Act = Callable[[], Awaitable[None]]
_WAYS = ("by age", "by age", "as planned", "by workflow", "foresee")
_KEPT = (timedelta(0), timedelta(seconds=5), timedelta(minutes=1), timedelta(hours=1))


class Housekeeper:
    """Prunes concurrently with all work and with the server's own pruner."""

    def __init__(self, simulation: "Simulation") -> None:
        self._simulation = simulation
        self.actions: list[Act] = [self.prune] * 4 if simulation.pool.forgets else []

    async def prune(self) -> None:
        """Prunes executions that ended a while ago, once."""
        simulation = self._simulation
        choice = simulation.choice
        way, kept = choose(choice, "prune", _WAYS), choose(choice, "older than", _KEPT)
        now = simulation.clock.now()
        filters = [RetentionFilter(now=now, ended_before=now - kept, overrides=True)]
        if way == "by workflow":
            workflow_id = choose(choice, "workflow", sorted(simulation.workflows))
            filters = [RetentionFilter(now=now, ended_before=now - kept, overrides=True, workflow_id=workflow_id)]
        elif way == "as planned":
            filters = list(plan(now, kept))
        await simulation.ask(lambda shell: prune_now(shell.pruning, filters, is_dry=way == "foresee"))

    async def finish(self, shell: Shell) -> None:
        """Prunes once more after all executions have ended, and records what is left."""
        simulation = self._simulation
        now = simulation.clock.now()
        # The last one may have ended in this millisecond.
        await prune_now(
            shell.pruning, [RetentionFilter(now=now, ended_before=now + timedelta(seconds=1), overrides=True)]
        )
        simulation.trace.left = now, list(simulation.data.heads)
