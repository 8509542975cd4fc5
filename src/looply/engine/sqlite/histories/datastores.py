"""The datastores of the SQLite store, and the change of one within a unit."""

from collections.abc import Sequence
from typing import Final

import apsw

from looply.clock import to_ms
from looply.engine.coding.rows import datastore_from, datastore_summary_from
from looply.engine.records.datastores import (
    Datastore,
    DatastoreChange,
    DatastoreSummary,
    Found,
    find_damage,
    full_error,
    moved_error,
    verify_datastore,
)
from looply.engine.sqlite.file.names import Names
from looply.engine.sqlite.file.threads import Threads

_COLUMNS: Final = "n.id, d.name, d.revision, d.body, d.created_ms, d.modified_ms, d.modified_by, d.digest"
_FIND: Final = f"SELECT {_COLUMNS} FROM datastore d JOIN name n ON n.n = d.org WHERE n.id = ? AND d.name = ?"  # noqa: S608 - columns of our own
_SCAN: Final = f"SELECT {_COLUMNS} FROM datastore d JOIN name n ON n.n = d.org ORDER BY n.id, d.name"  # noqa: S608 - as above
_LIST: Final = (
    "SELECT d.name, d.revision, length(d.body), d.created_ms, d.modified_ms, d.modified_by"
    " FROM datastore d JOIN name n ON n.n = d.org WHERE n.id = ? AND d.name > ? ORDER BY d.name LIMIT ?"
)
_FLOOR: Final = "SELECT f.revision FROM datastore_floor f JOIN name n ON n.n = f.org WHERE n.id = ?"
_FLOOR_OF: Final = "SELECT revision FROM datastore_floor WHERE org = ?"
_COUNT: Final = "SELECT count(*) FROM datastore WHERE org = ?"
_INSERT: Final = (
    "INSERT INTO datastore(org, name, revision, body, digest, created_ms, modified_ms, modified_by)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_UPDATE: Final = (
    "UPDATE datastore SET revision = ?, body = ?, digest = ?, modified_ms = ?, modified_by = ?"
    " WHERE org = ? AND name = ? AND revision = ?"
)
_DELETE: Final = "DELETE FROM datastore WHERE org = ? AND name = ? AND revision = ?"
_RAISE_FLOOR: Final = (
    "INSERT INTO datastore_floor(org, revision) VALUES (?, ?)"
    " ON CONFLICT DO UPDATE SET revision = max(revision, excluded.revision)"
)


def store_change(connection: apsw.Connection, names: Names, change: DatastoreChange) -> None:
    """Applies a change within the transaction of the writer. Raises: DatastoreMoved, DatastoresFull."""
    org, after = names.number(connection, change.organization_id), change.after
    if after is None:
        is_changed = _delete(connection, org, change)
    elif change.expected:
        facts = (after.revision, after.body, after.digest, to_ms(after.modified_on), after.modified_by)
        connection.execute(_UPDATE, (*facts, org, change.name, change.expected))
        is_changed = connection.changes() == 1
    else:
        is_changed = _insert(connection, org, change, after)
    if not is_changed:
        raise moved_error(change)


class SqliteDatastores:
    """See `looply.engine.records.datastores.Datastores`."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    async def find(self, organization_id: str, name: str) -> Found:
        """Returns what is stored under a name. Raises: StoreCorrupt."""

        def read(connection: apsw.Connection) -> Found:
            row = connection.execute(_FIND, (organization_id, name)).fetchone()
            if row is None:
                floor: int | None = connection.execute(_FLOOR, (organization_id,)).get
                return Found(stored=None, next_revision=(floor or 0) + 1)
            stored = verify_datastore(datastore_from(row))
            return Found(stored=stored, next_revision=stored.revision + 1)

        return await self._threads.read(read)

    async def list(self, organization_id: str, after: str, limit: int) -> Sequence[DatastoreSummary]:
        """Returns up to `limit` datastores of an organization by name, those after `after`."""
        sought = (organization_id, after, limit)
        return await self._threads.read(
            lambda connection: [datastore_summary_from(row) for row in connection.execute(_LIST, sought)]
        )

    async def put(self, change: DatastoreChange) -> None:
        """Applies a change by itself. Raises: DatastoreMoved, DatastoresFull."""
        await self._threads.write(lambda connection: store_change(connection, self._threads.names, change))

    async def find_damaged(self) -> Sequence[str]:
        """Returns a line for each datastore that cannot be read as it was stored."""

        def read(connection: apsw.Connection) -> list[str]:
            return [line for row in connection.execute(_SCAN) if (line := find_damage(datastore_from(row)))]

        return await self._threads.read(read)


def _delete(connection: apsw.Connection, org: int, change: DatastoreChange) -> bool:
    connection.execute(_DELETE, (org, change.name, change.expected))
    is_changed = connection.changes() == 1
    if is_changed:
        connection.execute(_RAISE_FLOOR, (org, change.revision))
    return is_changed


def _insert(connection: apsw.Connection, org: int, change: DatastoreChange, after: Datastore) -> bool:
    floor: int | None = connection.execute(_FLOOR_OF, (org,)).get
    if after.revision <= (floor or 0):
        return False
    connection.execute(
        _INSERT,
        (
            org,
            after.name,
            after.revision,
            after.body,
            after.digest,
            to_ms(after.created_on),
            to_ms(after.modified_on),
            after.modified_by,
        ),
    )
    is_new = connection.changes() == 1
    if is_new and connection.execute(_COUNT, (org,)).get > change.most:
        raise full_error(change)
    return is_new
