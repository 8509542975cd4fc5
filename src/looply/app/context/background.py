"""Pure work that takes a while, done beside the event loop."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from looply.errors import Overloaded

Made = TypeVar("Made")

MAX_PENDING: Final = 32
"""Pieces of work that are done or wait; more are refused."""


class BackgroundThread:
    """Does one piece of work at a time, in a thread: other calls are served meanwhile, in between its bytecodes."""

    def __init__(self) -> None:
        self._pending = 0
        self._turn = asyncio.Lock()

    async def run(self, work: Callable[[], Made]) -> Made:
        """Returns what the work returns. Raises: what it raises; Overloaded when too much of it waits."""
        if self._pending >= MAX_PENDING:
            raise Overloaded(f"{MAX_PENDING} definitions and expressions wait to be looked at; repeat in a second")
        self._pending += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work)
        finally:
            self._pending -= 1
