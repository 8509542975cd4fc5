"""The catalog on PostgreSQL: any number of processes share it.

Theory of operation. Every write begins by counting up the one row of `change_count`. That does two things at once:

- Writers of all processes take turns, since the row is theirs until their transaction ends. Each statement of a writer
  sees what every writer before it has stored, so a function that reads, judges and writes needs no other care, exactly
  as on SQLite. Transactions that are serializable would need to be tried again, and would still need the count; an
  advisory lock would be a second thing beside it. Authors are few: a turn lasts some milliseconds.
- Whoever reads the count knows whether anything has changed since, with the change itself and not before or after it.

A connection breaks now and then. Before the COMMIT was sent nothing is stored. After that the number of the transaction
says what became of it; only a database that cannot be asked any more leaves that open.

Sums of tables (`looply.catalog.storage.sums`) are SQLite's alone, since a file has nobody who guards it. Here the
server does: its checksums of pages find what has turned on the disk (on by default from PostgreSQL 18 on, before that
chosen by `initdb --data-checksums`), its log has one for each record, and backups are proved by `pg_verifybackup`.
"""

import select
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import conninfo
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError

from looply.catalog.storage.database import Function, Result
from looply.catalog.storage.schema import HEAD, migrate, stored_revision
from looply.engine.coding.database_server import CONNECT_OPTIONS, one_line, unfit_reasons
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
"""Connections that read; beside them one writes and one looks at the count of changes."""

BUSY_SECONDS: Final = 5
"""How long a writer waits for its turn."""

STANDSTILL_SECONDS: Final = 10
"""A process that stands still so long in the middle of its turn loses it."""

MIGRATION_SECONDS: Final = 60
"""How long a start waits for another process that migrates, and how long that one may stand still."""

TURN_SECONDS: Final = 30
"""How long who changes more than the catalog waits for another process that does."""

_SESSION = f"-c search_path={SCHEMA_NAME} -c synchronous_commit=on -c jit=off"
_WRITER = (
    f"{_SESSION} -c default_transaction_isolation=read\\ committed -c default_transaction_read_only=off"
    f" -c lock_timeout={BUSY_SECONDS}s -c idle_in_transaction_session_timeout={STANDSTILL_SECONDS}s"
)
_READER = f"{_SESSION} -c default_transaction_isolation=repeatable\\ read -c default_transaction_read_only=on"

_DEFAULTS: Final = {**CONNECT_OPTIONS, "application_name": "looply catalog"}

# What runs the migrations is loaded in their midst, which is no standing still.
_PATIENCE = (
    f"SET LOCAL lock_timeout = '{MIGRATION_SECONDS}s'",
    f"SET LOCAL idle_in_transaction_session_timeout = '{MIGRATION_SECONDS}s'",
)
# Held until the transaction ends: of two processes that start at once the second one finds the work done.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(1819242620, 0)"
_HOLD = "SELECT pg_advisory_lock(1819242621, 0)"
# Asked first: only an owner of the database may say CREATE SCHEMA, also when there is nothing to create.
_HAS_SCHEMA = f"SELECT 1 FROM pg_namespace WHERE nspname = '{SCHEMA_NAME}'"  # noqa: S608 - a name of our own
_MAKE_SCHEMA = f"CREATE SCHEMA {SCHEMA_NAME}"

_COUNT = "UPDATE change_count SET changes = changes + 1 RETURNING pg_current_xact_id()::text, pg_backend_pid()"
_LOOK = "SELECT changes FROM change_count"
_STATUS = "SELECT pg_xact_status(%s::xid8)"
_END = "SELECT pg_terminate_backend(%s, 5000)"
_ENDINGS_TRIED = 3
_UNDER_WAY = "in progress"
_ENDED: Final = {"committed": True, "aborted": False}

# The server says by these that the session is over, or that it takes none: none of what was under way is stored.
_AWAY = ("08", "57P", "53300", "25P03", "25P04", "25006", "55000")
_TURN_NOT_HAD = ("40001", "40P01", "55P03", "57014")
_FULL = "53100"
_DAMAGED = "XX00"
_UNFIT = "22"


class _Turn(NamedTuple):
    """The transaction of a writer, by its number and its session."""

    transaction: str
    session: int


class PostgresDatabase:
    """The schema `looply_catalog` of the database at `address`, which is whatever libpq takes.

    Nothing is connected yet. Raises: SettingsError for an address that is none.
    """

    readers = READERS
    is_shared = True
    errors: tuple[type[Exception], ...] = (psycopg.Error,)

    def __init__(self, address: str) -> None:
        try:
            facts = conninfo.conninfo_to_dict(address)
        except psycopg.Error as error:
            raise SettingsError("the address of the catalog's database is none that PostgreSQL knows") from error
        self._facts: dict[str, Any] = {**_DEFAULTS, **facts}
        self._writer = self._engine(_WRITER, 1)
        self._reader = self._engine(_READER, READERS)
        self._looker: psycopg.Connection[tuple[int]] | None = None

    def open(self) -> None:
        """Makes the schema where it is missing, and brings its tables to today's form."""
        with self._writer.connect() as connection, connection.begin():
            upgrade(connection)

    def read(self, function: Function[Result]) -> Result:
        """Runs `function` on one state of the database, once more if the session broke."""
        try:
            return self._read(function)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return self._read(function)

    def write(self, function: Function[Result]) -> Result:
        """Runs `function` when it is its turn; one whose COMMIT went unanswered has its outcome found out."""
        with self._writer.connect() as connection, connection.begin() as transaction:
            turn = _Turn(*connection.exec_driver_sql(_COUNT).one())
            result = function(connection)
            try:
                transaction.commit()
            except DBAPIError as error:
                if error.connection_invalidated and self._is_stored(turn, error):
                    return result
                raise
            return result

    def changes(self) -> int:
        """Returns the count, as stored when the server was asked."""
        if self._looker is not None and not _has_word(self._looker):
            try:
                return _looked(self._looker)
            except psycopg.OperationalError:
                # A session that broke says nothing of the database: a new one does.
                pass
        self._leave()
        self._looker = self._connected(_READER, autocommit=True)
        return _looked(self._looker)

    def hold(self) -> Callable[[], None]:
        """Takes a lock that lives as long as a session of its own."""
        session = self._connected(f"{_WRITER} -c lock_timeout={TURN_SECONDS}s", autocommit=True)
        try:
            session.execute(_HOLD)
        except psycopg.Error:
            session.close()
            raise
        return session.close

    def failure(self, error: Exception, *, writes: bool, is_opening: bool) -> LooplyError:  # noqa: ARG002
        """Returns our error for the driver's."""
        return store_error(error)

    def dispose(self) -> None:
        """Closes all connections."""
        self._leave()
        self._writer.dispose()
        self._reader.dispose()

    def _engine(self, options: str, size: int) -> Engine:
        engine = create_engine(
            "postgresql+psycopg://",
            creator=lambda: self._connected(options),
            pool_size=size,
            max_overflow=0,
            use_native_hstore=False,
        )
        event.listen(engine, "checkout", _check)
        return engine

    def _connected(self, options: str, *, autocommit: bool = False) -> psycopg.Connection[Any]:
        # The last one wins: what is promised does not hang on what the address says.
        facts = {**self._facts, "options": f"{self._facts.get('options', '')} {options}"}
        return psycopg.connect(**facts, autocommit=autocommit)

    def _read(self, function: Function[Result]) -> Result:
        with self._reader.connect() as connection, connection.begin():
            return function(connection)

    def _leave(self) -> None:
        looker, self._looker = self._looker, None
        if looker is not None:
            looker.close()

    def _is_stored(self, turn: _Turn, cause: DBAPIError) -> bool:
        """Returns whether a transaction was stored whose session broke. Raises: StoreLost when nobody can say."""
        try:
            with self._connected(_READER, autocommit=True) as connection:
                status = _status(connection, turn)
        except psycopg.Error as error:
            raise _lost(cause) from error
        if status not in _ENDED:
            raise _lost(cause)
        return _ENDED[status]


def _looked(session: psycopg.Connection[Any]) -> int:
    row: tuple[int] | None = session.execute(_LOOK, prepare=True).fetchone()
    if row is None:
        raise StoreCorrupt("the catalog's count of changes is gone; restore it from a backup")
    return row[0]


def _status(connection: psycopg.Connection[Any], turn: _Turn) -> str:
    """Returns what became of a transaction, once its session is over; empty when the server has forgotten."""
    status = _UNDER_WAY
    for _ in range(_ENDINGS_TRIED):
        row = connection.execute(_STATUS, (turn.transaction,)).fetchone()
        status = row[0] or "" if row is not None else ""
        if status != _UNDER_WAY:
            break
        # The server has not noticed yet: it is ended, so that it can store nothing after we have looked.
        connection.execute(_END, (turn.session,))
    return status


def upgrade(connection: Connection) -> None:
    """Brings the schema to today's form, in the transaction of `connection`; of several processes one after the other.

    Raises: SchemaMismatch for a server that is too old, another encoding, tables of a newer release, and others.
    """
    server = connection.connection.driver_connection.info  # type: ignore[union-attr]
    if reasons := unfit_reasons(server.server_version, server.parameter_status("server_encoding")):
        raise SchemaMismatch("; ".join(reasons))
    for setting in _PATIENCE:
        connection.exec_driver_sql(setting)
    connection.exec_driver_sql(_ONE_AT_A_TIME)
    if connection.exec_driver_sql(_HAS_SCHEMA).first() is None:
        connection.exec_driver_sql(_MAKE_SCHEMA)
    if stored_revision(connection) != HEAD:
        migrate(connection)


def store_error(error: Exception) -> LooplyError:
    """Returns our error for the driver's, told by its SQLSTATE, never by its text."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlstate", None) or ""
    if isinstance(cause, psycopg.IntegrityError):
        return Conflict("another change came in between; read the object again and repeat", code="STALE")
    if code in _TURN_NOT_HAD:
        return Overloaded("another process writes to the catalog; repeat in a second")
    if code == _FULL:
        return StoreFull("the disk of the catalog's database is full; nothing was stored")
    # Without a code it is the driver that speaks: no connection was to be had, or it broke.
    if code.startswith(_AWAY) or (not code and isinstance(cause, psycopg.OperationalError)):
        return StoreUnreachable(f"the catalog's database cannot be reached; nothing was stored: {one_line(cause)}")
    if code.startswith(_DAMAGED) and code != _DAMAGED + "0":
        return StoreCorrupt(f"the catalog's database is damaged: {one_line(cause)}; restore it from a backup")
    if isinstance(cause, psycopg.DataError) and (not code or code.startswith(_UNFIT)):
        return BadRequest(f"a value cannot be stored: {one_line(cause)}", code="UNSTORABLE")
    return EngineError(f"the catalog cannot be used: {one_line(cause)}", code="STORE_UNAVAILABLE")


def _check(connection: psycopg.Connection[Any], _record: Any, _proxy: Any) -> None:
    """Lets the pool replace a connection that broke while it rested."""
    if _has_word(connection):
        raise DisconnectionError


def _has_word(connection: psycopg.Connection[Any]) -> bool:
    """Returns whether the session is over: the server says nothing to one that rests, unless it ends it."""
    if connection.closed:
        return True
    watch = select.poll()
    watch.register(connection.pgconn.socket, select.POLLIN)
    return bool(watch.poll(0))


def _lost(cause: DBAPIError) -> StoreLost:
    message = "the connection to the catalog's database broke; whether the change was stored is unknown"
    return StoreLost(f"{message}: {one_line(cause.orig)}")
