"""The background loop that stores when keys and sessions were used last."""

from typing import Final

from looply.catalog.people.last_uses import LastUses
from looply.engine.upkeep.loop import Loop

STORE_SECONDS: Final = 60.0
"""A last use is known to the minute; one write stores those of all keys and sessions."""


class UseLoop(Loop):
    """Stores the last uses that the calls of this process have noted."""

    failed_event = "last_uses_not_stored"

    def __init__(self, uses: LastUses) -> None:
        super().__init__()
        self._uses = uses

    async def round(self) -> float:
        """Stores what was noted, and returns the seconds until the next round."""
        await self._uses.store()
        return STORE_SECONDS
