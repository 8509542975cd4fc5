"""The store on PostgreSQL: a database that may be elsewhere, and that several processes may share."""

from looply.engine.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
