"""The watch on keys: a running process reloads a key file that was changed."""

from typing import Final

from looply.catalog.tenants.data_keys import DataKeys
from looply.engine.upkeep.loop import Loop

LOOK_SECONDS: Final = 2.0
"""A check is one call to the file system; each step of a rotation waits for it."""


class KeyWatch(Loop):
    """Reloads the data keys when the key file changes, and has them count what they have sealed."""

    failed_event = "key_watch_failed"

    def __init__(self, keys: DataKeys) -> None:
        super().__init__()
        self._keys = keys

    async def round(self) -> float:
        """Checks once, and returns the seconds until the next check."""
        await self._keys.refresh()
        return LOOK_SECONDS
