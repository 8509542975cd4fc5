"""The PostgreSQL store: one database, remote or local. See `looply.engine.ports.store` for its guarantees."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

import psycopg
import structlog

from looply.clock import Clock
from looply.engine.coding.codec import FOLD_VERSION
from looply.engine.coding.database_server import one_line
from looply.engine.postgres.database.connections import Connection, call
from looply.engine.postgres.database.database import Database
from looply.engine.postgres.database.move_marker import check_whole
from looply.engine.postgres.database.names import Names
from looply.engine.postgres.database.opening import read_boot, take_over, upgrade
from looply.engine.postgres.database.sessions import PostgresSessions
from looply.engine.postgres.database.sharing import ALONE, SHARED
from looply.engine.postgres.database.upkeep import Upkeep
from looply.engine.postgres.histories.datastores import PostgresDatastores
from looply.engine.postgres.histories.journal import PostgresJournal
from looply.engine.postgres.histories.lists import LISTS
from looply.engine.postgres.histories.pruning import PostgresPruning
from looply.engine.postgres.histories.units import UnitWriter
from looply.engine.postgres.pending.schedules import PostgresSchedules
from looply.engine.postgres.pending.survey import PostgresSurvey
from looply.engine.postgres.pending.work import PostgresWorkQueue
from looply.engine.records.startup import StartupState
from looply.engine.sql.figures.figures import SqlFigures
from looply.engine.sql.figures.overview import SqlOverview
from looply.engine.sql.store import SqlStore
from looply.errors import EngineError, StoreUnreachable

WRITERS: Final = 16
"""Units in flight: the database flushes those that come together once."""

READERS: Final = 4

_log = structlog.get_logger(__name__)

_NOW = "SELECT clock_timestamp()"
_LEAVE = "SELECT end_leases(ARRAY[%s]::bigint[])"


class PostgresStore(SqlStore):
    """A store in a database, in the schema `looply`. `address` is a URL or what libpq takes in its place.

    Guarantees: a commit that returned survives the loss of power of the database's machine; a commit whose connection
    broke reports its outcome; an unreachable database does not end the process. One process works on the database,
    unless all are configured to share it; `database/sharing.py` says what differs.
    """

    lists = LISTS

    def __init__(
        self,
        address: str,
        clock: Clock,
        *,
        fold: int = FOLD_VERSION,
        is_alone: bool = True,
        writers: int = WRITERS,
        readers: int = READERS,
    ) -> None:
        self._sharing = ALONE if is_alone else SHARED
        self.clock: Clock = self._sharing.clock_of(clock)
        """The clock of the store's processes: the given one, or the database's where they share it."""
        lock = self._sharing.lock
        self._database = database = Database(address, self.clock, writers=writers, readers=readers, lock=lock)
        self._upkeep = Upkeep(database, self.clock, self.database_now)
        names = Names()
        sessions = PostgresSessions(database, names, is_shared=self._sharing.is_shared)
        super().__init__(sessions, database)
        self.journal = PostgresJournal(sessions, database, UnitWriter(names), fold)
        self.work = PostgresWorkQueue(sessions, database)
        self.schedules = PostgresSchedules(sessions, database, names)
        self.datastores = PostgresDatastores(sessions, database, names)
        self.pruning = PostgresPruning(sessions, database, self.clock)
        self.survey = PostgresSurvey(sessions, database)
        self.overview = SqlOverview(sessions)
        self.figures = SqlFigures(sessions)

    async def open(self) -> StartupState:
        """Takes the database into possession; makes the schema when there is none.

        A new store has the starter dictionary as number 1. Executions that a crashed process may have worked on
        are suspects.
        Raises: DataFolderInUse, SchemaMismatch, StoreUnreachable, EngineError (code `MOVE_UNFINISHED` for a database
        that a move has not filled to its end).
        """
        return await self._open(needs_whole=True)

    async def open_unfinished(self) -> StartupState:
        """Opens a database that a move has just filled, to prove it. Raises: as `open`."""
        return await self._open(needs_whole=False)

    async def open_to_read(self) -> StartupState:
        """Opens the database beside other processes; a write is refused. Raises: as `open`, but not in use."""
        async with self._opening() as connection:
            boot = await read_boot(connection)
            await check_whole(connection)
        self._database.begin(boot.epoch)
        return boot

    async def _open(self, *, needs_whole: bool) -> StartupState:
        async with self._opening(self._database.ownership.acquire) as connection:
            await upgrade(connection)
            if needs_whole:
                await check_whole(connection)
            await self._upkeep.prepare(connection)
            boot = await take_over(connection, self.clock.now(), self._sharing)
        self._database.begin(boot.epoch)
        self._upkeep.begin()
        return boot

    @asynccontextmanager
    async def _opening(self, before: Callable[[], Awaitable[None]] | None = None) -> AsyncIterator[Connection]:
        """Lends the first connection, after `before`; an error with it drops all connections."""
        database = self._database
        try:
            if before is not None:
                await before()
            async with database.writers.one() as connection:
                yield connection
        except EngineError:
            database.abandon()
            raise
        except psycopg.OperationalError as error:
            database.abandon()
            message = f"the database of the executions cannot be opened: {one_line(error)}"
            raise StoreUnreachable(f"{message}; check that it runs and accepts connections, then repeat") from error
        except psycopg.Error as error:
            database.abandon()
            message = f"the database of the executions cannot be opened: {one_line(error)}"
            raise EngineError(f"{message}; check the rights of its user and its log, then repeat") from error

    async def close(self) -> None:
        """Commits the queued writes and releases the database. Closing twice is harmless."""
        database = self._database
        self._upkeep.stop()
        if database.is_open:
            await database.finish()
            # A process that only reads has no epoch, and no lease to release.
            if database.failure is None and database.epoch:
                await self._leave()
        database.drop()

    async def abandon(self) -> None:
        """Ends as a crash does, for tests: queued writes are not stored, and the next start has suspects."""
        self._upkeep.stop()
        self._database.abandon()

    async def database_now(self, connection: Connection) -> datetime:
        """Returns the instant of the database's clock, which `clock` follows where processes share the database."""
        now: datetime = await call(connection, _NOW)
        return now

    async def _leave(self) -> None:
        try:
            async with self._database.writers.one() as connection:
                await call(connection, _LEAVE, (self._database.epoch,))
        except psycopg.Error as error:
            # The next process finds a lease that was not released, and checks more.
            _log.warning("lease_kept", error=one_line(error))
