"""SQL: the sides of a store that are the same for every store with tables, written once with two dialects.

Imports `records`, `ports` and `coding`.
Never here: a driver, a connection, or a transaction.
"""
