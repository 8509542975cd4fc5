"""Connections to one database: opened when they are needed, kept while they are sound, a bounded number of them."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import chain
from typing import Any, Final, TypeAlias

import psycopg
from psycopg import pq
from psycopg.adapt import Buffer, Loader
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.numeric import Int8BinaryDumper

from looply.clock import SystemEntropy
from looply.engine.coding.database_server import CONNECT_OPTIONS, has_pending_input

Connection: TypeAlias = psycopg.AsyncConnection[tuple[Any, ...]]

Call: TypeAlias = tuple[str, tuple[Any, ...]]
"""Calls of functions of the database, `name(%s, ...)` joined by commas, and their arguments."""

SCHEMA_NAME: Final = "looply"

# There is an index with the order of every list, and a plan that was made while a table was small must not read all
# of it when it has grown. A plan is made once for all arguments, and not worth compiling.
_PLANS: Final = (
    "-c enable_seqscan=off -c enable_bitmapscan=off -c enable_sort=off -c enable_incremental_sort=off"
    " -c plan_cache_mode=force_generic_plan -c jit=off"
)
WRITER_OPTIONS: Final = f"-c search_path={SCHEMA_NAME} -c synchronous_commit=on {_PLANS}"
READER_OPTIONS: Final = (
    f"-c search_path={SCHEMA_NAME} -c default_transaction_read_only=on"
    f" -c default_transaction_isolation=repeatable\\ read {_PLANS}"
)


class _IdLoader(Loader):
    """Loads a uuid as its 16 bytes."""

    format = pq.Format.BINARY

    def load(self, data: Buffer) -> bytes:
        """Returns the bytes."""
        return bytes(data)


class Connections:
    """At most `size` connections with the same options; each has a name that no other session of the database has."""

    def __init__(self, address: str, size: int, options: str) -> None:
        self._address = address
        self._options = options
        self._slots = asyncio.Semaphore(size)
        self._idle: list[Connection] = []
        self._used: set[Connection] = set()
        self._token = SystemEntropy().token(8).hex()
        self._count = 0

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Connection]:
        """Lends a connection for the length of a block. One that broke, or is left in a transaction, is not kept.

        Raises: psycopg.OperationalError when the database cannot be reached.
        """
        async with self._slots:
            connection = self._idle_connection() or await self.connect()
            self._used.add(connection)
            try:
                yield connection
            finally:
                self._used.discard(connection)
                if connection.info.transaction_status == pq.TransactionStatus.IDLE:
                    self._idle.append(connection)
                else:
                    drop(connection)

    async def connect(self) -> Connection:
        """Returns a new connection that the caller keeps. Raises: psycopg.Error."""
        self._count += 1
        facts: dict[str, Any] = {**CONNECT_OPTIONS, **conninfo_to_dict(self._address)}
        # A session is found and ended by its name; its options make it a writer or a reader.
        facts |= {"application_name": f"looply {self._token} {self._count}", "options": self._options}
        connection = await psycopg.AsyncConnection.connect(make_conninfo(**facts), autocommit=True, prepare_threshold=0)
        connection.adapters.register_loader("uuid", _IdLoader)
        # One type for all numbers, or each size would be a statement of its own to the server.
        connection.adapters.register_dumper(int, Int8BinaryDumper)
        return connection

    def _idle_connection(self) -> Connection | None:
        """Returns an idle connection that is still open: the outcome of a write on a broken one must be looked up."""
        while self._idle:
            connection = self._idle.pop()
            # The server sends nothing to an idle session, unless it ends it.
            if not has_pending_input(connection.pgconn.socket):
                return connection
            drop(connection)
        return None

    def close(self) -> None:
        """Drops all connections at once; the server rolls back their transactions."""
        for connection in (*self._idle, *self._used):
            drop(connection)
        self._idle.clear()


def drop(connection: Connection) -> None:
    """Closes a connection without a message to the server, which could take time."""
    connection.pgconn.finish()


async def rows(
    connection: Connection, statement: str, arguments: Sequence[Any] | Mapping[str, Any] = ()
) -> list[tuple[Any, ...]]:
    """Returns all rows of a statement."""
    cursor = await connection.execute(statement, arguments, binary=True)
    return await cursor.fetchall()


async def row(
    connection: Connection, statement: str, arguments: Sequence[Any] | Mapping[str, Any] = ()
) -> tuple[Any, ...] | None:
    """Returns the first row of a statement, or None."""
    cursor = await connection.execute(statement, arguments, binary=True)
    return await cursor.fetchone()


async def call(connection: Connection, statement: str, arguments: Sequence[Any] = ()) -> Any:
    """Returns the one value of a statement. Raises: LookupError when it returns no row."""
    found = await row(connection, statement, arguments)
    if found is None:
        raise LookupError(f"the statement returned no row: {statement}")
    return found[0]


def one_statement(calls: Sequence[Call]) -> tuple[str, tuple[Any, ...]]:
    """Returns the statement that makes the calls, from left to right, and its arguments."""
    texts, arguments = zip(*calls, strict=True)
    return f"SELECT {', '.join(texts)}", tuple(chain.from_iterable(arguments))
