"""Whoever prunes by hand, in runs of pools that forget: by age, by workflow, or what a server would prune by itself."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from sim_choice import choose

from looply.engine.records.pruning import RetentionFilter, plan
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.pruner import prune_now

if TYPE_CHECKING:
    from sim_life import Simulation

Act = Callable[[], Awaitable[None]]
_WAYS = ("by age", "by age", "as planned", "by workflow", "foresee")
_KEPT = (timedelta(0), timedelta(seconds=5), timedelta(minutes=1), timedelta(hours=1))


class Housekeeper:
    """Prunes beside all work, and whatever server is in charge does so too."""

    def __init__(self, simulation: "Simulation") -> None:
        self._simulation = simulation
        self.actions: list[Act] = [self.prune] * 4 if simulation.pool.forgets else []

    async def prune(self) -> None:
        """Goes round once over what has ended a while ago."""
        simulation = self._simulation
        choice = simulation.choice
        way, kept = choose(choice, "prune", _WAYS), choose(choice, "older than", _KEPT)
        now = simulation.clock.now()
        wanted = [RetentionFilter(now=now, ended_before=now - kept, overrides=True)]
        if way == "by workflow":
            workflow_id = choose(choice, "workflow", sorted(simulation.workflows))
            wanted = [RetentionFilter(now=now, ended_before=now - kept, overrides=True, workflow_id=workflow_id)]
        elif way == "as planned":
            wanted = list(plan(now, kept))
        await simulation.ask(lambda shell: prune_now(shell.pruning, wanted, is_dry=way == "foresee"))

    async def finish(self, shell: Shell) -> None:
        """Goes round once more when everything has ended, and notes what is left."""
        simulation = self._simulation
        now = simulation.clock.now()
        # The last one may have ended in this very millisecond.
        await prune_now(
            shell.pruning, [RetentionFilter(now=now, ended_before=now + timedelta(seconds=1), overrides=True)]
        )
        simulation.trace.left = now, list(simulation.data.heads)
