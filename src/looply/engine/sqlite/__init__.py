"""The store of the embedded engine: SQLite in the process."""

from looply.engine.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
