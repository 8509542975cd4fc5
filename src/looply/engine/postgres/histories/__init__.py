"""Histories as rows, where PostgreSQL has its own way: units, journal, reads, lists, datastores, pruning.

Imports `database` and `pending`.
Never here: connections, locks or leases.
"""
