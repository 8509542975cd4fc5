"""KeyedQueue: writes with a key in common run in the order of the calls, all others concurrently."""

import asyncio
from collections.abc import Collection, Hashable
from types import TracebackType


class Ticket:
    """One write in the queues of its keys; a block of `async with` is entered when those before it are done."""

    def __init__(
        self, queue: "KeyedQueue", keys: Collection[Hashable], before: Collection["asyncio.Future[None]"]
    ) -> None:
        self._queue = queue
        self._keys = keys
        self._before = before
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> None:
        try:
            for each in self._before:
                # Shared with others that wait: a cancellation must not reach it.
                await asyncio.shield(each)
        except asyncio.CancelledError:
            self._queue.leave(self, self._keys)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._queue.leave(self, self._keys)


class KeyedQueue:
    """The order of writes by their keys: an execution, a process id, an idempotency key, a schedule."""

    def __init__(self) -> None:
        self._last: dict[Hashable, Ticket] = {}

    def enter(self, keys: Collection[Hashable]) -> Ticket:
        """Returns the next ticket in the queues of `keys`; it must be entered, or `leave` be called for it."""
        before = [self._last[key].done for key in keys if key in self._last]
        ticket = Ticket(self, keys, before)
        self._last.update(dict.fromkeys(keys, ticket))
        return ticket

    def leave(self, ticket: Ticket, keys: Collection[Hashable]) -> None:
        """Lets the next tickets of these queues enter. Leaving twice is harmless."""
        for key in keys:
            if self._last.get(key) is ticket:
                del self._last[key]
        if not ticket.done.done():
            ticket.done.set_result(None)
