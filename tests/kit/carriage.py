"""How effects get from the shell to the connectors under a test's hands: the dispatcher, and what is on its way."""

from typing import Final, Protocol

from looply.clock import Clock
from looply.engine.ports.dispatch import Dispatcher, InProcessDispatcher

RESERVES: Final = "take the slot of an effect in the unit that stores it"
"""Then the effect is out once that unit is stored: whether it was sent is not known after a crash."""

REPEATS: Final = "take an effect again in the moment in which it was let go of"
"""Temporal ignores what comes while it is told of that; there the sweep of a shared store offers until it is taken."""


class Carriage(Protocol):
    """One way of carrying effects, over all processes of a story."""

    @property
    def capabilities(self) -> frozenset[str]:
        """What of the words of this module it can do; a story that needs more is skipped, and says so."""
        ...

    @property
    def crowd(self) -> int:
        """How many effects in line are many for it, and yet can be waited for in a story."""
        ...

    def make(self, clock: Clock, per_queue: int, total: int) -> Dispatcher:
        """Returns the dispatcher of a new process, which runs so many effects at once, of one target and in all."""
        ...

    @property
    def is_moving(self) -> bool:
        """Whether an effect that was offered is on its way and nothing keeps it from arriving."""
        ...

    async def arrive(self) -> None:
        """Returns when nothing is on its way."""
        ...

    async def pause(self, dispatcher: Dispatcher) -> None:
        """Lets a process take nothing new, as one that stands still does; what it runs goes on."""
        ...

    async def kill(self, dispatcher: Dispatcher) -> None:
        """Ends what a process has begun beside the tasks of the loop, as its death does."""
        ...


class InProcess:
    """Effects run as tasks of the process that stored them: whatever moves, the loop knows."""

    capabilities = frozenset({RESERVES, REPEATS})
    is_moving = False
    crowd = 1000

    def make(self, clock: Clock, per_queue: int, total: int) -> Dispatcher:
        """Returns the dispatcher of a new process."""
        return InProcessDispatcher(per_queue=per_queue, total=total)

    async def arrive(self) -> None:
        """Returns at once."""

    async def pause(self, dispatcher: Dispatcher) -> None:
        """Does nothing: a process that is overtaken finds that out by itself."""

    async def kill(self, dispatcher: Dispatcher) -> None:
        """Does nothing: its tasks end with all others."""
