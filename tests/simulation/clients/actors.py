"""The clients of a simulation, which repeat, race and guess."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from kit.driver import start_of
from looply.engine.ports.lists import Head, OpenCard
from looply.engine.shell.shell import Shell
from looply.errors import EngineError, LooplyError, StoreLost
from looply.execution.facts.address import Address, card_token, parse_address, wait_token
from looply.execution.facts.commands import AnswerCard, Declined, Resume, Terminate, Unfit, UnknownToken
from looply.jsontext import fingerprint
from simulation.running.choice import choose, happens
from simulation.running.trace import Call, Lookup, Reading

if TYPE_CHECKING:
    from simulation.running.life import Simulation

Act = Callable[[], Awaitable[None]]
_TRIES = 4
_AGAIN_MS = (20, 1000, 6000)
_REFUSALS = (Declined, Unfit, UnknownToken)


class Clients:
    """The callers of the API. `busy` counts the open calls."""

    def __init__(self, simulation: "Simulation") -> None:
        self._simulation = simulation
        self._choice = simulation.choice
        self._serial = count(1)
        self.busy = 0
        enabled = simulation.options.enabled
        self.actions: list[Act] = [self.rest] + [self.trigger] * 5 + [self.resume] * 4 + [self.answer_card] * 2
        if simulation.pool.is_rich:
            self.actions += [self.answer_card] * 6
        if "terminates" in enabled:
            self.actions += [self.terminate] * 2

    async def rest(self) -> None:
        """Does nothing: the simplest action."""

    async def trigger(self) -> None:
        """Triggers a workflow, perhaps twice, perhaps with a process id or an idempotency key that is in use."""
        simulation, choice = self._simulation, self._choice
        triggered = [key for key, one in simulation.workflows.items() if not one.every_ms]
        if not triggered:
            return
        workflow_id = choose(choice, "workflow", triggered)
        organization = simulation.trace.organizations[workflow_id]
        names = ("", "p1", "p2") if "process_ids" in simulation.options.enabled else ("",)
        keys = ("", "k1", "k2") if "keys" in simulation.options.enabled else ("",)
        process_id, key = choose(choice, "process id", names), choose(choice, "key", keys)
        n = choice.pick("n", 2)
        mark = f"{process_id}{key}{n}" if process_id or key else f"m{next(self._serial)}"
        body = {"n": n, "mark": mark}
        asked = {"workflow": workflow_id, "process_id": process_id, "key": key, "mark": mark}
        fields: dict[str, Any] = {"process_id": process_id, "workflow_id": workflow_id}
        if key:
            fields["key"] = key
        start = start_of(simulation.workflows[workflow_id].workflow, body, organization_id=organization, **fields)
        await self.insist("trigger", organization, "", asked, lambda shell: shell.start(start))

    async def resume(self) -> None:
        """Resumes some execution: with a token, without, or with a wrong one."""
        head = await self._find()
        if head is not None:
            token = await self._token(head)
            await self._resume(head, token)

    async def call_back(self, execution_id: str) -> None:
        """Resumes an execution during one of its calls, like an SAP system that resumes before it answers."""
        head = self._simulation.data.heads.get(execution_id)
        if head is not None:
            await self._resume(head, await self._token(head) if happens(self._choice, "token", 500) else "")

    async def answer_card(self) -> None:
        """Answers one of the open cards."""
        simulation = self._simulation
        organization = choose(self._choice, "organization", sorted(set(simulation.trace.organizations.values())))
        cards = await simulation.ask(lambda shell: shell.executions.open_cards(organization))
        if not isinstance(cards, list) or not cards:
            return
        await self.answer(organization, choose(self._choice, "card", cards))

    async def answer(self, organization: str, card: OpenCard) -> None:
        """Answers a card that was open when it was read."""
        simulation, choice = self._simulation, self._choice
        read = await self.read(card.execution_id)
        if read is None:
            return
        token = card_token(card.execution_id, read.state.started.seed, parse_address(card.address), card.part)
        serial = next(self._serial)
        ways = ("approve", "approve", "reject") if simulation.pool.is_rich else ("approve",)
        data = {"action": choose(choice, "decision", ways) if len(ways) > 1 else ways[0], "serial": serial}
        asked = {"serial": serial, "part": card.part, "address": card.address}

        def ask(shell: Shell) -> Awaitable[Any]:
            return shell.submit(
                card.execution_id, AnswerCard(at=simulation.clock.now(), via="INBOX", token=token, data=data)
            )

        await self.insist("answer", organization, card.execution_id, asked, ask)

    async def terminate(self) -> None:
        """Terminates some execution."""
        head = await self._find()
        if head is not None:
            await self._terminate(head)

    async def lose_patience(self) -> None:
        """Terminates an execution whose call is queued behind another one."""
        await asyncio.sleep(self._simulation.delay("patience", (0, 3, 20, 60)) / 1000)
        data = self._simulation.data
        heads = [data.heads[key] for (key, _), row in data.effects.items() if row.state == "QUEUED"]
        if heads:
            await self._terminate(choose(self._choice, "impatient", heads))

    async def finishing(self, act: Awaitable[None]) -> None:
        """Performs an action that the run must wait for."""
        self.busy += 1
        try:
            await act
        finally:
            self.busy -= 1

    async def finish(self, way: str) -> None:
        """Resumes, or terminates, everything that is open."""
        simulation = self._simulation
        for head in [head for head in simulation.data.heads.values() if head.status in ("RUNNING", "WAITING")]:
            if way == "terminate":
                await self._terminate(head)
            elif head.status == "WAITING":
                await self._resume(head, await self._open_token(head), is_last=True)

    async def _resume(self, head: Head, token: str, *, is_last: bool = False) -> None:
        serial = next(self._serial)
        source = "SAP" if is_last else choose(self._choice, "source", ("SAP", "SAP", "TEAMS"))
        payload: dict[str, Any] = {"source": source, "serial": serial}
        if self._simulation.pool.is_rich:
            payload["outcome"] = "approved" if is_last else choose(self._choice, "outcome", ("approved", "rejected"))
        request = fingerprint(payload)
        asked = {"serial": serial, "token": token, "source": source, "is_last": is_last, "request": request}
        clock = self._simulation.clock

        def ask(shell: Shell) -> Awaitable[Any]:
            command = Resume(
                at=clock.now(), by=f"c{serial}", source=source, payload=payload,
                request=request, token=token,
            )  # fmt: skip
            return shell.submit(head.execution_id, command)

        await self.insist("resume", head.organization_id, head.execution_id, asked, ask)

    async def _terminate(self, head: Head) -> None:
        reason = f"reason {next(self._serial)}"
        clock = self._simulation.clock

        def ask(shell: Shell) -> Awaitable[Any]:
            return shell.submit(head.execution_id, Terminate(at=clock.now(), by="operator", reason=reason))

        await self.insist("terminate", head.organization_id, head.execution_id, {"reason": reason}, ask)

    async def _find(self) -> Head | None:
        """Returns some execution; sometimes it is looked up by name, and sometimes by an organization's neighbour."""
        simulation = self._simulation
        heads = list(simulation.data.heads.values())
        if not heads:
            return None
        moving = [head for head in heads if head.status in ("RUNNING", "WAITING")]
        if moving and not happens(self._choice, "any", 250):
            heads = moving
        head = choose(self._choice, "execution", heads)
        if not happens(self._choice, "by name", 300):
            return head
        organization = choose(self._choice, "organization", sorted(set(simulation.trace.organizations.values())))
        name = choose(self._choice, "name", (head.process_id, head.execution_id))
        found = await simulation.ask(lambda shell: shell.executions.find(organization, name))
        if not isinstance(found, list):
            return None
        owners = tuple(one.organization_id for one in found)
        simulation.trace.lookups.append(Lookup(simulation.trace.tick(), organization, name, owners))
        return found[0] if len(found) == 1 else None

    async def _token(self, head: Head) -> str:
        enabled = self._simulation.options.enabled
        kinds = ("open", "none", "next", "wrong") if "wrong_tokens" in enabled else ("open", "none")
        match choose(self._choice, "kind of token", kinds):
            case "none":
                return ""
            case "open":
                return await self._open_token(head)
            case "wrong":
                return "x" * 60
        read = await self.read(head.execution_id)
        if read is None:
            return ""
        steps = sorted(read.workflow.waiting_steps)
        if not steps:
            return ""
        address = Address("", choose(self._choice, "step", steps), 1 + self._choice.pick("visit", 3))
        return wait_token(head.execution_id, read.state.started.seed, address)

    async def _open_token(self, head: Head) -> str:
        read = await self.read(head.execution_id)
        if read is None or not read.state.waits:
            return ""
        wait = choose(self._choice, "wait", list(read.state.waits.values()))
        address = Address(wait.scope, wait.step, wait.visit)
        return wait_token(head.execution_id, read.state.started.seed, address)

    async def read(self, execution_id: str) -> Any:
        """Reads an execution and records the result; None when that is not possible now."""
        trace = self._simulation.trace
        invoked = trace.tick()
        read = await self._simulation.ask(lambda shell: shell.executions.get(execution_id))
        if isinstance(read, LooplyError | str):
            return None
        trace.readings.append(Reading(invoked, trace.tick(), execution_id, read.head.seq, read.head.status))
        return read

    async def insist(
        self, kind: Any, organization: str, execution: str, asked: dict[str, Any],
        question: Callable[[Shell], Awaitable[Any]],
    ) -> None:  # fmt: skip
        """Calls until there is a definite answer; some clients call twice at once, or again later."""
        if "double_clicks" in self._simulation.options.enabled and happens(self._choice, "double click", 250):
            again = self._again(kind, organization, execution, asked, question)
            self._simulation.spawn(self.finishing(again))
        for _ in range(_TRIES):
            call = await self._call(kind, organization, execution, asked, question)
            if call.outcome == "ok" or (call.outcome == "fail" and call.reply != "refused"):
                break
            await asyncio.sleep(self._simulation.delay("again", _AGAIN_MS) / 1000)
        if happens(self._choice, "reads", 300):
            target = call.answer.get("execution_id", "") if kind == "trigger" else execution
            if target:
                await self.read(target)

    async def _again(self, kind: Any, organization: str, execution: str, asked: dict[str, Any], question: Any) -> None:
        await asyncio.sleep(self._simulation.delay("second click", (0, 5, 500, 15_000)) / 1000)
        await self._call(kind, organization, execution, asked, question)

    async def _call(
        self, kind: Any, organization: str, execution: str, asked: dict[str, Any],
        question: Callable[[Shell], Awaitable[Any]],
    ) -> Call:  # fmt: skip
        trace = self._simulation.trace
        call = Call(kind, organization, execution, asked, trace.tick())
        trace.calls.append(call)
        answer = await self._simulation.ask(question)
        call.returned = trace.tick()
        if isinstance(answer, str):
            call.outcome, call.reply = "fail", answer
        elif isinstance(answer, LooplyError):
            # After a 500 or a failure of the store the outcome is unknown; after every other error nothing was done.
            is_unknown = isinstance(answer, StoreLost) or type(answer) is EngineError
            call.outcome, call.reply = "unknown" if is_unknown else "fail", answer.code
        else:
            call.outcome = "fail" if isinstance(answer, _REFUSALS) else "ok"
            call.reply, call.answer = type(answer).__name__, asdict(answer)
        return call
