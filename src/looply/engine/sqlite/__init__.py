"""The store of the embedded engine: SQLite in the process.

Imports `records`, `ports`, `coding` and `sql`.
Never here: what SQLite and PostgreSQL do alike; that is in `sql`.
"""

from looply.engine.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
