"""What a process renews in the database: its lease, its clock, and the partitions of the months ahead.

Each does so when it opens the store, and then periodically. Where several share the database, one that cannot loses its
lease, and notices that at its next write.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import psycopg
import structlog

from looply.clock import Clock
from looply.engine.coding.database_server import one_line
from looply.engine.postgres.database.clock import DatabaseClock
from looply.engine.postgres.database.connections import Connection
from looply.engine.postgres.database.database import Database, lease_lost_reason
from looply.engine.postgres.database.months import add_month, months_from
from looply.engine.postgres.database.ownership import RENEWAL_SECONDS, renew

_log = structlog.get_logger(__name__)


class Upkeep:
    """The upkeep of one process. `now_of` asks the database for its time, which a `DatabaseClock` follows."""

    def __init__(self, database: Database, clock: Clock, now_of: Callable[[Connection], Awaitable[datetime]]) -> None:
        self._database = database
        self._clock = clock
        self._now_of = now_of
        self._months: Sequence[str] = ()
        self._task: asyncio.Task[None] | None = None

    async def prepare(self, connection: Connection) -> None:
        """Reads the database's clock, where processes share it, and makes the missing partitions."""
        if isinstance(self._clock, DatabaseClock):
            asked_at = self._clock.monotonic()
            self._clock.follow(await self._now_of(connection), asked_at)
        if (months := months_from(self._clock.now())) != self._months:
            for month in months:
                await add_month(connection, month)
            self._months = months

    def begin(self) -> None:
        """Renews the lease from now on, until `stop` or until it is lost."""
        self._task = asyncio.get_running_loop().create_task(self._renew())

    def stop(self) -> None:
        """Stops renewing. Stopping twice, or before `begin`, is harmless."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    async def _renew(self) -> None:
        database = self._database
        while database.failure is None:
            await asyncio.sleep(RENEWAL_SECONDS)
            try:
                async with database.writers.one() as connection:
                    if not await renew(connection, database.epoch):
                        lost = database.lose(lease_lost_reason(database.epoch))
                        _log.error("lease_lost", epoch=database.epoch, error=lost.message)
                        return
                    await self.prepare(connection)
            except psycopg.Error as error:
                _log.warning("lease_not_renewed", error=one_line(error))
