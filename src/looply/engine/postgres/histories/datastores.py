"""The datastores of the PostgreSQL store, and the change of one within a unit."""

from collections.abc import Sequence
from typing import Any, Final

import psycopg

from looply.clock import to_ms
from looply.engine.coding.rows import datastore_from, datastore_summary_from
from looply.engine.postgres.database.connections import Connection, row, rows
from looply.engine.postgres.database.database import Database
from looply.engine.postgres.database.names import Names
from looply.engine.records.datastores import (
    DatastoreChange,
    DatastoreSummary,
    Found,
    find_damage,
    full_error,
    moved_error,
    verify_datastore,
)
from looply.errors import EngineError

PUT: Final = "put_datastore(%s::integer, %s, %s, %s, %s::bytea, %s::bytea, %s, %s, %s, %s)"
"""The call that applies a change; `put_facts` gives its arguments."""

_REFUSALS: Final = {"LP010": moved_error, "LP011": full_error}
_PUT_ALONE: Final = f"SELECT {PUT} FROM hold_lease(%s)"
_COLUMNS: Final = "n.id, d.name, d.revision, d.body, d.created_ms, d.modified_ms, d.modified_by, d.digest"
# One row for an organization that is known, whether it has the datastore or not: both facts are of one instant.
_FIND: Final = (
    f"SELECT coalesce(f.revision, 0), {_COLUMNS} FROM name n"
    " LEFT JOIN datastore_floor f ON f.org = n.n LEFT JOIN datastore d ON d.org = n.n AND d.name = %s WHERE n.id = %s"
)
_LIST: Final = (
    "SELECT d.name, d.revision, length(d.body), d.created_ms, d.modified_ms, d.modified_by"
    " FROM datastore d JOIN name n ON n.n = d.org WHERE n.id = %s AND d.name > %s ORDER BY d.name LIMIT %s"
)
_SCAN: Final = f"SELECT {_COLUMNS} FROM datastore d JOIN name n ON n.n = d.org ORDER BY n.id, d.name"
_STORED: Final = (
    "SELECT 1 FROM datastore d JOIN name n ON n.n = d.org WHERE n.id = %s AND d.name = %s AND d.digest = %s"
)
# A later change would have another revision: who deleted it was this one, or somebody who was told so.
_GONE: Final = (
    "SELECT 1 FROM datastore_floor f JOIN name n ON n.n = f.org WHERE n.id = %s AND f.revision >= %s AND NOT EXISTS"
    " (SELECT 1 FROM datastore d WHERE d.org = f.org AND d.name = %s AND d.revision <= %s)"
)


def put_facts(change: DatastoreChange, org: int) -> tuple[Any, ...]:
    """Returns the arguments of `PUT`; `org` is the number of the organization."""
    after = change.after
    if after is None:
        return (org, change.name, change.expected, change.revision, None, None, None, None, None, change.most)
    instants = (to_ms(after.created_on), to_ms(after.modified_on))
    place = (org, change.name, change.expected, change.revision)
    return (*place, after.body, after.digest, *instants, after.modified_by, change.most)


def refusal_of(error: psycopg.Error, change: DatastoreChange) -> EngineError | None:
    """Returns what a refusal by the database's function means, None when the error is another one."""
    refused = _REFUSALS.get(error.sqlstate or "")
    return refused(change) if refused is not None else None


class PostgresDatastores:
    """See `looply.engine.records.datastores.Datastores`."""

    def __init__(self, database: Database, names: Names) -> None:
        self._database = database
        self._names = names

    async def find(self, organization_id: str, name: str) -> Found:
        """Returns what is stored under a name. Raises: StoreCorrupt."""
        found = await self._database.read(lambda connection: row(connection, _FIND, (name, organization_id)))
        if found is None:
            return Found(stored=None, next_revision=1)
        floor, *facts = found
        if facts[1] is None:
            return Found(stored=None, next_revision=floor + 1)
        stored = verify_datastore(datastore_from(tuple(facts)))
        return Found(stored=stored, next_revision=stored.revision + 1)

    async def list(self, organization_id: str, after: str, limit: int) -> Sequence[DatastoreSummary]:
        """Returns up to `limit` datastores of an organization by name, those after `after`."""
        sought = (organization_id, after, limit)
        found = await self._database.read(lambda connection: rows(connection, _LIST, sought))
        return [datastore_summary_from(each) for each in found]

    async def put(self, change: DatastoreChange) -> None:
        """Applies a change by itself. Raises: DatastoreMoved, DatastoresFull."""

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

        await self._database.write(write, [lane_of(change)], found)

    async def find_damaged(self) -> Sequence[str]:
        """Returns a line for each datastore that cannot be read as it was stored."""
        found = await self._database.read(lambda connection: rows(connection, _SCAN))
        return [line for each in found if (line := find_damage(datastore_from(each)))]


def lane_of(change: DatastoreChange) -> tuple[str, str, str]:
    """Returns what other changes may want at the same time."""
    return ("datastore", change.organization_id, change.name)
