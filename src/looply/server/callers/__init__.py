"""Callers: the addresses, connections and browsers from which calls come.

Imports no other room of `server`.
Never here: routes, and the check of a key or a session.
"""
