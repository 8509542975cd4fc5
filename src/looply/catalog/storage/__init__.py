"""Storage of the catalog: its tables, its schema, SQLite and PostgreSQL, pages, and a cache of recent reads.

Imports no other room of `catalog`.
Never here: a noun of the catalog.
"""
