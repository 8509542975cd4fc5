"""The catalog as one object."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from looply.catalog.authored.bulks import ON_EXECUTIONS, ON_PEOPLE, Bulks
from looply.catalog.authored.cards import Cards
from looply.catalog.authored.companions import Companions
from looply.catalog.authored.connections import BindingOf, Connections, bind_to_all
from looply.catalog.authored.listing import ObjectLists, card_lists, workflow_lists
from looply.catalog.authored.notifications import Notifications
from looply.catalog.authored.presence import Presence, RememberedPresence
from looply.catalog.authored.profiles import Profiles
from looply.catalog.authored.stored_presence import StoredPresence
from looply.catalog.authored.uses import Uses
from looply.catalog.authored.views import Views
from looply.catalog.authored.workflows import Workflows
from looply.catalog.calls.directory import Directory
from looply.catalog.calls.logons import RefusedLogons
from looply.catalog.calls.questions import Questions
from looply.catalog.calls.signing import Signing
from looply.catalog.people.people import People
from looply.catalog.storage.database import Backend, CatalogDatabase
from looply.catalog.storage.sqlite import SqliteFile
from looply.catalog.tenants.data_keys import DataKeys
from looply.catalog.tenants.keys import ApiKeys
from looply.catalog.tenants.organizations import Organizations
from looply.catalog.trail.audit import AuditLog
from looply.clock import Clock, Entropy, Ids
from looply.errors import LooplyError
from looply.sealing import Sealers


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything that authors and administrators edit, one attribute per noun, and what calls of processes share."""

    organizations: Organizations
    workflows: Workflows
    workflow_lists: ObjectLists
    uses: Uses
    cards: Cards
    card_lists: ObjectLists
    companions: Companions
    profiles: Profiles
    connections: Connections
    keys: ApiKeys
    people: People
    bulks: Bulks
    installations: Bulks
    views: Views
    presence: Presence
    logons: RefusedLogons
    questions: Questions
    directory: Directory
    notifications: Notifications
    audit: AuditLog
    database: CatalogDatabase

    @classmethod
    async def open(
        cls, path: Path, sealers: Sealers, *, clock: Clock, ids: Ids, entropy: Entropy, binding: BindingOf = bind_to_all
    ) -> "Catalog":
        """Returns the catalog in the SQLite file `path`, which is created or upgraded if necessary.

        With `DataKeys` the keys of the catalog are loaded, and created when they are missing.

        Guarantees: the file has mode 0600; an upgrade is atomic.

        Raises: SettingsError when the file cannot be created; SchemaMismatch when a newer release wrote it;
        StoreCorrupt when its structure or the content of its rows is damaged; KeyUnfit when the keys do not belong to
        it.
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
        """Returns the catalog in a PostgreSQL database (schema `looply_catalog`), created or upgraded if needed.

        `address` is a libpq address: a URL, or `host=... dbname=...`.

        Guarantees: any number of processes may share it, and a change that was acknowledged to one of them is visible
        to all at once; an upgrade is atomic, also when several processes start together.

        Raises: SettingsError for an invalid address; StoreUnreachable; SchemaMismatch when a newer release wrote it, or
        its server is older than PostgreSQL 15; KeyUnfit as `open`.
        """
        return await cls._on(postgres_backend(address), sealers, clock, ids, entropy, binding)

    @staticmethod
    async def make_tables(address: str) -> None:
        """Creates the empty tables of a catalog in a PostgreSQL database. Raises: as `connect`."""
        database = CatalogDatabase(postgres_backend(address))
        try:
            await database.open()
        finally:
            await database.close()

    async def close(self) -> None:
        """Waits for pending calls, then closes the database. Closing twice is allowed."""
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
        except (LooplyError, asyncio.CancelledError):
            # Also of a start that is stopped: the file is at rest when the folder is sealed.
            await database.close()
            raise
        return cls(
            organizations=Organizations(database, clock, ids, sealers if isinstance(sealers, DataKeys) else None),
            workflows=Workflows(database, clock, ids),
            workflow_lists=workflow_lists(database),
            uses=Uses(database),
            cards=Cards(database, clock, ids),
            card_lists=card_lists(database),
            companions=Companions(database, clock),
            profiles=Profiles(database, clock),
            connections=Connections(database, clock, ids, sealers, binding),
            keys=ApiKeys(database, clock, ids, entropy),
            people=People.on(database, sealers, clock, ids, entropy),
            bulks=Bulks(database, clock, ids, ON_EXECUTIONS, "bulk"),
            installations=Bulks(database, clock, ids, ON_PEOPLE, "app_installation"),
            views=Views(database, clock, ids),
            presence=StoredPresence(database, clock) if database.is_shared else RememberedPresence(clock),
            logons=RefusedLogons(database, clock, entropy),
            questions=Questions(database, clock, ids, sealers),
            directory=Directory(database),
            notifications=Notifications(database, clock, ids, Signing(sealers, entropy)),
            audit=AuditLog(database, clock),
            database=database,
        )


def postgres_backend(address: str) -> Backend:
    """Returns the PostgreSQL database of a catalog, not yet open. Raises: ModuleNotFoundError without its driver."""
    from looply.catalog.storage.postgres import PostgresDatabase  # noqa: PLC0415 - optional import: only installations on PostgreSQL have psycopg

    return PostgresDatabase(address)
