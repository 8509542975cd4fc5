"""The chain: effects that follow from one another are carried out in one activity, within bounds.

Each effect that was returned to the workflow would cost Temporal another activity and another workflow task. The
workflow knows of a following effect only when the activity returns it, so nothing here may be lost with the worker: the
rows say which effect runs, and the sweep offers those that no process has begun.
"""

from collections.abc import Awaitable, Callable, Sequence

from looply.clock import Clock
from looply.engine.temporal.effect_carrier import HEARTBEAT_SECONDS, LONGEST, MOST_LINKS, Carrier, WorkerStopping
from looply.engine.temporal.references import Reference

Heartbeat = Callable[[Reference], object]
"""Sends a heartbeat to Temporal, with the effect that the activity works on."""

OnArrival = Callable[[str, int], None]


class Chain:
    """One activity: the effect that it was started for, and the effects that follow from it on the same task queue."""

    def __init__(self, carrier: Carrier, clock: Clock, heartbeat: Heartbeat) -> None:
        self._carrier = carrier
        self._clock = clock
        self._heartbeat = heartbeat
        self._begun_at = self._heartbeat_at = clock.monotonic()
        self._count = 0

    async def carry(self, execution_id: str, first: Reference, on_arrival: OnArrival) -> Sequence[Reference]:
        """Carries out `first` and then, one after the other, what follows from it; returns the effects left to start.

        `on_arrival` is called for each effect before it begins.
        Raises: WorkerStopping when this process leaves before the end of `first`.
        """
        following = await self._link(execution_id, first, on_arrival)
        while self._continues(first, following):
            (reference,) = following
            try:
                following = await self._link(execution_id, reference, on_arrival)
            except WorkerStopping:
                # A second try of the activity would begin with the first effect, which has ended: return the rest to
                # the workflow.
                return following
        return following

    def _link(self, execution_id: str, reference: Reference, on_arrival: OnArrival) -> Awaitable[Sequence[Reference]]:
        on_arrival(execution_id, reference.seq)
        self._count += 1
        # Effects that are each too quick for a heartbeat of the carrier may be slow together.
        if self._clock.monotonic() - self._heartbeat_at >= HEARTBEAT_SECONDS:
            self._send_heartbeat(reference)
        return self._carrier.carry(execution_id, reference, lambda: self._send_heartbeat(reference))

    def _send_heartbeat(self, reference: Reference) -> None:
        self._heartbeat_at = self._clock.monotonic()
        self._heartbeat(reference)

    def _continues(self, first: Reference, following: Sequence[Reference]) -> bool:
        if len(following) != 1 or following[0].queue != first.queue or self._carrier.is_leaving:
            return False
        return self._count < MOST_LINKS and self._clock.monotonic() - self._begun_at < LONGEST.total_seconds()
