"""The datastores of the memory store."""

from collections.abc import Sequence

from kit.memory.commits import Commits
from kit.memory.data import MemoryData
from looply.engine.records.datastores import (
    DatastoreChange,
    DatastoreSummary,
    NamedDatastore,
    find_damage,
    verify_datastore,
)


class MemoryDatastores:
    """See `looply.engine.records.datastores.Datastores`."""

    def __init__(self, data: MemoryData, commits: Commits) -> None:
        self._data = data
        self._commits = commits

    async def find(self, organization_id: str, name: str) -> NamedDatastore:
        """Returns what is stored under a name. Raises: StoreCorrupt."""
        stored = self._data.datastores.get((organization_id, name))
        if stored is None:
            return NamedDatastore(stored=None, next_revision=self._data.datastore_floors.get(organization_id, 0) + 1)
        return NamedDatastore(stored=verify_datastore(stored), next_revision=stored.revision + 1)

    async def list(self, organization_id: str, after: str, limit: int) -> Sequence[DatastoreSummary]:
        """Returns up to `limit` datastores of an organization by name, those after `after`."""
        found = sorted(self._data.datastores.items())
        lines = [
            DatastoreSummary(
                name=name,
                revision=stored.revision,
                size=len(stored.body),
                created_on=stored.created_on,
                modified_on=stored.modified_on,
                modified_by=stored.modified_by,
            )
            for (owner, name), stored in found
            if owner == organization_id and name > after
        ]
        return lines[:limit]

    async def put(self, change: DatastoreChange) -> None:
        """Applies a change by itself. Raises: DatastoreMoved, DatastoresFull."""

        def write() -> None:
            self._data.check_datastore(change)
            self._data.change_datastore(change)

        await self._commits.submit(write)

    async def find_damaged(self) -> Sequence[str]:
        """Returns a line for each datastore that cannot be read as it was stored."""
        return [line for _, stored in sorted(self._data.datastores.items()) if (line := find_damage(stored))]
