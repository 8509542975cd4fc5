"""The catalog as one object."""

from dataclasses import dataclass
from pathlib import Path

from looply.catalog.authored.bulks import Bulks
from looply.catalog.authored.cards import Cards
from looply.catalog.authored.connections import BindingOf, Connections, bind_to_all
from looply.catalog.authored.profiles import Profiles
from looply.catalog.authored.workflows import Workflows
from looply.catalog.storage.database import Backend, CatalogDatabase
from looply.catalog.storage.sqlite import SqliteFile
from looply.catalog.tenants.data_keys import DataKeys
from looply.catalog.tenants.keys import Keys
from looply.catalog.tenants.organizations import Organizations
from looply.catalog.trail.audit import Audit
from looply.clock import Clock, Entropy, Ids
from looply.errors import LooplyError
from looply.sealing import Sealers


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything that authors and administrators edit, one attribute a noun."""

    organizations: Organizations
    workflows: Workflows
    cards: Cards
    profiles: Profiles
    connections: Connections
    keys: Keys
    bulks: Bulks
    audit: Audit
    database: CatalogDatabase

    @classmethod
    async def open(
        cls, path: Path, sealers: Sealers, *, clock: Clock, ids: Ids, entropy: Entropy, binding: BindingOf = bind_to_all
    ) -> "Catalog":
        """Returns the catalog in the SQLite file `path`, which is made or upgraded where needed.

        With `DataKeys` the keys of the catalog are taken up, and made where they are missing.

        Guarantees: the file has mode 0600; an upgrade happens whole or not at all.

        Raises: SettingsError when the file cannot be made; SchemaMismatch when a newer release wrote it;
        StoreCorrupt when it is damaged, in its form or in what its rows say; KeyUnfit when the keys are not
        its own.
        """
        return await cls._on(SqliteFile(path), sealers, clock, ids, entropy, binding)

    @classmethod
    async def connect(
        cls,
        address: str,
        sealers: Sealers,
        *,
        clock: Clock,
        ids: Ids,
        entropy: Entropy,
        binding: BindingOf = bind_to_all,
    ) -> "Catalog":
        """Returns the catalog in the PostgreSQL database at `address`, made or upgraded in its schema `looply_catalog`.

        `address` is what libpq takes: a URL, or `host=... dbname=...`.

        Guarantees: any number of processes may share it, and what one of them was answered all see at once; an upgrade
        happens whole or not at all, also when several processes start together.

        Raises: SettingsError for an address that is none; StoreUnreachable when the database is away; SchemaMismatch
        when a newer release wrote it, or its server is older than PostgreSQL 15; KeyUnfit as `open`.
        """
        # The driver is an optional dependency, and a start on a file spares its import.
        from looply.catalog.storage.postgres import PostgresDatabase  # noqa: PLC0415

        return await cls._on(PostgresDatabase(address), sealers, clock, ids, entropy, binding)

    @staticmethod
    async def make_tables(address: str) -> None:
        """Makes the tables of a catalog in a PostgreSQL database, and puts nothing into them. Raises: as `connect`."""
        from looply.catalog.storage.postgres import PostgresDatabase  # noqa: PLC0415 - as in `connect`

        database = CatalogDatabase(PostgresDatabase(address))
        try:
            await database.open()
        finally:
            await database.close()

    async def close(self) -> None:
        """Waits for the calls that were made before, then closes the database. Closing twice is legal."""
        await self.database.close()

    @classmethod
    async def _on(
        cls, backend: Backend, sealers: Sealers, clock: Clock, ids: Ids, entropy: Entropy, binding: BindingOf
    ) -> "Catalog":
        database = CatalogDatabase(backend)
        try:
            await database.open()
            if isinstance(sealers, DataKeys):
                await sealers.open(database)
        except LooplyError:
            await database.close()
            raise
        return cls(
            organizations=Organizations(database, clock, ids, sealers if isinstance(sealers, DataKeys) else None),
            workflows=Workflows(database, clock, ids),
            cards=Cards(database, clock, ids),
            profiles=Profiles(database, clock),
            connections=Connections(database, clock, ids, sealers, binding),
            keys=Keys(database, clock, ids, entropy),
            bulks=Bulks(database, clock, ids),
            audit=Audit(database, clock),
            database=database,
        )
