"""Changes of datastores in the SQLite store, alone and within a unit."""

from typing import Final

import apsw

from looply.engine.records.datastores import Datastore, DatastoreChange, full_error, revision_error
from looply.engine.sql.datastores import SqlDatastores
from looply.engine.sqlite.file.names import Names
from looply.engine.sqlite.file.sessions import SqliteSessions
from looply.engine.sqlite.file.threads import Threads
from looply.instants import to_ms

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
        raise revision_error(change)


class SqliteDatastores(SqlDatastores):
    """The datastores of one file."""

    def __init__(self, threads: Threads) -> None:
        super().__init__(SqliteSessions(threads))
        self._threads = threads

    async def put(self, change: DatastoreChange) -> None:
        """Applies a change in a savepoint of its own. Raises: DatastoreMoved, DatastoresFull."""
        await self._threads.write(lambda connection: store_change(connection, self._threads.names, change))


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
    if is_new and connection.execute(_COUNT, (org,)).get > change.limit:
        raise full_error(change)
    return is_new
