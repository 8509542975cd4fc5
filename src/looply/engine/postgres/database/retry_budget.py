"""How long one call waits for an unreachable database, and how often it retries."""

import asyncio
from collections.abc import Callable
from typing import Final

import psycopg

from looply.clock import Clock
from looply.engine.coding.database_server import one_line
from looply.errors import ShuttingDown, StoreUnreachable

PATIENCE_SECONDS: Final = 10.0
"""The longest time that a call waits for an unreachable database."""

FIRST_PAUSE_SECONDS: Final = 0.1
"""The pause before the first retry; it grows with each one that follows."""
_LONGEST_PAUSE_SECONDS = 1.0
"""The longest pause between two retries."""


class RetryBudget:
    """The retries of one call, counted from now on. `is_open` returns whether the store still accepts calls."""

    def __init__(self, clock: Clock, is_open: Callable[[], bool]) -> None:
        self._clock = clock
        self._is_open = is_open
        self._end = clock.monotonic() + PATIENCE_SECONDS
        self._pause = FIRST_PAUSE_SECONDS

    async def wait(self, error: psycopg.Error) -> None:
        """Waits before the next try, because of `error`. Raises: StoreUnreachable, ShuttingDown."""
        if not self._is_open():
            raise ShuttingDown("the store is closed; nothing was stored") from error
        if self._clock.monotonic() + self._pause > self._end:
            message = f"the database cannot be reached; nothing was stored: {one_line(error)}"
            raise StoreUnreachable(message) from error
        await asyncio.sleep(self._pause)
        self._pause = longer(self._pause)


def longer(pause: float) -> float:
    """Returns the pause, in seconds, that follows one of `pause` seconds."""
    return min(2 * pause, _LONGEST_PAUSE_SECONDS)
