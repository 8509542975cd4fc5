"""The lives of a store: one store object after the other on the same durable data."""

from typing import Protocol

from looply.engine.ports.store import Store


class AbandonableStore(Store, Protocol):
    """A store that can end as a crash does."""

    async def abandon(self) -> None:
        """Ends without storing what is queued and without leaving in order."""
        ...


class Stores(Protocol):
    """Gives store objects on one set of durable data."""

    def make(self) -> AbandonableStore:
        """Returns a store that is not open yet."""
        ...


async def opened(stores: Stores) -> AbandonableStore:
    """Returns an open store."""
    store = stores.make()
    await store.open()
    return store
