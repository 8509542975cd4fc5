"""What tests on PostgreSQL share: the server of their process, the database of a store, stores on it."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import psycopg

from kit.servers.postgres_server import PostgresServer
from looply.clock import Clock
from looply.engine.postgres import PostgresStore
from looply.testing.clock import FakeClock

_END_OTHERS: Final = (
    "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_END_OWNERS: Final = (
    "SELECT pg_terminate_backend(pid, 60000) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1819242607"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@cache
def session_server() -> PostgresServer:
    """Returns the running server of this process of tests, which ends with it. Raises: NoPostgres.

    Processes that run side by side have one each: what is stored is shown once no older transaction of the whole server
    is under way, so what a test of another process holds open would delay what this one reads.
    """
    server = PostgresServer(Path(tempfile.mkdtemp(prefix="looply-postgres-")))
    server.make()
    server.start()
    server.watch(os.getpid())
    return server


@contextmanager
def own_server() -> Iterator[PostgresServer]:
    """Gives a server that only the tests of the block use, so that they may stop it. Raises: NoPostgres."""
    with tempfile.TemporaryDirectory(prefix="looply-postgres-") as name:
        # The account that runs the server comes into its folder.
        Path(name).chmod(0o711)
        with PostgresServer(Path(name) / "server") as server:
            yield server


def database_of_test(server: PostgresServer, name: str) -> str:
    """Returns the name of a new database for the test of this name; starts a server that the test before stopped."""
    server.start()
    database = f"own_{abs(hash(name))}"
    server.new_database(database)
    return database


class StoreDatabase:
    """The database of a store, emptied between tests."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._connection = psycopg.connect(address, autocommit=True)
        self._statement = ""

    def empty(self) -> None:
        """Takes all rows out, and ends the sessions of stores that were left open."""
        if not self._statement:
            self._statement = self._deletion()
        self._connection.execute(self._statement.encode(), prepare=False)

    def lift_lock(self) -> None:
        """Takes the lock away from the process that works on the database."""
        self._connection.execute(_END_OWNERS)

    def close(self) -> None:
        """Leaves the database."""
        self._connection.close()

    def _deletion(self) -> str:
        tables = self._connection.execute(
            "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace = 'looply'::regnamespace"
            " AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'schema_version'"
        ).fetchall()
        return "; ".join(
            (
                _END_OTHERS,
                *(f"DELETE FROM {name}" for (name,) in tables),
                "SELECT setval('looply.epoch', 1, false)",
            )
        )


class PostgresStores:
    """Stores on one database."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._made: list[PostgresStore] = []

    def make(
        self, clock: Clock | None = None, *, kind: type[PostgresStore] = PostgresStore, **settings: bool | int
    ) -> PostgresStore:
        """Returns a store that is not open yet; one that a test leaves open is dropped after it."""
        # Each session is a process of the server that learns everything again: a few are enough for a test.
        facts: dict[str, Any] = {"writers": 4, "readers": 2, **settings}
        self._made.append(kind(self.address, clock or FakeClock(), **facts))
        return self._made[-1]

    async def drop(self) -> None:
        """Drops all stores that were made."""
        for store in self._made:
            await store.abandon()
