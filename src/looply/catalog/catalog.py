"""The catalog as one object."""

from dataclasses import dataclass
from pathlib import Path

from looply.catalog.audit import Audit
from looply.catalog.bulks import Bulks
from looply.catalog.cards import Cards
from looply.catalog.connections import Connections
from looply.catalog.database import Backend, CatalogDatabase
from looply.catalog.keys import Keys
from looply.catalog.organizations import Organizations
from looply.catalog.profiles import Profiles
from looply.catalog.sqlite import SqliteFile
from looply.catalog.workflows import Workflows
from looply.clock import Clock, Entropy, Ids
from looply.errors import LooplyError
from looply.sealing import Sealer


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
    async def open(cls, path: Path, sealer: Sealer, *, clock: Clock, ids: Ids, entropy: Entropy) -> "Catalog":
        """Returns the catalog in the SQLite file `path`, which is made or upgraded where needed.

        Guarantees: the file has mode 0600; an upgrade happens whole or not at all.

        Raises: SettingsError when the file cannot be made; SchemaMismatch when a newer release wrote it;
        StoreCorrupt when it is damaged, in its form or in what its rows say.
        """
        return await cls._on(SqliteFile(path), sealer, clock, ids, entropy)

    @classmethod
    async def connect(cls, address: str, sealer: Sealer, *, clock: Clock, ids: Ids, entropy: Entropy) -> "Catalog":
        """Returns the catalog in the PostgreSQL database at `address`, made or upgraded in its schema `looply_catalog`.

        `address` is what libpq takes: a URL, or `host=... dbname=...`.

        Guarantees: any number of processes may share it, and what one of them was answered all see at once; an upgrade
        happens whole or not at all, also when several processes start together.

        Raises: SettingsError for an address that is none; StoreUnreachable when the database is away; SchemaMismatch
        when a newer release wrote it, or its server is older than PostgreSQL 15.
        """
        # The driver is an optional dependency, and a start on a file spares its import.
        from looply.catalog.postgres import PostgresDatabase  # noqa: PLC0415

        return await cls._on(PostgresDatabase(address), sealer, clock, ids, entropy)

    async def close(self) -> None:
        """Waits for the calls that were made before, then closes the database. Closing twice is legal."""
        await self.database.close()

    @classmethod
    async def _on(cls, backend: Backend, sealer: Sealer, clock: Clock, ids: Ids, entropy: Entropy) -> "Catalog":
        database = CatalogDatabase(backend)
        try:
            await database.open()
        except LooplyError:
            await database.close()
            raise
        return cls(
            organizations=Organizations(database, clock, ids),
            workflows=Workflows(database, clock, ids),
            cards=Cards(database, clock, ids),
            profiles=Profiles(database, clock),
            connections=Connections(database, clock, ids, sealer),
            keys=Keys(database, clock, ids, entropy),
            bulks=Bulks(database, clock, ids),
            audit=Audit(database, clock),
            database=database,
        )
