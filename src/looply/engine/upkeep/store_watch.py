"""The watch on the store: a process whose store accepts no more units ends; only a new one can know what is stored."""

from typing import Final

from looply.engine.ports.store import Store
from looply.engine.upkeep.loop import Loop

_LOOK_SECONDS: Final = 0.5
"""A thread or a task of the store sets the failure, a field, and notifies no task: it is polled, at no cost."""


class StoreWatch(Loop):
    """Ends by itself once the store has failed; `running_loops` then ends the process."""

    failed_event = "store_watch_failed"

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    async def round(self) -> float:
        """Checks the store, and returns the seconds until the next check."""
        if self._store.failure() is not None:
            self.stop()
        return _LOOK_SECONDS
