"""Operators in runs of the second pool: they pass cards on, settle letters, and start bulk redrives."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from looply.engine.ports.lists import Head
from looply.engine.records.letters import LetterRow
from looply.engine.shell.shell import Shell
from looply.execution.facts.absences import Absence
from looply.execution.facts.commands import ReassignCard, Redrive, SettleLetter
from looply.execution.facts.events import ResumeIgnored
from simulation.pools.regions import APPROVERS
from simulation.running.choice import choose, happens
from simulation.running.trace import Leave

if TYPE_CHECKING:
    from simulation.running.life import Simulation

Act = Callable[[], Awaitable[None]]
BULK = "bulk"
_ABSENT_MS = (20_000, 90_000, 3_600_000)
_NOTICED_MS = (500, 5000, 61_000)
"""The time after a slice until its bulk continues, or another operator begins it again."""


class Desk:
    """Actions of operators beside repairs of single executions; not in runs of plain workflows."""

    def __init__(self, simulation: "Simulation") -> None:
        self._simulation = simulation
        self._serial = count(1)
        self.actions: list[Act] = []
        if simulation.pool.is_rich:
            self.actions = [self.pass_on] * 4 + [self.hurry] * 6 + [self.settle] * 2 + [self.redrive_all] * 2
            self.actions += [self.leave] * 3

    async def pass_on(self) -> None:
        """Passes one of the open cards on to a person, who may have one already."""
        simulation, choice = self._simulation, self._simulation.choice
        organization = choose(choice, "organization", sorted(set(simulation.trace.organizations.values())))
        cards = await simulation.ask(lambda shell: shell.executions.open_cards(organization))
        if not isinstance(cards, list) or not cards:
            return
        card = choose(choice, "card", cards)
        to = choose(choice, "to", ("eve@example.com", *APPROVERS))
        asked = {"card_id": card.card_id, "to": to}

        def ask(shell: Shell) -> Awaitable[Any]:
            return shell.submit(card.execution_id, ReassignCard(**self._common(), card_id=card.card_id, to=to))

        await simulation.clients.insist("reassign", organization, card.execution_id, asked, ask)
        if happens(choice, "has it open", 400):
            # The former recipient has not read it since.
            await simulation.clients.answer(organization, card)

    async def leave(self) -> None:
        """Lets a person be absent for a while; the substitutes may go round."""
        simulation, choice = self._simulation, self._simulation.choice
        organization = choose(choice, "organization", sorted(set(simulation.trace.organizations.values())))
        person = choose(choice, "who", (*APPROVERS, "dee@example.com", "eve@example.com"))
        substitute = choose(choice, "substitute", ("fay@example.com", "eve@example.com", *APPROVERS))
        begin = simulation.clock.now()
        end = begin + timedelta(milliseconds=choose(choice, "absent", _ABSENT_MS))
        absence = Absence(person=person, substitute=substitute, begins_on=begin, ends_on=end)
        trace = simulation.trace
        trace.leaves.append(Leave(trace.tick(), organization, person, substitute, begin, end))
        await simulation.ask(lambda shell: shell.absences.put(organization, absence))

    async def hurry(self) -> None:
        """Sends a resume before its wait, which may become a dead letter."""
        simulation = self._simulation
        will_wait = {key for key, made in simulation.workflows.items() if made.workflow.has_wait}
        heads = simulation.data.heads
        busy = [key for key, one in heads.items() if one.status == "RUNNING" and one.workflow_id in will_wait]
        if busy:
            await simulation.clients.call_back(choose(simulation.choice, "busy", busy))

    async def settle(self) -> None:
        """Applies or discards an open dead letter."""
        choice = self._simulation.choice
        if rows := self._unsettled():
            await self._settle(choose(choice, "letter", rows), choose(choice, "settle", ("apply", "discard")))

    def _unsettled(self) -> list[LetterRow]:
        rows = (row for row in self._simulation.data.letters.values() if not row.action)
        return sorted(rows, key=lambda row: (row.execution_id, row.seq))

    async def _settle(self, row: LetterRow, action: Any) -> None:
        simulation = self._simulation
        found = await simulation.ask(lambda shell: shell.executions.history(row.execution_id, row.seq - 1, 1))
        if not isinstance(found, list) or not found or not isinstance(found[0][1], ResumeIgnored):
            return
        payload = found[0][1].payload
        asked = {"letter": row.seq, "action": action}

        def ask(shell: Shell) -> Awaitable[Any]:
            settled = SettleLetter(**self._common(), letter=row.seq, action=action, payload=payload)
            return shell.submit(row.execution_id, settled)

        await simulation.clients.insist("settle", row.organization_id, row.execution_id, asked, ask)

    async def finish(self) -> None:
        """Settles the open letters; several operators begin with the same one."""
        while rows := self._unsettled():
            await asyncio.gather(*(self._settle(rows[0], action) for action in ("apply", "discard", "discard")))

    async def redrive_all(self) -> None:
        """Redrives all executions with incidents, again from the beginning when the cursor was lost."""
        simulation = self._simulation
        asked_on, reason = simulation.clock.now(), f"{BULK} {next(self._serial)}"
        is_onto = happens(simulation.choice, "onto a version", 400)
        asked = {"reason": reason, "way": BULK, "asked_on": asked_on.isoformat(), "is_onto": is_onto}
        heads = [simulation.data.heads[key] for key in dict.fromkeys(key for key, _ in simulation.data.incidents)]
        for _ in range(2 if happens(simulation.choice, "note is lost", 400) else 1):
            for head in heads:

                def ask(shell: Shell, head: Head = head) -> Awaitable[Any]:
                    onto = simulation.repairer.onto(head) if is_onto else {}
                    facts = {**self._common(), "reason": reason, "may_override": True}
                    redrive = Redrive(**facts, **onto, opened_by=asked_on)
                    return shell.submit(head.execution_id, redrive)

                await simulation.clients.insist("repair", head.organization_id, head.execution_id, asked, ask)
            await asyncio.sleep(simulation.delay("noticed", _NOTICED_MS) / 1000)

    def _common(self) -> dict[str, Any]:
        return {"at": self._simulation.clock.now(), "by": "desk", "reason": f"desk {next(self._serial)}"}
