"""The store of the embedded engine: SQLite in the process.

Imports `records`, `ports`, `coding` and `sql`.
Never here: what the store on PostgreSQL does in the same way; that is in `sql`.
"""

from looply.engine.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
