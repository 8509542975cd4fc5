"""The database that receives a moved installation: its requirements, the copying of rows, and their checksums.

Theory of operation. A marker is committed first; with it no server starts on the database. All rows are
written in one transaction, which first removes those of an earlier try: a broken connection leaves nothing. Within the
transaction the rows are read again and summed up, and they are committed only when the sums are equal. After that the
rows are stored, and the marker still says that they must not be used; removing it is the last step.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from looply.engine.coding.database_server import DISK_FULL, one_line, unfit_reasons
from looply.engine.coding.moving import STEP_ROWS, Checksum, Counters, MovedTable, Tally
from looply.engine.coding.rows import Row, id_text
from looply.engine.postgres.database.connections import (
    WRITER_OPTIONS,
    Connection,
    Connections,
    call,
    drop,
    rows,
)
from looply.engine.postgres.database.months import add_month, end_of_month, month_of
from looply.engine.postgres.database.move_marker import Marker, find_marker, mark_move_begun, mark_move_finished
from looply.engine.postgres.database.opening import upgrade
from looply.engine.postgres.database.ownership import SessionLock
from looply.engine.postgres.database.sharing import ALONE
from looply.engine.records.spans import LOWEST_ID
from looply.errors import EngineError, SettingsError, StoreCorrupt, StoreFull, StoreUnreachable

_MAY_MAKE: Final = "SELECT has_database_privilege(current_database(), 'CREATE')"
_MAY_USE: Final = "SELECT has_schema_privilege(oid, 'USAGE') AND has_schema_privilege(oid, 'CREATE') FROM pg_namespace"
_SCHEMA_RIGHTS: Final = f"{_MAY_USE} WHERE nspname = %s"
_TABLE_RIGHTS: Final = (
    "SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace(%s) AND relkind IN ('r', 'p')"
    " AND NOT pg_has_role(relowner, 'USAGE')"
)
_IS_STANDBY: Final = "SELECT pg_is_in_recovery()"
_IS_TABLE: Final = "SELECT to_regclass(%s) IS NOT NULL"

_LEASES: Final = "DELETE FROM lease"
# The sequence of epochs never decreases: epochs of older processes of this database are not used again.
_EPOCHS: Final = "SELECT setval('epoch', greatest(%s, (SELECT last_value FROM epoch)))"
_BATCHES: Final = "SELECT setval('batch_n', greatest(%s, 1))"
_NAMES: Final = "SELECT setval(pg_get_serial_sequence('name', 'n'), greatest(%s, 1))"
_SERIALS: Final = (
    "SELECT a.attname, pg_get_serial_sequence(%(table)s, a.attname) FROM pg_attribute a"
    " WHERE a.attrelid = to_regclass(%(table)s) AND a.attnum > 0 AND NOT a.attisdropped"
    " AND pg_get_serial_sequence(%(table)s, a.attname) IS NOT NULL"
)


class Receiver:
    """One session with the target, which holds the right to write to it against every server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def faults(self, schemas: Sequence[str]) -> list[str]:
        """Returns the reasons why the database cannot receive an installation; writes nothing."""
        server = self._connection.info
        found = [*unfit_reasons(server.server_version, server.parameter_status("server_encoding"))]
        if await self._ask(_IS_STANDBY):
            found.append("the database is a standby, which takes no writes; name the primary")
        may_make = await self._ask(_MAY_MAKE)
        for schema in schemas:
            rights = await self._rows(_SCHEMA_RIGHTS, (schema,))
            if not rights and not may_make:
                found.append(f"the role may not make the schema {schema}: GRANT CREATE ON DATABASE ... TO it")
            elif rights and not rights[0][0]:
                found.append(f"the role may not use the schema {schema}: GRANT ALL ON SCHEMA {schema} TO it")
            elif rights and await self._ask(_TABLE_RIGHTS, (schema,)):
                found.append(f"the role does not own the tables of the schema {schema}; connect as their owner")
        return found

    async def marker(self) -> Marker | None:
        """Returns the latest move into the database, None when there was none."""
        with translate_errors():
            return await find_marker(self._connection)

    async def contents(self, tables: Iterable[MovedTable]) -> list[str]:
        """Returns which of the tables have rows, each with their number."""
        found = []
        for table in tables:
            if await self._ask(_IS_TABLE, (table.full_name,)):
                statement = sql.SQL("SELECT count(*) FROM {}").format(_identifier(table))
                if count := await self._ask(statement):
                    found.append(f"{table.full_name} has {count} row{'s' if count > 1 else ''}")
        return found

    async def begin(self, installation: str) -> Marker:
        """Makes the schema, and marks the database as one that is being filled; durable when it returns."""
        with translate_errors():
            await upgrade(self._connection)
            return await mark_move_begun(self._connection, installation)

    @asynccontextmanager
    async def filling(self, tables: Sequence[MovedTable]) -> AsyncIterator[None]:
        """Empties the tables, then keeps the rows that the block writes, unless it raises."""
        with translate_errors():
            async with self._connection.transaction():
                names = sql.SQL(", ").join(_identifier(table) for table in tables)
                await self._connection.execute(sql.SQL("TRUNCATE {}").format(names))
                await self._connection.execute(_LEASES)
                yield

    async def add_months(self, first_id: Callable[[bytes], bytes | None]) -> None:
        """Makes the partitions of each month that has an execution. `first_id` returns the lowest id from one on."""
        low = LOWEST_ID
        while (found := first_id(low)) is not None:
            try:
                month = month_of(id_text(found))
            except (ValueError, OverflowError) as error:
                raise StoreCorrupt(f"the execution {id_text(found)} has an id without an instant: {error}") from error
            await add_month(self._connection, month)
            low = end_of_month(month)
            if low <= found:
                return

    async def put(self, table: MovedTable, rows: Iterable[Row]) -> None:
        """Writes rows into a table; one at a time is in memory."""
        kinds = tuple(table.columns.values())
        ids = [index for index, kind in enumerate(kinds) if kind == "uuid"]
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(_identifier(table), _columns(table))
        async with self._connection.cursor().copy(statement) as copy:
            copy.set_types(kinds)
            for row in rows:
                await copy.write_row(_with_ids(row, ids))

    async def sum(self, table: MovedTable, on_progress: Callable[[int], None]) -> Checksum:
        """Returns the sum of the rows of a table; `on_progress` is called now and then with their number so far."""
        tally = Tally()
        async for row in self._stored(table):
            tally.add(row)
            if tally.rows % STEP_ROWS == 0:
                on_progress(tally.rows)
        return tally.sum

    async def set_counters(self, counters: Counters, tables: Iterable[MovedTable]) -> None:
        """Sets the sequences of the database above all stored numbers."""
        for statement, value in ((_EPOCHS, counters.epoch), (_BATCHES, counters.batch), (_NAMES, counters.name)):
            await self._ask(statement, (value,))
        for table in tables:
            for column, sequence in await self._rows(_SERIALS, {"table": table.full_name}):
                highest = sql.SQL("SELECT setval({}, (SELECT coalesce(max({}), 0) + 1 FROM {}), false)")
                await self._ask(highest.format(sequence, sql.Identifier(column), _identifier(table)))

    async def learn(self, tables: Iterable[MovedTable]) -> None:
        """Updates the planner's statistics of the tables."""
        for table in tables:
            await self._connection.execute(sql.SQL("ANALYZE {}").format(_identifier(table)))

    async def finish(self, marker: Marker) -> None:
        """Marks the database as whole; durable when it returns. Raises: EngineError when another move has begun."""
        with translate_errors():
            if not await mark_move_finished(self._connection, marker):
                raise EngineError("another move into this database has begun since; this one is void")

    async def _stored(self, table: MovedTable) -> AsyncIterator[Row]:
        statement = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT (FORMAT BINARY)").format(
            _columns(table), _identifier(table)
        )
        async with self._connection.cursor().copy(statement) as copy:
            copy.set_types(tuple(table.columns.values()))
            async for row in copy.rows():
                yield row

    async def _ask(self, statement: Any, arguments: Any = ()) -> Any:
        with translate_errors():
            return await call(self._connection, statement, arguments)

    async def _rows(self, statement: str, arguments: Any) -> list[tuple[Any, ...]]:
        with translate_errors():
            return await rows(self._connection, statement, arguments)


@asynccontextmanager
async def open_receiver(address: str) -> AsyncIterator[Receiver]:
    """Opens a session with the database for the length of the block, during which no server works on it.

    Raises: DataFolderInUse when one does; StoreUnreachable; SettingsError for an address that is none.
    """
    sessions = Connections(address, 2, WRITER_OPTIONS)
    lock = SessionLock(sessions, ALONE.lock)
    try:
        with translate_errors():
            await lock.acquire()
            connection = await sessions.connect()
        try:
            yield Receiver(connection)
        finally:
            drop(connection)
    finally:
        lock.release()


def server_of(address: str) -> str:
    """Returns the `host/database` of an address, without user and password. Raises: SettingsError."""
    try:
        facts = conninfo_to_dict(address)
    except psycopg.Error as error:
        # The driver's words may quote the address, and so a password.
        raise SettingsError(
            "the address of the database is neither a URL such as postgresql://user@host/looply nor what libpq takes"
            " in its place, such as 'host=db dbname=looply'"
        ) from error
    host, name = facts.get("host") or facts.get("hostaddr") or "localhost", facts.get("dbname") or facts.get("user")
    port = f":{facts['port']}" if facts.get("port") else ""
    return f"{host}{port}/{name or ''}"


@contextmanager
def translate_errors() -> Iterator[None]:
    """Translates errors of the driver. Raises: StoreFull, StoreUnreachable, EngineError."""
    try:
        yield
    except psycopg.Error as error:
        text = one_line(error)
        if error.sqlstate == DISK_FULL:
            raise StoreFull("the disk of the database is full; nothing was moved. Make space and repeat") from error
        if isinstance(error, psycopg.OperationalError):
            raise StoreUnreachable(f"the database cannot be reached: {text}; repeat the command") from error
        raise EngineError(f"the database refuses the moved rows: {text}") from error


def _identifier(table: MovedTable) -> sql.Identifier:
    return sql.Identifier(table.schema, table.name)


def _columns(table: MovedTable) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, table.columns))


def _with_ids(row: Row, indexes: Sequence[int]) -> Row:
    if not indexes:
        return row
    values = list(row)
    for index in indexes:
        if values[index] is not None:
            values[index] = UUID(bytes=values[index])
    return tuple(values)
