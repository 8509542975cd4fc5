"""The probation: executions that may have brought a process down are worked on one at a time, and counted.

Theory of operation. When a process ends without order, nobody knows which of the executions that it was at is to blame;
all of them are suspects. That alone counts for nothing: a suspect is worked on by itself, after the store was told that
its trial begins, and is none any more when its trial is over. So a trial that does not end means that the process
ended while it was at this one execution, and only that is counted. What is no suspect costs nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import suppress
from typing import TypeVar

from looply.engine.ports.store import POISON_LOADS, Store
from looply.errors import LooplyError, Stale

Result = TypeVar("Result")


class CrashQuarantine:
    """The suspects that this process meets."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._suspects: set[str] = set()
        # Trials of this process that the store has not heard the end of.
        self._tried: set[str] = set()
        self._turn = asyncio.Lock()

    def begin(self, suspects: Iterable[str]) -> None:
        """Takes over what the store told when it was opened."""
        self._suspects = set(suspects)

    async def look(self, execution_ids: Collection[str]) -> Sequence[str]:
        """Learns which of these executions are suspects; returns those that ended too many processes to be tried.

        Where the store is not shared nobody becomes one after the start. Raises: StoreUnreachable, EngineError.
        """
        if not self._store.is_shared or not execution_ids:
            return ()
        found = await self._store.trials.suspects(execution_ids)
        self._suspects.difference_update(execution_ids)
        self._suspects.update(found)
        return [execution_id for execution_id, loads in found.items() if loads > POISON_LOADS]

    def suspects(self, execution_ids: Iterable[str]) -> frozenset[str]:
        """Returns those of these executions that are known as suspects now."""
        return frozenset(self._suspects.intersection(execution_ids))

    async def run(self, execution_id: str, work: Callable[[], Awaitable[Result]]) -> Result:
        """Does work on an execution and returns what it gives; that on a suspect in a trial, one after the other.

        Raises: what `work` raises; Stale when another process tries this execution; what a write of the store raises.
        """
        if execution_id not in self._suspects:
            return await work()
        async with self._turn:
            await self._begin_trial(execution_id)
            try:
                result = await work()
            except LooplyError:
                # It could not be done now, and this process lives. Where that cannot be told either, the trial goes on.
                with suppress(LooplyError):
                    await self._end_trial(execution_id)
                raise
            await self._end_trial(execution_id)
            self._suspects.discard(execution_id)
            return result

    async def _begin_trial(self, execution_id: str) -> None:
        # One that is tried again and again by a process that lives counts once.
        if execution_id in self._tried:
            return
        if not await self._store.trials.begin_trial(execution_id):
            raise Stale(f"another process tries execution {execution_id}; what is left of it comes later")
        self._tried.add(execution_id)

    async def _end_trial(self, execution_id: str) -> None:
        await self._store.trials.end_trial(execution_id)
        self._tried.discard(execution_id)
