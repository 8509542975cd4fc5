"""A fake channel of cards, scripted by a test: it keeps copies elsewhere, and fails, hangs, is late or loses calls."""

import asyncio
from collections import deque
from typing import Literal, TypeAlias

from looply.engine.ports.card_channel import Copy
from looply.errors import Unavailable
from looply.execution.approvals.card_view import CardView

Trouble: TypeAlias = Literal["FAIL", "LOSE", "HANG"]
"""`FAIL`: nothing is done and an error returned; `LOSE`: it is done and the answer is lost; `HANG`: no answer comes."""


class FakeChannel:
    """What recipients see, by card id, and the calls that came. `troubles` befall the next calls, in order."""

    def __init__(self) -> None:
        self.seen: dict[str, CardView] = {}
        self.calls: list[tuple[str, str, int]] = []
        self.tokens: dict[str, str] = {}
        self.troubles: deque[Trouble] = deque()
        self.is_down = False
        self.at_once = 0
        self._in_flight: set[str] = set()
        self.twins: list[str] = []

    async def show(self, copy: Copy, view: CardView) -> str:
        """Shows a copy; a second call finds the first one's."""
        await self._call("show", copy, view)
        return f"message of {copy.card_id}"

    async def update(self, copy: Copy, view: CardView) -> None:
        """Changes a copy."""
        assert copy.handle == f"message of {copy.card_id}"
        await self._call("update", copy, view)

    async def close(self, copy: Copy, view: CardView) -> None:
        """Closes a copy."""
        await self._call("close", copy, view)

    async def _call(self, name: str, copy: Copy, view: CardView) -> None:
        self.calls.append((name, copy.card_id, view.number))
        self.tokens[copy.card_id] = copy.token
        if copy.card_id in self._in_flight:
            self.twins.append(copy.card_id)
        self._in_flight.add(copy.card_id)
        self.at_once = max(self.at_once, len(self._in_flight))
        try:
            await self._answer(copy, view)
        finally:
            self._in_flight.discard(copy.card_id)

    async def _answer(self, copy: Copy, view: CardView) -> None:
        trouble = "FAIL" if self.is_down else self.troubles.popleft() if self.troubles else ""
        if trouble == "FAIL":
            raise Unavailable("the channel is away")
        if trouble == "HANG":
            await asyncio.get_running_loop().create_future()
        former = self.seen.get(copy.card_id)
        if former is None or former.number <= view.number:
            self.seen[copy.card_id] = view
        if trouble == "LOSE":
            raise Unavailable("the answer was lost")
