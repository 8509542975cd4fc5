"""Carriages: how effects get from the shell to the connectors in a test: the dispatcher, and what is in transit."""

from typing import Final, Protocol

from looply.clock import Clock
from looply.engine.effects.in_process import InProcessDispatcher
from looply.engine.ports.dispatch import Dispatcher

RESERVES: Final = "take the slot of an effect in the unit that stores it"
"""The effect is sent once that unit is stored: whether it was sent is unknown after a crash."""

REPEATS: Final = "take an effect again in the moment in which it was let go of"
"""Temporal ignores an offer while it processes the end of that effect; the sweep of a shared store repeats it."""


class Carriage(Protocol):
    """One way of carrying effects, over all processes of a story."""

    @property
    def capabilities(self) -> frozenset[str]:
        """Which capabilities of this module it has; a story that needs more is skipped, and says so."""
        ...

    @property
    def crowd(self) -> int:
        """How many queued effects are many for it, and yet can be waited for in a story."""
        ...

    def make(self, clock: Clock, per_queue: int, total: int) -> Dispatcher:
        """Returns the dispatcher of a new process, which runs so many effects at once, of one target and in all."""
        ...

    @property
    def is_moving(self) -> bool:
        """Whether an effect that was offered is in transit and nothing keeps it from arriving."""
        ...

    async def arrive(self) -> None:
        """Returns when no effect is in transit."""
        ...

    async def pause(self, dispatcher: Dispatcher) -> None:
        """Lets a process take no more effects, like a paused one; running effects continue."""
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
