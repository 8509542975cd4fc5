"""Stores without a server: opening, copying and moving them, and what commands do on them directly.

Imports `terminal`.
Never here: a command, or a call over HTTP.
"""
