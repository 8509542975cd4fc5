"""A fake channel of cards, scripted by a test: it keeps copies elsewhere, and fails, hangs, is late or loses calls.

As a real one it sends a message for the first call of a copy and for each reminder, and updates all messages of the
handle. A message that was sent while its answer was lost is not in the handle, until its reader does something with it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Literal, TypeAlias

from looply.engine.cards.handles import message_ids
from looply.engine.ports.card_channel import Blocked, Broken, Budget, Copy, Delivered, TryAgain, Unknown
from looply.errors import Unavailable
from looply.execution.approvals.card_view import CardView
from looply.jsontext import encode_json

Trouble: TypeAlias = Literal["FAIL", "LOSE", "HANG", "BLOCK", "BREAK", "WAIT", "LATE"]
"""`FAIL`: nothing is done and an error returned; `LOSE`: it is done and the answer is lost; `HANG`: no answer comes and
nothing is done; `LATE`: no answer comes, and it is done when `land` is called; `BLOCK`, `BREAK`: the recipient cannot
be reached, the card cannot be shown; `WAIT`: the channel asks for `pause`."""


class FakeChannel:
    """What recipients see, by message, and the calls that came. `troubles` befall the next calls, in order."""

    def __init__(self, budget: Budget | None = None) -> None:
        self.budget = budget or Budget(per_second=1000.0)
        self.messages: dict[str, tuple[str, CardView]] = {}
        """The card id and the view of each message, by its id."""
        self.reminders: list[str] = []
        self.calls: list[tuple[str, int]] = []
        self.tokens: dict[str, str] = {}
        self.troubles: deque[Trouble] = deque()
        self.blocked: set[str] = set()
        """The recipients who cannot be reached, until they are taken out."""
        self.pause = timedelta(minutes=2)
        self.is_pause_for_all = False
        self.is_down = False
        self.during: Callable[[Copy], Awaitable[None]] | None = None
        """What happens elsewhere while a call is on its way."""
        self.at_once = 0
        self.twins: list[str] = []
        self._in_flight: set[str] = set()
        self._late: list[tuple[Copy, CardView]] = []

    @property
    def seen(self) -> dict[str, CardView]:
        """What recipients see, by card id: of several messages of a copy the one that was updated least."""
        views: dict[str, CardView] = {}
        for card_id, view in self.messages.values():
            if card_id not in views or view.number < views[card_id].number:
                views[card_id] = view
        return views

    async def bring(self, copy: Copy, view: CardView) -> Delivered:
        """Sends the first message of a copy, or updates all of them."""
        self.calls.append((copy.card_id, view.number))
        self.tokens[copy.card_id] = copy.token
        if copy.card_id in self._in_flight:
            self.twins.append(copy.card_id)
        self._in_flight.add(copy.card_id)
        self.at_once = max(self.at_once, len(self._in_flight))
        try:
            return await self._answer(copy, view)
        finally:
            self._in_flight.discard(copy.card_id)

    def messages_of(self, card_id: str) -> list[str]:
        """Returns the ids of all messages of a copy."""
        return [key for key, (owner, _) in self.messages.items() if owner == card_id]

    def handle_of(self, message_id: str) -> str:
        """Returns the handle by which a message shows itself when its reader does something with it."""
        return encode_json({"a": [message_id]}).decode()

    def land(self) -> None:
        """Carries out the calls that are late."""
        for copy, view in self._late:
            self._carry_out(copy, view, is_late=True)
        self._late = []

    async def _answer(self, copy: Copy, view: CardView) -> Delivered:
        if self.during is not None:
            await self.during(copy)
        trouble = "FAIL" if self.is_down else self.troubles.popleft() if self.troubles else ""
        if trouble == "FAIL":
            raise Unavailable("the channel is away")
        if trouble == "WAIT":
            raise TryAgain(self.pause, is_for_all=self.is_pause_for_all)
        if trouble == "BREAK":
            raise Broken("the card is too large", code="TOO_LARGE")
        if trouble == "BLOCK" or view.recipient in self.blocked:
            raise Blocked("the recipient has blocked the app", code="BLOCKED_BY_USER")
        if trouble in ("HANG", "LATE"):
            if trouble == "LATE":
                self._late.append((copy, view))
            await asyncio.get_running_loop().create_future()
        ids = self._carry_out(copy, view)
        if trouble == "LOSE":
            raise Unknown("the answer was lost")
        return Delivered(handle=encode_json({"a": list(ids)}).decode())

    def _carry_out(self, copy: Copy, view: CardView, *, is_late: bool = False) -> tuple[str, ...]:
        ids = message_ids(copy.handle)
        for key in ids:
            self.messages[key] = (copy.card_id, view)  # also an older view: the last one is seen
        if ids and not copy.is_reminder:
            return ids
        key = f"{copy.card_id}/{len(self.messages_of(copy.card_id))}"
        self.messages[key] = (copy.card_id, view)
        if copy.is_reminder and not is_late:
            self.reminders.append(copy.card_id)
        return (*ids, key)
