"""The gate for suspect calls: calls that may end the process are made one at a time.

Theory of operation. When a process crashes, each call that it was making may be the cause, and each that may be
repeated is repeated. A call that no process has survived twice in a row is a suspect: from then on it is queued until
this process makes no other suspect call, and is marked as running only then. So only the crash of a process in which it
was the only suspect call counts against it, and innocent calls complete. The count is in the history, the queue is in
memory: a row that no process begins is offered again at the next start, or by another process.
"""

from collections import OrderedDict
from collections.abc import Callable

from looply.engine.ports.dispatch import EffectRef


class SuspectCallGate:
    """Admits one suspect call of this process at a time. `offer` is called with the one that may enter next."""

    def __init__(self, offer: Callable[[EffectRef], None]) -> None:
        self._offer = offer
        # By (execution id, number of the attempt).
        self._running: tuple[str, int] | None = None
        self._queue: OrderedDict[tuple[str, int], EffectRef] = OrderedDict()

    def begin(self, effect: EffectRef) -> bool:
        """Enters the gate; false when another call is inside, then the effect is queued and offered later.

        A queued effect holds no slot of its target.
        """
        key = (effect.execution_id, effect.seq)
        if self._running is None:
            self._running = key
            return True
        if self._running != key:
            self._queue[key] = effect
        return False

    def end(self, effect: EffectRef) -> None:
        """Leaves the gate, if the effect is inside, and offers the next queued one when no call is inside.

        It may be called for every effect: one that was offered and whose attempt is over admits the next one.
        """
        if self._running == (effect.execution_id, effect.seq):
            self._running = None
        if self._running is None and self._queue:
            _, following = self._queue.popitem(last=False)
            self._offer(following)
