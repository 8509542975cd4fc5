"""The watch on keys: a process takes up a key file that was changed while it runs."""

from typing import Final

from looply.catalog.tenants.data_keys import DataKeys
from looply.engine.upkeep.loop import Loop

LOOK_SECONDS: Final = 2.0
"""To look is one call to the file system; a rotation waits for it at each step."""


class KeyWatch(Loop):
    """Lets the data keys follow the key file, and count what they have sealed."""

    failed_event = "key_watch_failed"

    def __init__(self, keys: DataKeys) -> None:
        super().__init__()
        self._keys = keys

    async def round(self) -> float:
        """Looks once, and returns the seconds until the next look."""
        await self._keys.refresh()
        return LOOK_SECONDS
