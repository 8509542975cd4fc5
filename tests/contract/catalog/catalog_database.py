"""A PostgreSQL database with a catalog, emptied between tests."""

import psycopg

from looply.catalog.storage.postgres import SCHEMA_NAME
from looply.catalog.storage.tables import metadata

_END_OTHERS = (
    "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_EMPTY = "; ".join(f"DELETE FROM {SCHEMA_NAME}.{table.name}" for table in reversed(metadata.sorted_tables))


class CatalogOnPostgres:
    """The database at an address, for tests."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._connection = psycopg.connect(address, autocommit=True)

    def empty(self) -> None:
        """Deletes all rows, and terminates the sessions that a test has left open."""
        self._connection.execute(f"{_END_OTHERS}; {_EMPTY}".encode(), prepare=False)

    def close(self) -> None:
        """Disconnects from the database."""
        self._connection.close()
