"""The chain: effects that follow from one another are carried out in one activity, for as long as that is sensible.

Each effect that went back to the workflow would cost Temporal another activity and another task of the workflow. What
follows is in the workflow's hands only when the activity returns it, so nothing here may be lost with the worker: the
rows tell which effect runs, and the sweep offers those that nobody has begun.
"""

from collections.abc import Awaitable, Callable, Sequence

from looply.clock import Clock
from looply.engine.temporal.carrying import BEAT_SECONDS, LONGEST, MOST_LINKS, Carrier, WorkerStopping
from looply.engine.temporal.references import Reference

Beat = Callable[[Reference], object]
"""Tells Temporal that the activity lives, and which effect it is at."""

Arrived = Callable[[str, int], None]


class Chain:
    """One activity: the effect that it was started for, and what follows from it on the same task queue."""

    def __init__(self, carrier: Carrier, clock: Clock, beat: Beat) -> None:
        self._carrier = carrier
        self._clock = clock
        self._beat = beat
        self._begun_at = self._beaten_at = clock.monotonic()
        self._count = 0

    async def carry(self, execution_id: str, first: Reference, arrived: Arrived) -> Sequence[Reference]:
        """Carries out `first` and then, one after the other, what follows from it; returns what is left to start.

        `arrived` is told of each effect before its turn.
        Raises: WorkerStopping when this process leaves before `first` is at its end.
        """
        following = await self._link(execution_id, first, arrived)
        while self._goes_on(first, following):
            (reference,) = following
            try:
                following = await self._link(execution_id, reference, arrived)
            except WorkerStopping:
                # A second try of the activity would begin with the first effect, which is over: the workflow knows.
                return following
        return following

    def _link(self, execution_id: str, reference: Reference, arrived: Arrived) -> Awaitable[Sequence[Reference]]:
        arrived(execution_id, reference.seq)
        self._count += 1
        # Effects that are each too quick for the carrier to tell of them may be slow together.
        if self._clock.monotonic() - self._beaten_at >= BEAT_SECONDS:
            self._tell(reference)
        return self._carrier.carry(execution_id, reference, lambda: self._tell(reference))

    def _tell(self, reference: Reference) -> None:
        self._beaten_at = self._clock.monotonic()
        self._beat(reference)

    def _goes_on(self, first: Reference, following: Sequence[Reference]) -> bool:
        if len(following) != 1 or following[0].queue != first.queue or self._carrier.is_leaving:
            return False
        return self._count < MOST_LINKS and self._clock.monotonic() - self._begun_at < LONGEST.total_seconds()
