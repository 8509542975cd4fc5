"""Stores without a server: opening, copying and moving them, and the operations of commands on them.

Imports `terminal`.
Never here: a command, or a call over HTTP.
"""
