"""The channel of cards in a simulation: what people see outlives processes, and calls fail, hang, and come late."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from looply.engine.cards.handles import message_ids
from looply.engine.ports.card_channel import Blocked, Budget, Copy, Delivered, TryAgain, Unknown
from looply.errors import Unavailable
from looply.execution.approvals.card_view import CardView
from looply.jsontext import encode_json
from simulation.running.choice import choose, happens

if TYPE_CHECKING:
    from simulation.running.life import Simulation
    from simulation.running.process import Process

_FAULTS: Final = {
    "card_refused": 60,
    "card_pause": 60,
    "card_answer_lost": 60,
    "card_hangs": 60,
    "card_late": 80,
    "card_blocked": 60,
}
"""Faults of the channel, in permille of its calls."""
_PAUSE_SECONDS: Final = (1, 20, 400)
_ANSWER_MS: Final = (0, 1, 40, 900)
_LATE_MS: Final = (2000, 20_000, 50_000)


class SimulatedMessages:
    """What people see, by message: the copy that it shows, and the number of its look."""

    def __init__(self) -> None:
        self.shown: dict[str, tuple[str, int]] = {}
        self.twins: list[str] = []
        self._count = 0

    def carry_out(self, copy: Copy, number: int) -> Sequence[str]:
        """Sends or updates messages, and returns the ids of all messages of the copy."""
        ids = message_ids(copy.handle)
        if not ids or copy.is_reminder:
            self._count += 1
            ids = (*ids, f"m{self._count}")
        for key in ids:
            self.shown[key] = (copy.card_id, number)
        return ids


class SimulatedChannel:
    """The channel as one process calls it."""

    budget = Budget()

    def __init__(self, simulation: "Simulation", process: "Process") -> None:
        self._simulation = simulation
        self._process = process
        self._in_flight: set[str] = set()

    async def bring(self, copy: Copy, view: CardView) -> Delivered:
        """Sends the first message, or updates all of them, amid faults."""
        simulation = self._simulation
        if copy.card_id in self._in_flight:
            simulation.messages.twins.append(copy.card_id)
        self._in_flight.add(copy.card_id)
        try:
            return await self._answer(copy, view)
        finally:
            self._in_flight.discard(copy.card_id)

    async def _answer(self, copy: Copy, view: CardView) -> Delivered:
        simulation, messages = self._simulation, self._simulation.messages
        fault = self._fault()
        if fault == "card_refused":
            raise Unavailable("the channel is away")
        if fault == "card_pause":
            raise TryAgain(timedelta(seconds=choose(simulation.choice, "asked pause", _PAUSE_SECONDS)))
        if fault == "card_blocked":
            raise Blocked("the recipient has blocked the app")
        if fault == "card_late":
            late = choose(simulation.choice, "late by", _LATE_MS)
            simulation.outside_later(late, lambda: _ignore(messages.carry_out(copy, view.number)))
        if fault in ("card_late", "card_hangs"):
            await simulation.loop.create_future()
        await self._process.reach("after_effect_before_result_commit")
        ids = messages.carry_out(copy, view.number)
        await self._process.reach("after_effect_before_result_commit")
        await asyncio.sleep(simulation.delay("channel answers", _ANSWER_MS) / 1000)
        if fault == "card_answer_lost":
            raise Unknown("the answer was lost")
        return Delivered(handle=encode_json({"a": list(ids)}).decode())

    def _fault(self) -> str:
        simulation = self._simulation
        if not simulation.are_faults_on:
            return ""
        for fault, permille in _FAULTS.items():
            if happens(simulation.choice, fault, permille):
                simulation.hit(fault)
                return fault
        return ""


def _ignore(_: object) -> None:
    """Forgets the answer of a call that no process waits for."""
