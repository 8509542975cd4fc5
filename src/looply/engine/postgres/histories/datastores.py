"""Changes of datastores in the PostgreSQL store, alone and within a unit."""

from typing import Any, Final

import psycopg

from looply.engine.postgres.database.connections import Connection, row
from looply.engine.postgres.database.database import Database
from looply.engine.postgres.database.names import Names
from looply.engine.records.datastores import DatastoreChange, full_error, revision_error
from looply.engine.sql.datastores import SqlDatastores
from looply.engine.sql.sessions import Sessions
from looply.errors import EngineError
from looply.instants import to_ms

PUT: Final = "put_datastore(%s::integer, %s, %s, %s, %s::bytea, %s::bytea, %s, %s, %s, %s)"
"""The call that applies a change; `put_facts` returns its arguments."""

_REFUSALS: Final = {"LP010": revision_error, "LP011": full_error}
_PUT_ALONE: Final = f"SELECT {PUT} FROM hold_lease(%s)"
_STORED: Final = (
    "SELECT 1 FROM datastore d JOIN name n ON n.n = d.org WHERE n.id = %s AND d.name = %s AND d.digest = %s"
)
# A later change would have another revision: it was deleted by this call, or by another one that was answered so.
_GONE: Final = (
    "SELECT 1 FROM datastore_floor f JOIN name n ON n.n = f.org WHERE n.id = %s AND f.revision >= %s AND NOT EXISTS"
    " (SELECT 1 FROM datastore d WHERE d.org = f.org AND d.name = %s AND d.revision <= %s)"
)


def put_facts(change: DatastoreChange, org: int) -> tuple[Any, ...]:
    """Returns the arguments of `PUT`; `org` is the number of the organization."""
    after = change.after
    if after is None:
        return (org, change.name, change.expected, change.revision, None, None, None, None, None, change.limit)
    instants = (to_ms(after.created_on), to_ms(after.modified_on))
    target = (org, change.name, change.expected, change.revision)
    return (*target, after.body, after.digest, *instants, after.modified_by, change.limit)


def refusal_of(error: psycopg.Error, change: DatastoreChange) -> EngineError | None:
    """Returns the error for a refusal by the database's function, None for any other error."""
    refused = _REFUSALS.get(error.sqlstate or "")
    return refused(change) if refused is not None else None


class PostgresDatastores(SqlDatastores):
    """The datastores of one database."""

    def __init__(self, sessions: Sessions, database: Database, names: Names) -> None:
        super().__init__(sessions)
        self._database = database
        self._names = names

    async def put(self, change: DatastoreChange) -> None:
        """Applies a change in a transaction of its own. Raises: DatastoreMoved, DatastoresFull."""

        async def write(connection: Connection) -> None:
            numbers = await self._names.give(connection, [change.organization_id])
            arguments = (*put_facts(change, numbers[change.organization_id]), self._database.epoch)
            try:
                await connection.execute(_PUT_ALONE, arguments)
            except psycopg.Error as error:
                refusal = refusal_of(error, change)
                if refusal is None:
                    raise
                raise refusal from error

        async def found(connection: Connection) -> tuple[None] | None:
            owner, name = change.organization_id, change.name
            if change.after is not None:
                stored = await row(connection, _STORED, (owner, name, change.after.digest))
            else:
                stored = await row(connection, _GONE, (owner, change.revision, name, change.expected))
            return (None,) if stored is not None else None

        await self._database.write(write, [write_key_of(change)], found)


def write_key_of(change: DatastoreChange) -> tuple[str, str, str]:
    """Returns the key under which changes of the same datastore are made in their order."""
    return ("datastore", change.organization_id, change.name)
