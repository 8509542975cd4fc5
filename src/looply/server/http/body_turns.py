"""Turns of large bodies: an organization whose large bodies take much of the event loop waits between two of them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, Protocol

from looply.clock import Clock
from looply.errors import QuotaReached
from looply.jsontext import work_units
from looply.rates import WorkPace

LONGEST_WAIT: Final = 5.0
"""Seconds that a body may wait for its turn; this bounds the bodies that are held in memory."""


class BodyTurn(Protocol):
    """The turn of one large body."""

    def check(self) -> None:
        """Raises: QuotaReached when too many bodies of the organization wait, so that this one need not be received."""
        ...

    async def wait(self, text: bytes) -> None:
        """Returns when the body may be parsed. Raises: QuotaReached."""
        ...


class _NoTurn:
    """The turn of a body that never waits."""

    def check(self) -> None:
        """Returns."""

    async def wait(self, text: bytes) -> None:
        """Returns at once."""


NO_TURN: Final[BodyTurn] = _NoTurn()


class BodyTurns:
    """The turns of all organizations of a server."""

    def __init__(self, pace: WorkPace, clock: Clock, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self.pace = pace
        self.clock = clock
        self.sleep = sleep

    def of(self, owner: str) -> BodyTurn:
        """Returns the turn of a body of an organization."""
        return _OwnerTurn(self, owner)


class _OwnerTurn:
    """See `BodyTurn`."""

    __slots__ = ("_owner", "_turns")

    def __init__(self, turns: BodyTurns, owner: str) -> None:
        self._turns = turns
        self._owner = owner

    def check(self) -> None:
        """See `BodyTurn.check`."""
        turns = self._turns
        if (wait := turns.pace.wait_seconds(self._owner, turns.clock.monotonic())) > LONGEST_WAIT:
            message = "large bodies of the organization are waiting already, while other organizations use the server"
            raise QuotaReached(
                f"{message}; repeat in {wait:.0f} s, or send smaller ones", retry_after=timedelta(seconds=wait)
            )

    async def wait(self, text: bytes) -> None:
        """See `BodyTurn.wait`."""
        self.check()
        turns = self._turns
        if wait := turns.pace.reserve(self._owner, work_units(text), turns.clock.monotonic()):
            await turns.sleep(wait)
