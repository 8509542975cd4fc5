"""The store on PostgreSQL: a database that may be elsewhere, and that several processes may share.

Imports `records`, `ports`, `coding` and `sql`.
Never here: what SQLite and PostgreSQL do alike; that is in `sql`.
"""

from looply.engine.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
