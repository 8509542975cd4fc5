"""The trials of calls: those that may be what ends processes are made one at a time.

Theory of operation. When a process ends without order, each call that it was making may be to blame, and each that may
be repeated is. One of which no process has seen the end twice in a row is suspect: from then on it stands in line until
no other suspect is made by this process, and is marked as running only then. So what counts against it is the end of a
process in which it was the only one of them, and who is innocent gets through. The count is in the history, the line is
in memory: a row that nobody begins is offered again at the next start, or by another process.
"""

from collections import OrderedDict
from collections.abc import Callable

from looply.engine.ports.dispatch import EffectRef


class SuspectCallGate:
    """The turn of this process's suspect calls. `offer` is given the one that may try to take it next."""

    def __init__(self, offer: Callable[[EffectRef], None]) -> None:
        self._offer = offer
        # By (execution id, number of the attempt).
        self._tried: tuple[str, int] | None = None
        self._line: OrderedDict[tuple[str, int], EffectRef] = OrderedDict()

    def begin(self, effect: EffectRef) -> bool:
        """Takes the turn; false when another call has it, then the effect stands in line and is offered later.

        Nobody holds a slot of a target meanwhile.
        """
        key = (effect.execution_id, effect.seq)
        if self._tried is None:
            self._tried = key
            return True
        if self._tried != key:
            self._line[key] = effect
        return False

    def end(self, effect: EffectRef) -> None:
        """Gives the turn back, if the effect has it, and offers the next one in line while nobody has it.

        It may be called for every effect: one that was offered and is not wanted any more lets the next one go.
        """
        if self._tried == (effect.execution_id, effect.seq):
            self._tried = None
        if self._tried is None and self._line:
            _, following = self._line.popitem(last=False)
            self._offer(following)
