"""The datastores of a store with tables."""

from collections.abc import Sequence
from typing import Final

from looply.engine.coding.rows import Row, datastore_from, datastore_summary_from
from looply.engine.records.datastores import DatastoreSummary, NamedDatastore, find_damage, verify_datastore
from looply.engine.sql.sessions import Sessions

_COLUMNS: Final = "n.id, d.name, d.revision, d.body, d.created_ms, d.modified_ms, d.modified_by, d.digest"
# One row for an organization that is known, whether it has the datastore or not: both answers are of one instant.
_FIND: Final = (
    f"SELECT coalesce(f.revision, 0), {_COLUMNS} FROM name n LEFT JOIN datastore_floor f ON f.org = n.n"
    " LEFT JOIN datastore d ON d.org = n.n AND d.name = :name WHERE n.id = :organization"
)
_LIST: Final = (
    "SELECT d.name, d.revision, length(d.body), d.created_ms, d.modified_ms, d.modified_by FROM datastore d"
    " JOIN name n ON n.n = d.org WHERE n.id = :organization AND d.name > :after ORDER BY d.name LIMIT :limit"
)
_SCAN: Final = f"SELECT {_COLUMNS} FROM datastore d JOIN name n ON n.n = d.org ORDER BY n.id, d.name"


class SqlDatastores:
    """See `looply.engine.records.datastores.Datastores`; each store adds `put`."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def find(self, organization_id: str, name: str) -> NamedDatastore:
        """Returns what is stored under a name. Raises: StoreCorrupt."""
        found = await self._sessions.find(_found_from, _FIND, {"organization": organization_id, "name": name})
        return found or NamedDatastore(stored=None, next_revision=1)

    async def list(self, organization_id: str, after: str, limit: int) -> Sequence[DatastoreSummary]:
        """Returns up to `limit` datastores of an organization by name, those after `after`."""
        parameters = {"organization": organization_id, "after": after, "limit": limit}
        return await self._sessions.select(datastore_summary_from, _LIST, parameters)

    async def find_damaged(self) -> Sequence[str]:
        """Returns a line for each datastore that cannot be read as it was stored."""
        found = await self._sessions.select(lambda row: find_damage(datastore_from(row)), _SCAN)
        return [line for line in found if line]


def _found_from(row: Row) -> NamedDatastore:
    floor, *columns = row
    if columns[1] is None:
        return NamedDatastore(stored=None, next_revision=floor + 1)
    stored = verify_datastore(datastore_from(tuple(columns)))
    return NamedDatastore(stored=stored, next_revision=stored.revision + 1)
