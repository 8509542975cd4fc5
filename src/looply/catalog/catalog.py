"""The catalog as one object."""

from dataclasses import dataclass
from pathlib import Path

from looply.catalog.audit import Audit
from looply.catalog.cards import Cards
from looply.catalog.connections import Connections
from looply.catalog.database import CatalogDatabase, sqlite_engine
from looply.catalog.keys import Keys
from looply.catalog.organizations import Organizations
from looply.catalog.profiles import Profiles
from looply.catalog.schema import upgrade
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
    audit: Audit
    database: CatalogDatabase

    @classmethod
    async def open(cls, path: Path, sealer: Sealer, *, clock: Clock, ids: Ids, entropy: Entropy) -> "Catalog":
        """Returns the catalog in the SQLite file `path`, which is made or upgraded where needed.

        Guarantees: the file has mode 0600; an upgrade happens whole or not at all.

        Raises: SettingsError when the file cannot be made; SchemaMismatch when a newer release wrote it;
        StoreCorrupt when it is damaged, in its form or in what its rows say.
        """
        database = CatalogDatabase(sqlite_engine(path))
        try:
            await database.open(upgrade)
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
            audit=Audit(database),
            database=database,
        )

    async def close(self) -> None:
        """Waits for the calls that were made before, then closes the file. Closing twice is legal."""
        await self.database.close()
