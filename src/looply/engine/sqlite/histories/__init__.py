"""Histories as rows, where SQLite has its own way: units, journal, reads, lists, datastores, pruning.

Imports `file`, `pending` and `engine.sql`.
Never here: threads, locks or files.
"""
