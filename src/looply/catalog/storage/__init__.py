"""Storage of the catalog: its tables, its schema, SQLite and PostgreSQL, pages, what is kept in memory for a moment.

Imports nothing of `catalog` outside of this room.
Never here: a noun of the catalog.
"""
