"""Callers: the addresses, connections and browsers from which calls come.

Imports nothing of `server` outside of this room.
Never here: routes, and the check of a key or a session.
"""
