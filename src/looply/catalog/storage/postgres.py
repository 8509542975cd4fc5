"""The catalog on PostgreSQL, shared by any number of processes.

Theory of operation. Every write begins by incrementing the one row of `change_count`. That does two things at once:

- It serializes the writers of all processes, since the row is locked until the transaction ends. Each statement of a
  writer sees the changes of every earlier writer, so a function that reads, decides and writes needs no other locks,
  exactly as on SQLite. Serializable transactions would need retries, and still the count; an advisory lock would be
  needed in addition to the count. Authors are few: a write lasts some milliseconds.
- A reader of the count learns whether anything has changed, in the same instant as the change becomes visible.

Connections can break. Before the COMMIT was sent nothing is stored. After that the status of the transaction id shows
whether it was committed; the outcome is unknown only when the database cannot be queried any more.

Sums of tables (`looply.catalog.storage.sums`) exist on SQLite only. On PostgreSQL the server detects damage: page
checksums find corruption on the disk (on by default since PostgreSQL 18, before that by `initdb --data-checksums`),
its WAL has a checksum for each record, and `pg_verifybackup` verifies backups.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import conninfo
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError

from looply.catalog.storage.database import Function, Result
from looply.catalog.storage.schema import HEAD, migrate, read_revision
from looply.engine.coding.database_server import (
    BAD_DATA,
    CONFLICTS,
    CONNECT_OPTIONS,
    DAMAGED,
    DISK_FULL,
    HELD_BACK,
    NO_SESSION,
    has_pending_input,
    one_line,
    unfit_reasons,
)
from looply.errors import (
    BadRequest,
    Conflict,
    EngineError,
    LooplyError,
    Overloaded,
    SchemaMismatch,
    SettingsError,
    StoreCorrupt,
    StoreFull,
    StoreLost,
    StoreUnreachable,
)

SCHEMA_NAME: Final = "looply_catalog"

READERS: Final = 2
"""Connections that read; in addition one writes and one reads the change count."""

BUSY_SECONDS: Final = 5
"""How long a writer waits for the lock of the change count."""

IDLE_SECONDS: Final = 10
"""A writer that is idle in its transaction for longer loses its session."""

MIGRATION_SECONDS: Final = 60
"""How long a start waits for another process that migrates, and how long a migration may be idle."""

TURN_SECONDS: Final = 30
"""How long `exclusive` waits for another process that holds the lock."""

_SESSION = f"-c search_path={SCHEMA_NAME} -c synchronous_commit=on -c jit=off"
_WRITER = (
    f"{_SESSION} -c default_transaction_isolation=read\\ committed -c default_transaction_read_only=off"
    f" -c lock_timeout={BUSY_SECONDS}s -c idle_in_transaction_session_timeout={IDLE_SECONDS}s"
)
_READER = f"{_SESSION} -c default_transaction_isolation=repeatable\\ read -c default_transaction_read_only=on"

_DEFAULTS: Final = {**CONNECT_OPTIONS, "application_name": "looply catalog"}

# The migration tool is imported during the transaction, which must not count as idle.
_MIGRATION_TIMEOUTS = (
    f"SET LOCAL lock_timeout = '{MIGRATION_SECONDS}s'",
    f"SET LOCAL idle_in_transaction_session_timeout = '{MIGRATION_SECONDS}s'",
)
# Held until the transaction ends: of two processes that start at once the second one finds nothing to migrate.
_LOCK_MIGRATION = "SELECT pg_advisory_xact_lock(1819242620, 0)"
_LOCK_EXCLUSIVE = "SELECT pg_advisory_lock(1819242621, 0)"
# Checked first: CREATE SCHEMA needs the right to create even when the schema exists.
_HAS_SCHEMA = f"SELECT 1 FROM pg_namespace WHERE nspname = '{SCHEMA_NAME}'"  # noqa: S608 - a name of our own
_MAKE_SCHEMA = f"CREATE SCHEMA {SCHEMA_NAME}"

_COUNT = "UPDATE change_count SET changes = changes + 1 RETURNING pg_current_xact_id()::text, pg_backend_pid()"
_READ_COUNT = "SELECT changes FROM change_count"
_STATUS = "SELECT pg_xact_status(%s::xid8)"
_TERMINATE_SESSION = "SELECT pg_terminate_backend(%s, 5000)"
_TERMINATION_ATTEMPTS = 3
_IN_PROGRESS = "in progress"
_OUTCOMES: Final = {"committed": True, "aborted": False}


class _WriterTransaction(NamedTuple):
    """The transaction of a writer: its transaction id and the process id of its session."""

    transaction: str
    session: int


class PostgresDatabase:
    """The schema `looply_catalog` of the database at `address`, a libpq address.

    It connects on first use. Raises: SettingsError for an invalid address.
    """

    readers = READERS
    is_shared = True
    errors: tuple[type[Exception], ...] = (psycopg.Error,)

    def __init__(self, address: str) -> None:
        try:
            parameters = conninfo.conninfo_to_dict(address)
        except psycopg.Error as error:
            raise SettingsError("the address of the catalog's database is not a valid PostgreSQL address") from error
        self._parameters: dict[str, Any] = {**_DEFAULTS, **parameters}
        self._writer = self._engine(_WRITER, 1)
        self._reader = self._engine(_READER, READERS)
        self._change_reader: psycopg.Connection[tuple[int]] | None = None

    def open(self) -> None:
        """Creates the schema if it is missing, and upgrades its tables to the current form."""
        with self._writer.connect() as connection, connection.begin():
            upgrade(connection)

    def read(self, function: Function[Result]) -> Result:
        """Runs `function` on one snapshot of the database, and once more if the session broke."""
        try:
            return self._read(function)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return self._read(function)

    def write(self, function: Function[Result]) -> Result:
        """Runs `function` serialized with all writers; when its COMMIT gets no answer, queries the outcome."""
        with self._writer.connect() as connection, connection.begin() as transaction:
            writer = _WriterTransaction(*connection.exec_driver_sql(_COUNT).one())
            result = function(connection)
            try:
                transaction.commit()
            except DBAPIError as error:
                if error.connection_invalidated and self._is_stored(writer, error):
                    return result
                raise
            return result

    def changes(self) -> int:
        """Returns the change count, as stored at the time of the query."""
        if self._change_reader is not None and not _has_ended(self._change_reader):
            try:
                return _read_change_count(self._change_reader)
            except psycopg.OperationalError:
                # The session broke, which does not mean that the database is unreachable: try a new one.
                pass
        self._close_change_reader()
        self._change_reader = self._connect(_READER, autocommit=True)
        return _read_change_count(self._change_reader)

    def acquire_lock(self) -> Callable[[], None]:
        """Acquires an advisory lock on a separate session, and returns the function that closes the session."""
        session = self._connect(f"{_WRITER} -c lock_timeout={TURN_SECONDS}s", autocommit=True)
        try:
            session.execute(_LOCK_EXCLUSIVE)
        except psycopg.Error:
            session.close()
            raise
        return session.close

    def translate_error(self, error: Exception, *, writes: bool, is_opening: bool) -> LooplyError:  # noqa: ARG002
        """Returns the `LooplyError` for an error of the driver."""
        return store_error(error)

    def dispose(self) -> None:
        """Closes all connections."""
        self._close_change_reader()
        self._writer.dispose()
        self._reader.dispose()

    def _engine(self, options: str, size: int) -> Engine:
        engine = create_engine(
            "postgresql+psycopg://",
            creator=lambda: self._connect(options),
            pool_size=size,
            max_overflow=0,
            use_native_hstore=False,
        )
        event.listen(engine, "checkout", _check)
        return engine

    def _connect(self, options: str, *, autocommit: bool = False) -> psycopg.Connection[Any]:
        # The last option wins, so that options of the address cannot weaken the guarantees.
        parameters = {**self._parameters, "options": f"{self._parameters.get('options', '')} {options}"}
        return psycopg.connect(**parameters, autocommit=autocommit)

    def _read(self, function: Function[Result]) -> Result:
        with self._reader.connect() as connection, connection.begin():
            return function(connection)

    def _close_change_reader(self) -> None:
        reader, self._change_reader = self._change_reader, None
        if reader is not None:
            reader.close()

    def _is_stored(self, writer: _WriterTransaction, cause: DBAPIError) -> bool:
        """Returns whether a transaction whose session broke was committed. Raises: StoreLost when it is unknown."""
        try:
            with self._connect(_READER, autocommit=True) as connection:
                status = _status(connection, writer)
        except psycopg.Error as error:
            raise _lost_error(cause) from error
        if status not in _OUTCOMES:
            raise _lost_error(cause)
        return _OUTCOMES[status]


def _read_change_count(session: psycopg.Connection[Any]) -> int:
    row: tuple[int] | None = session.execute(_READ_COUNT, prepare=True).fetchone()
    if row is None:
        raise StoreCorrupt("the catalog's count of changes is gone; restore it from a backup")
    return row[0]


def _status(connection: psycopg.Connection[Any], writer: _WriterTransaction) -> str:
    """Returns the status of a transaction once its session has ended; empty when the server no longer knows it."""
    status = _IN_PROGRESS
    for _ in range(_TERMINATION_ATTEMPTS):
        row = connection.execute(_STATUS, (writer.transaction,)).fetchone()
        status = row[0] or "" if row is not None else ""
        if status != _IN_PROGRESS:
            break
        # The server has not noticed the broken session: it is terminated, so that it cannot commit after this check.
        connection.execute(_TERMINATE_SESSION, (writer.session,))
    return status


def upgrade(connection: Connection) -> None:
    """Upgrades the schema to the current form in the transaction of `connection`; processes that start are serialized.

    Raises: SchemaMismatch for a server that is too old, another encoding, and tables of a newer release or of another
    product.
    """
    driver_connection = connection.connection.driver_connection
    assert driver_connection is not None
    server = driver_connection.info
    if reasons := unfit_reasons(server.server_version, server.parameter_status("server_encoding")):
        raise SchemaMismatch("; ".join(reasons))
    for setting in _MIGRATION_TIMEOUTS:
        connection.exec_driver_sql(setting)
    connection.exec_driver_sql(_LOCK_MIGRATION)
    if connection.exec_driver_sql(_HAS_SCHEMA).first() is None:
        connection.exec_driver_sql(_MAKE_SCHEMA)
    if read_revision(connection) != HEAD:
        migrate(connection)


def store_error(error: Exception) -> LooplyError:
    """Returns the `LooplyError` for an error of the driver, chosen by its SQLSTATE, never by its text."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlstate", None) or ""
    if isinstance(cause, psycopg.IntegrityError):
        return Conflict("another change came in between; read the object again and repeat", code="STALE")
    if code in (*CONFLICTS, *HELD_BACK):
        return Overloaded("another process writes to the catalog; repeat in a second")
    if code == DISK_FULL:
        return StoreFull(
            "the disk of the catalog's database is full; nothing was stored; make space and repeat the call"
        )
    # An error without a code comes from the driver: it could not connect, or the connection broke.
    if code.startswith(NO_SESSION) or (not code and isinstance(cause, psycopg.OperationalError)):
        return StoreUnreachable(
            f"the catalog's database cannot be reached; nothing was stored: {one_line(cause)}; repeat the call once the"
            " database answers"
        )
    if code.startswith(DAMAGED) and code != DAMAGED + "0":
        return StoreCorrupt(f"the catalog's database is damaged: {one_line(cause)}; restore it from a backup")
    if isinstance(cause, psycopg.DataError) and (not code or code.startswith(BAD_DATA)):
        return BadRequest(
            f"a value cannot be stored: {one_line(cause)}; correct it, and repeat the call", code="UNSTORABLE"
        )
    return EngineError(f"the catalog cannot be used: {one_line(cause)}", code="STORE_UNAVAILABLE")


def _check(connection: psycopg.Connection[Any], _record: Any, _proxy: Any) -> None:
    """Makes the pool replace a connection that broke while it was idle."""
    if _has_ended(connection):
        raise DisconnectionError


def _has_ended(connection: psycopg.Connection[Any]) -> bool:
    """Returns whether the session has ended: a server sends nothing to an idle session unless it ends it."""
    return connection.closed or has_pending_input(connection.pgconn.socket)


def _lost_error(cause: DBAPIError) -> StoreLost:
    message = "the connection to the catalog's database broke; whether the change was stored is unknown"
    return StoreLost(f"{message}: {one_line(cause.orig)}")
