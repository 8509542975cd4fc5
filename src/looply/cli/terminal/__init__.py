"""What commands share: the terminal, options, tables, documents, failures, the client of the HTTP API.

Imports nothing of `cli` outside of this room.
Never here: a command.
"""
