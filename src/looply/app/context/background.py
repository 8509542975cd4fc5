"""Pure computations that take a while, run outside of the event loop."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from looply.errors import Overloaded

Result = TypeVar("Result")

MAX_PENDING: Final = 32
"""Most computations that run or are queued; more are refused."""


class BackgroundThread:
    """Runs one computation at a time, in a thread, while the event loop serves other calls."""

    def __init__(self) -> None:
        self._pending = 0
        self._turn = asyncio.Lock()

    async def run(self, work: Callable[[], Result]) -> Result:
        """Returns the result of `work`. Raises: what it raises; Overloaded when the queue is full."""
        if self._pending >= MAX_PENDING:
            raise Overloaded(f"{MAX_PENDING} definitions and expressions are queued to be checked; repeat in a second")
        self._pending += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work)
        finally:
            self._pending -= 1
