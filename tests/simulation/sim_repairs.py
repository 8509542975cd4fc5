"""Operators who repair executions that stand still, and who hurry as much as everybody else."""

from collections.abc import Awaitable, Callable
from itertools import count
from typing import TYPE_CHECKING, Any

from sim_choice import choose

from looply.engine.port import Head
from looply.engine.shell import Shell
from looply.execution.commands import OperatorCommand, Redrive, Retry, SkipStep

if TYPE_CHECKING:
    from sim_life import Simulation

Act = Callable[[], Awaitable[None]]
_WAYS = ("redrive", "retry", "retry one", "retry edited", "skip")


class Repairer:
    """Whoever decides about incidents; nobody does so in runs of plain workflows."""

    def __init__(self, simulation: "Simulation") -> None:
        self._simulation = simulation
        self._serial = count(1)
        self.actions: list[Act] = [self.repair] * 8 if simulation.pool.is_rich else []

    async def repair(self) -> None:
        """Decides about an execution that stands still, in some way."""
        heads = self._failed()
        if heads:
            choice = self._simulation.choice
            await self._repair(choose(choice, "failed", heads), choose(choice, "way", _WAYS))

    async def finish(self) -> None:
        """Goes on with everything that stands still."""
        for head in self._failed():
            await self._repair(head, "redrive")

    def _failed(self) -> list[Head]:
        data = self._simulation.data
        return [data.heads[key] for key in dict.fromkeys(key for key, _ in data.incidents)]

    async def _repair(self, head: Head, way: str) -> None:
        simulation, serial = self._simulation, next(self._serial)
        rows = [row for (key, _), row in simulation.data.incidents.items() if key == head.execution_id]
        incident_id = choose(simulation.choice, "incident", rows).incident_id if way in ("retry one", "skip") else ""
        reason = f"repair {serial}"

        def ask(shell: Shell) -> Awaitable[Any]:
            facts = {"at": simulation.clock.now(), "by": "operator", "reason": reason}
            return shell.submit(head.execution_id, _command(way, incident_id, serial, facts))

        asked = {"reason": reason, "way": way}
        await simulation.clients.insist("repair", head.organization_id, head.execution_id, asked, ask)


def _command(way: str, incident_id: str, serial: int, facts: dict[str, Any]) -> OperatorCommand:
    match way:
        case "redrive":
            return Redrive(**facts)
        case "retry edited":
            return Retry(**facts, document={"payload": {"output": {"n": 10 + serial}}})
        case "skip":
            return SkipStep(**facts, incident_id=incident_id)
    return Retry(**facts, incident_id=incident_id)
