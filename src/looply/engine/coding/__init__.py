"""Coding: events, states and units to stored bytes and rows and back, the same for every store with tables.

Imports `records` and `ports`.
Never here: a connection to a database, or a decision about what to store.
"""
