"""Histories as rows, where SQLite has its own way: units, journal, reads, lists, datastores, pruning.

Imports `file` and `pending`.
Never here: threads, locks or files.
"""
