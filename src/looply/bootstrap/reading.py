"""Openings that only read: the audit of a database, the data keys and the catalog, while other processes use them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from looply.app.administration.proof import with_catalog
from looply.bootstrap.stores import catalog_backend, master_keys_of, postgres_store
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.tenants.data_keys import DataKeys
from looply.catalog.trail.proof import find_problems
from looply.clock import Clock
from looply.engine.coding.codec import Codec
from looply.engine.ports.port import Audit, Examined, ignore_examined
from looply.engine.processing.loading import Loader
from looply.engine.shell.audit import audit_store
from looply.settings import Settings


async def audit_database(settings: Settings, clock: Clock, examined: Examined = ignore_examined) -> Audit:
    """Returns the audit of the settings' database, also while other processes work on it.

    Raises: as `open_application`, except DataFolderInUse.
    """
    store = postgres_store(settings, clock)
    try:
        boot = await store.open_to_read()
        async with read_only_keys(settings, clock) as keys:
            codec = Codec(keys)
            codec.add_dictionaries(boot.dictionaries)
            audit = await audit_store(store, Loader(store, codec).fold_history, examined=examined)
    finally:
        await store.close()
    async with read_only_catalog(settings) as database:
        return with_catalog(audit, await database.read(find_problems))


@asynccontextmanager
async def read_only_keys(settings: Settings, clock: Clock) -> AsyncIterator[DataKeys]:
    """Yields the data keys of the settings' store, also while other processes work on it; changes nothing.

    Raises: KeyUnfit, StoreUnreachable, SettingsError.
    """
    keys = DataKeys(master_keys_of(settings), clock)
    async with read_only_catalog(settings) as database:
        await keys.open(database, reads_only=True)
        yield keys


@asynccontextmanager
async def read_only_catalog(settings: Settings) -> AsyncIterator[CatalogDatabase]:
    """Yields the catalog of the settings' store without opening it for writing, also while other processes use it.

    Raises: as its reads.
    """
    database = CatalogDatabase(catalog_backend(settings))
    try:
        yield database
    finally:
        await database.close()
