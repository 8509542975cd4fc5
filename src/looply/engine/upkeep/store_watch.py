"""The watch on the store: a process whose store takes no more units ends, since only a new one knows what is stored."""

from typing import Final

from looply.engine.ports.store import Store
from looply.engine.upkeep.loop import Loop

_LOOK_SECONDS: Final = 0.5
"""The failure is a field that a thread or a task of the store sets: to look at it costs nothing, and tells nobody."""


class StoreWatch(Loop):
    """Ends by itself once the store has failed; `running_loops` then ends the process."""

    failed_event = "store_watch_failed"

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    async def round(self) -> float:
        """Looks at the store, and returns the seconds until the next look."""
        if self._store.failure() is not None:
            self.stop()
        return _LOOK_SECONDS
