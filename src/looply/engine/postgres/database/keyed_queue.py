"""KeyedQueue: what wants the same thing is written in the order of the calls, everything else side by side."""

import asyncio
from collections.abc import Collection, Hashable
from types import TracebackType


class Ticket:
    """One write in its lanes; a block of `async with` is entered when those before it are done."""

    def __init__(
        self, lanes: "KeyedQueue", keys: Collection[Hashable], before: Collection["asyncio.Future[None]"]
    ) -> None:
        self._queue = lanes
        self._keys = keys
        self._before = before
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> None:
        try:
            for each in self._before:
                # Shared with others that wait: nobody's cancellation may reach it.
                await asyncio.shield(each)
        except asyncio.CancelledError:
            self._queue.leave(self, self._keys)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._queue.leave(self, self._keys)


class KeyedQueue:
    """The order of writes by what they want: an execution, a process id, a key, a schedule."""

    def __init__(self) -> None:
        self._last: dict[Hashable, Ticket] = {}

    def enter(self, keys: Collection[Hashable]) -> Ticket:
        """Returns the next turn in the lanes of `keys`; it must be entered, or `leave` be called for it."""
        before = [self._last[key].done for key in keys if key in self._last]
        turn = Ticket(self, keys, before)
        self._last.update(dict.fromkeys(keys, turn))
        return turn

    def leave(self, turn: Ticket, keys: Collection[Hashable]) -> None:
        """Lets the next ones of the lanes go on. Leaving twice is harmless."""
        for key in keys:
            if self._last.get(key) is turn:
                del self._last[key]
        if not turn.done.done():
            turn.done.set_result(None)
