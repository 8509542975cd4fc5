"""Trials: executions that may have ended a process are worked on one at a time.

Theory of operation. When a process crashes, it is unknown which of the executions that it worked on is the cause; all
of them are suspects. That alone has no consequence: a suspect is worked on alone, after the begin of its trial was
stored, and is no suspect any more when its trial is over. So a trial that does not end means that the process ended
while it worked on this one execution, and only that is counted. An execution that is no suspect costs nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import suppress
from typing import TypeVar

from looply.engine.ports.store import Store
from looply.engine.records.trials import MAX_CRASH_COUNT
from looply.errors import LooplyError, Stale

Result = TypeVar("Result")


class TrialRunner:
    """The suspects that this process encounters."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._suspects: set[str] = set()
        # Trials of this process whose end is not stored.
        self._in_trial: set[str] = set()
        self._one_at_a_time = asyncio.Lock()

    def begin(self, suspects: Iterable[str]) -> None:
        """Takes over what the store reported when it was opened."""
        self._suspects = set(suspects)

    async def refresh_suspects(self, execution_ids: Collection[str]) -> Sequence[str]:
        """Looks up which of these executions are suspects; returns those whose crash count allows no other trial.

        Where the store is not shared, no execution becomes a suspect after the start. Raises: StoreUnreachable,
        EngineError.
        """
        if not self._store.is_shared or not execution_ids:
            return ()
        crash_counts = await self._store.trials.suspects(execution_ids)
        self._suspects.difference_update(execution_ids)
        self._suspects.update(crash_counts)
        return [execution_id for execution_id, count in crash_counts.items() if count > MAX_CRASH_COUNT]

    def suspects(self, execution_ids: Iterable[str]) -> frozenset[str]:
        """Returns those of these executions that are known as suspects now."""
        return frozenset(self._suspects.intersection(execution_ids))

    async def run(self, execution_id: str, work: Callable[[], Awaitable[Result]]) -> Result:
        """Does work on an execution and returns the result; work on suspects runs in trials, one after the other.

        Raises: what `work` raises; Stale when another process has this execution in a trial; errors of the store.
        """
        if execution_id not in self._suspects:
            return await work()
        async with self._one_at_a_time:
            await self._begin_trial(execution_id)
            try:
                result = await work()
            except LooplyError:
                # The work failed, and this process lives. Where the end of the trial cannot be stored either, the trial
                # continues.
                with suppress(LooplyError):
                    await self._end_trial(execution_id)
                raise
            await self._end_trial(execution_id)
            self._suspects.discard(execution_id)
            return result

    async def _begin_trial(self, execution_id: str) -> None:
        # Repeated trials by a process that lives count once.
        if execution_id in self._in_trial:
            return
        if not await self._store.trials.begin_trial(execution_id):
            raise Stale(f"another process has execution {execution_id} in a trial; the work is repeated later")
        self._in_trial.add(execution_id)

    async def _end_trial(self, execution_id: str) -> None:
        await self._store.trials.end_trial(execution_id)
        self._in_trial.discard(execution_id)
