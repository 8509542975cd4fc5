"""Who may write: a lock of the database that lives as long as its session, and a lease with the epoch of the process.

Theory of operation. A process that works on the database alone holds the lock exclusively, one that shares it holds it
with others (`sharing.py`), so that the two kinds never meet. The lock shows that a process has ended; the lease fences
off one that was only presumed dead: each write holds it for the length of its transaction, and deleting it waits for
those writes. A broken session, as after a restart of the server, is replaced and the lock taken again; a process that
was faster has deleted the lease by then, and the first write notices that.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import psycopg

from looply.engine.coding.database_server import has_pending_input
from looply.engine.postgres.database.connections import Connection, Connections, call, drop, row
from looply.errors import DataFolderInUse, StoreLost

LEASE_SECONDS: Final = 30
"""A lease that was not renewed for this time has expired: its process has ended."""

RENEWAL_SECONDS: Final = 5
"""Between two renewals: several may fail before the lease has expired."""

_WAIT = "SET lock_timeout = '2s'"
_TERMINATE = (
    "SELECT count(*) FROM (SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity"
    " WHERE application_name = %s AND datname = current_database()) gone"
)
_RENEW = "SELECT renew_lease(%s, make_interval(secs => %s))"
_END_LOST = "SELECT ended, poisoned FROM end_lost(%s, make_interval(secs => %s), %s)"
_END_OTHERS = "SELECT end_leases(ARRAY(SELECT epoch FROM lease WHERE epoch <> %s))"


class SessionLock:
    """The lock of one process. `statement` takes it, exclusively or with others."""

    def __init__(self, sessions: Connections, statement: str) -> None:
        self._sessions = sessions
        self._statement = statement
        self._connection: Connection | None = None
        self._taking = asyncio.Lock()

    async def acquire(self) -> None:
        """Takes the lock. Raises: DataFolderInUse, psycopg.OperationalError."""
        connection = await self._sessions.connect()
        try:
            await connection.execute(_WAIT)
            # A session that was dropped a moment ago may still hold it: the server notices later.
            await connection.execute(self._statement)
            self._connection = connection
        except psycopg.errors.LockNotAvailable as error:
            raise DataFolderInUse(
                'another process works on this database; stop it first, or set `engine = "distributed"` for every'
                " process that works on it, so that they share it"
            ) from error
        finally:
            if self._connection is not connection:
                drop(connection)

    @property
    def is_in_doubt(self) -> bool:
        """Whether the session of the lock may be over. Costs next to nothing."""
        connection = self._connection
        return connection is not None and (connection.closed or has_pending_input(connection.pgconn.socket))

    async def keep(self) -> None:
        """Takes the lock again if its session broke. Raises: StoreLost, psycopg.OperationalError."""
        async with self._taking:
            if self._connection is None:
                return
            try:
                await self._connection.execute("SELECT 1")
            except psycopg.Error:
                drop(self._connection)
                try:
                    await self.acquire()
                except DataFolderInUse as error:
                    raise StoreLost(
                        "another process has taken the database over while the session of this one was broken; stop the"
                        " other process if it should not run, then start this one again"
                    ) from error

    def release(self) -> None:
        """Releases the lock. Releasing twice is harmless."""
        connection, self._connection = self._connection, None
        if connection is not None:
            drop(connection)


async def end_others(connection: Connection, epoch: int) -> int:
    """Ends the leases of all other processes after their writes in flight. Returns how many had one."""
    found: int = await call(connection, _END_OTHERS, (epoch,))
    return found


async def end_lost(connection: Connection, epoch: int, max_crash_count: int) -> tuple[Sequence[int], Sequence[bytes]]:
    """Ends the expired leases of other processes, and marks the executions that they worked on as suspects.

    A process whose own lease had expired ends no other: it cannot distinguish a dead process from one that was cut off.
    Returns the epochs that were ended, and the ids of executions with a crash count above `max_crash_count` whose
    process has ended, whichever process has noticed that.
    """
    found = await row(connection, _END_LOST, (epoch, LEASE_SECONDS, max_crash_count))
    return (found[0], found[1]) if found is not None else ((), ())


async def renew(connection: Connection, epoch: int) -> bool:
    """Renews the lease of the process of this epoch; returns whether it may still write."""
    return bool(await call(connection, _RENEW, (epoch, LEASE_SECONDS)))


async def terminate(connection: Connection, name: str) -> None:
    """Ends the session of this name if the server still has it; its transaction is committed or rolled back then."""
    while await call(connection, _TERMINATE, (name,)):
        continue
