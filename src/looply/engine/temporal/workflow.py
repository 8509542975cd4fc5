"""The workflow of one execution with effects in flight: starts an activity for each, and ends when none is left.

It decides nothing and holds no truth, so it may be ended, lost and started again at any time. What it does is a
function of its history alone; the histories in `tests/golden/effects` hold every change to that.
"""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy
from temporalio.exceptions import ActivityError

from looply.engine.temporal.references import Reference

WORKFLOW: Final = "effects"
ACTIVITY: Final = "perform"
SIGNAL: Final = "offer"

REFERENCES_PER_RUN: Final = 1000
"""The most effects that one run starts: about 6,000 events of the 50,000 that Temporal's history may have."""

_REPEATS_PER_RUN: Final = 4000
"""The most repeated offers that one run accepts: Temporal refuses the 10,001st signal."""

_LOST_AFTER: Final = timedelta(seconds=30)
"""A worker without a heartbeat for this time is lost, and another one gets the effect."""

_LONGEST: Final = timedelta(days=1)
"""The worker enforces the time limit of the call; this one, far above, only ends what no heartbeat timeout can."""

_RETRY: Final = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30))
"""Infrastructure only: attempts of a step are decided by the execution."""


@workflow.defn(name=WORKFLOW)
class EffectsWorkflow:
    """Starts the effects of the execution whose id is the workflow's."""

    @workflow.init
    def __init__(self, _left: list[Reference], limit: int) -> None:
        self._limit = limit
        self._started = 0
        self._repeats = 0
        self._in_flight: dict[int, Reference] = {}
        self._left: dict[int, Reference] = {}
        # The event loop holds only weak references to tasks.
        self._tasks: set[asyncio.Task[None]] = set()

    @workflow.run
    async def run(self, left: list[Reference], limit: int) -> None:
        """Ends when no effect is in flight and none is left; continues as a new run after `limit` effects."""
        self._take(left)
        await workflow.wait_condition(self._is_over)
        if rest := [*self._in_flight.values(), *self._left.values()]:
            workflow.continue_as_new(args=[rest, limit])

    @workflow.signal(name=SIGNAL)
    def offer(self, references: list[Reference]) -> None:
        """Takes more effects; one that is in flight is left alone."""
        self._take(references)

    def _is_over(self) -> bool:
        # A run may begin before the signal that started it is handled, so no run ends before its first effect. An
        # activity that is cut off continues in its worker, and its effect, started again, finds its row.
        return (self._started > 0 and not self._in_flight) or self._repeats > _REPEATS_PER_RUN

    def _take(self, references: Iterable[Reference]) -> None:
        for reference in references:
            if reference.seq in self._in_flight or reference.seq in self._left:
                self._repeats += 1
            elif self._started < self._limit:
                self._started += 1
                self._in_flight[reference.seq] = reference
                self._tasks.add(asyncio.create_task(self._perform(reference)))
            else:
                self._left[reference.seq] = reference

    async def _perform(self, reference: Reference) -> None:
        try:
            following: list[Reference] = await workflow.execute_activity(
                ACTIVITY,
                args=[workflow.info().workflow_id, reference],
                result_type=list[Reference],
                task_queue=reference.queue,
                start_to_close_timeout=_LONGEST,
                heartbeat_timeout=_LOST_AFTER,
                retry_policy=_RETRY,
                # Where Temporal supports it, the effects of all organizations are dispatched in turns.
                priority=Priority(fairness_key=reference.owner),
            )
        except ActivityError:
            # An operator ended it by hand. The row stays, and is offered again.
            following = []
        finally:
            del self._in_flight[reference.seq]
        self._take(following)
