"""Operators who repair executions with incidents, concurrently with all other clients."""

from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

from looply.engine.ports.lists import Execution, Head
from looply.engine.shell.shell import Shell
from looply.execution.document.document import region_of
from looply.execution.facts.commands import EditDocument, MoveTo, OperatorCommand, Redrive, Retry, SkipStep
from simulation.pools.versions import NUMBER
from simulation.running.choice import choose, happens

if TYPE_CHECKING:
    from simulation.running.life import Simulation

Act = Callable[[], Awaitable[None]]
Make = Callable[[dict[str, Any]], OperatorCommand]
"""Makes a command of its instant, operator and reason."""

ONTO = "onto"
WITHIN = "within"
_OPEN = ("RUNNING", "WAITING")
_WAYS = ("redrive", "retry", "retry one", "retry edited", "skip", "skip")


class Repairer:
    """Operators who resolve incidents, and move and edit executions; not in runs of plain workflows."""

    def __init__(self, simulation: "Simulation") -> None:
        self._simulation = simulation
        self._serial = count(1)
        self.actions: list[Act] = []
        if simulation.pool.is_rich:
            self.actions = [self.repair] * 8 + [self.edit_within] * 5 + [self.move] * 4 + [self.go_onto] * 3

    async def repair(self) -> None:
        """Repairs an execution with an incident, in some way."""
        heads = self._failed()
        if heads:
            choice = self._simulation.choice
            await self._repair(choose(choice, "failed", heads), choose(choice, "way", _WAYS))

    async def edit_within(self) -> None:
        """Edits the payload that one branch or iteration sees, and perhaps retries after its incident."""
        choice = self._simulation.choice
        read = await self._look(self._with_steps("forEach"))
        scopes = list(read.state.frames) if read is not None else []
        if read is None or not scopes:
            return
        scope = choose(choice, "scope", scopes)
        document = {"payload": {"output": {"n": 10 + next(self._serial)}}}
        kind = Retry if read.state.incidents and happens(choice, "and goes on", 500) else EditDocument
        await self._decide(read.head, WITHIN, lambda facts: kind(**facts, document=document, scope=scope), scope=scope)

    async def move(self) -> None:
        """Moves a path to another step, nearly always to one of the same branch or body."""
        choice = self._simulation.choice
        read = await self._look(self._heads(*_OPEN, "FAILED"))
        if read is None or not read.state.paths:
            return
        workflow, state = read.workflow, read.state
        inner = [one for one in state.paths if one.scope]
        path = choose(choice, "path", inner if inner and happens(choice, "within", 600) else state.paths)
        region = region_of(state, path.scope)
        is_wild = happens(choice, "anywhere", 100)
        steps = [one for one in workflow.steps if one != workflow.start and (is_wild or workflow.region(one) == region)]
        incidents = [key for key, one in state.incidents.items() if one.address == path.address]
        named = {"incident_id": incidents[0]} if incidents else {"state": path.step}
        to = choose(choice, "to", steps)
        await self._decide(read.head, "move", lambda facts: MoveTo(**facts, **named, to=to), to=to)

    async def go_onto(self) -> None:
        """Redrives an execution onto the second version of its workflow, even without an incident."""
        choice = self._simulation.choice
        failed = self._failed()
        heads = failed if failed and happens(choice, "stands still", 500) else self._heads(*_OPEN, "FAILED")
        if heads:
            await self._go_onto(choose(choice, "execution", heads), is_named=not happens(choice, "no names", 200))

    async def move_to_running_version(self, execution_id: str) -> None:
        """Redrives an execution onto the second version while a call of it is in flight."""
        head = self._simulation.data.heads.get(execution_id)
        if head is not None:
            await self._go_onto(head)

    async def _go_onto(self, head: Head, *, is_named: bool = True) -> None:
        if fields := self.onto(head, is_named=is_named):
            await self._decide(head, ONTO, lambda facts: Redrive(**facts, **fields))

    def onto(self, head: Head, *, is_named: bool = True) -> dict[str, Any]:
        """Returns the arguments of a redrive onto the second version, empty for a workflow that has none."""
        version = self._simulation.versions.get(head.workflow_id)
        if version is None:
            return {}
        steps = version.steps if is_named else {}
        return {"workflow": version.workflow, "workflow_version": NUMBER, "steps": steps}

    async def finish(self) -> None:
        """Retries all executions with incidents."""
        choice = self._simulation.choice
        for head in self._failed():
            way = choose(choice, "at last", ("redrive", "redrive", "redrive", "skip", ONTO))
            if way == ONTO and self.onto(head):
                await self._go_onto(head)
            else:
                await self._repair(head, "redrive" if way == ONTO else way)

    def _failed(self) -> list[Head]:
        data = self._simulation.data
        return [data.heads[key] for key in dict.fromkeys(key for key, _ in data.incidents)]

    def _heads(self, *statuses: str) -> list[Head]:
        return [head for head in self._simulation.data.heads.values() if head.status in statuses]

    def _with_steps(self, kind: str) -> list[Head]:
        """Returns the open and failed executions of workflows with a step of a kind."""
        made = self._simulation.workflows
        having = {key for key, one in made.items() if any(s.type == kind for s in one.workflow.steps.values())}
        return [head for head in self._heads(*_OPEN, "FAILED") if head.workflow_id in having]

    async def _look(self, heads: Sequence[Head]) -> Execution | None:
        """Reads one of these executions, if it can be read now."""
        if not heads:
            return None
        head = choose(self._simulation.choice, "execution", heads)
        found: Execution | None = await self._simulation.clients.read(head.execution_id)
        return found

    async def _repair(self, head: Head, way: str) -> None:
        simulation = self._simulation
        rows = [row for (key, _), row in simulation.data.incidents.items() if key == head.execution_id]
        incident_id = choose(simulation.choice, "incident", rows).incident_id if way in ("retry one", "skip") else ""
        await self._decide(head, way, lambda facts: _command(way, incident_id, facts))

    async def _decide(self, head: Head, way: str, make: Make, **more: Any) -> None:
        simulation, reason = self._simulation, f"repair {next(self._serial)}"

        def ask(shell: Shell) -> Awaitable[Any]:
            facts = {"at": simulation.clock.now(), "by": "operator", "reason": reason, "may_override": True}
            return shell.submit(head.execution_id, make(facts))

        asked = {"reason": reason, "way": way, **more}
        await simulation.clients.insist("repair", head.organization_id, head.execution_id, asked, ask)


def _command(way: str, incident_id: str, facts: dict[str, Any]) -> OperatorCommand:
    match way:
        case "redrive":
            return Redrive(**facts)
        case "retry edited":
            number = 10 + int(facts["reason"].rpartition(" ")[2])
            return Retry(**facts, document={"payload": {"output": {"n": number}}})
        case "skip":
            return SkipStep(**facts, incident_id=incident_id)
    return Retry(**facts, incident_id=incident_id)
