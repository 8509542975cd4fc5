"""Opening of the database: the schema, the lease, and the startup state of a process."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Final

import psycopg

from looply.engine.coding.database_server import unfit_reasons
from looply.engine.coding.dictionary import STARTER, starter_dictionary
from looply.engine.coding.rows import id_text
from looply.engine.coding.schema_steps import missing_steps, read_steps
from looply.engine.postgres.database.connections import SCHEMA_NAME, Connection, call, rows
from looply.engine.postgres.database.sharing import Sharing
from looply.engine.records.startup import StartupState
from looply.errors import SchemaMismatch

_PACKAGE = "looply.engine.postgres"

_MOST_DEADLOCKS: Final = 9
# Held until the transaction ends: of two processes that start at once the second one finds the work done.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(1819242606, 0)"
_SCHEMA = f"CREATE SCHEMA IF NOT EXISTS {SCHEMA_NAME}"
_VERSIONS = "CREATE TABLE IF NOT EXISTS schema_version(n integer PRIMARY KEY, made timestamptz NOT NULL DEFAULT now())"
_HAS_VERSIONS = "SELECT to_regclass('schema_version') IS NOT NULL"
_STORED_VERSION = "SELECT coalesce(max(n), 0) FROM schema_version"
_MADE = "INSERT INTO schema_version(n) VALUES (%s)"
# Each write first holds the lease of its process (`hold_lease`): one that has begun ends, all others wait.
_HOLD_WRITERS = (
    "SELECT pg_advisory_xact_lock(1819242608, e::integer) FROM (SELECT epoch FROM lease ORDER BY epoch) l(e)"
)

_NEXT_EPOCH = "SELECT nextval('epoch')"
_TAKE_LEASE = "INSERT INTO lease(epoch) VALUES (%s)"
_HIGHEST = "SELECT id FROM execution ORDER BY id DESC LIMIT 1"
_DICTIONARIES = "SELECT n, bytes FROM dictionary"
_PUT_DICTIONARY = "INSERT INTO dictionary(n, bytes) VALUES (%s, %s) ON CONFLICT DO NOTHING"
_DEFINITIONS = "SELECT hash FROM definition"


async def read_boot(connection: Connection) -> StartupState:
    """Returns the startup state of a process that only reads: it takes no epoch and no lease, and has no suspects.

    Raises: SchemaMismatch for a schema that is not today's; psycopg.Error.
    """
    newest = max(read_steps(_PACKAGE))
    stored = await call(connection, _STORED_VERSION) if await call(connection, _HAS_VERSIONS) else 0
    if stored != newest:
        raise SchemaMismatch(f"the database has schema {stored}, and this release knows {newest}; start a server first")
    return StartupState(
        epoch=0,
        highest_id="",
        dictionaries=dict(await rows(connection, _DICTIONARIES)),
        definitions=frozenset(),
        poisoned=(),
    )


async def upgrade(connection: Connection, steps: Mapping[int, str] | None = None) -> None:
    """Brings the schema to today's, also while other processes work on it; `steps` are others than this release's.

    Raises: SchemaMismatch, psycopg.Error.
    """
    if reasons := unfit_reasons(connection.info.server_version, connection.info.parameter_status("server_encoding")):
        raise SchemaMismatch("; ".join(reasons))
    await repeat_deadlocked(lambda: _take_steps(connection, steps or read_steps(_PACKAGE)))


async def repeat_deadlocked(transact: Callable[[], Awaitable[None]]) -> None:
    """Runs a transaction, and repeats one that the server has ended because of a deadlock, ten times in all at most.

    Writers wait while the steps are taken, but readers, and writers of processes that have just started, do not: they
    lock tables in another order than an upgrade does. The server finds a deadlock after a second and rolls one of the
    transactions back, so that nothing of it is left.
    Raises: whatever the transaction raises, at the last time also psycopg.errors.DeadlockDetected.
    """
    for _ in range(_MOST_DEADLOCKS):
        with suppress(psycopg.errors.DeadlockDetected):
            await transact()
            return
    await transact()


async def _take_steps(connection: Connection, steps: Mapping[int, str]) -> None:
    async with connection.transaction():
        await connection.execute(_ONE_AT_A_TIME)
        await connection.execute(_SCHEMA)
        await connection.execute(_VERSIONS)
        stored = await call(connection, _STORED_VERSION)
        missing = missing_steps(steps, stored, "the database")
        if missing and stored:
            await connection.execute(_HOLD_WRITERS)
        for number, step in missing.items():
            await connection.execute(step.encode(), prepare=False)
            await connection.execute(_MADE, (number,))


async def take_over(connection: Connection, now: datetime, sharing: Sharing) -> StartupState:
    """Takes a lease with a new epoch and ends those of processes that have ended; returns the startup state.

    A process whose lease was ended did not stop in order: executions that it may have worked on are suspects.
    Raises: psycopg.Error.
    """
    async with connection.transaction():
        epoch: int = await call(connection, _NEXT_EPOCH)
        suspects, poisoned = await sharing.take_over(connection, epoch, now)
        await connection.execute(_TAKE_LEASE, (epoch,))
        dictionaries: Mapping[int, bytes] = dict(await rows(connection, _DICTIONARIES))
        if not dictionaries:
            dictionaries = {STARTER: starter_dictionary()}
            await connection.execute(_PUT_DICTIONARY, (STARTER, dictionaries[STARTER]))
        highest = await rows(connection, _HIGHEST)
        return StartupState(
            epoch=epoch,
            highest_id=id_text(highest[0][0]) if highest else "",
            dictionaries=dictionaries,
            definitions=frozenset(name for (name,) in await rows(connection, _DEFINITIONS)),
            poisoned=poisoned,
            suspects=frozenset(suspects),
        )
