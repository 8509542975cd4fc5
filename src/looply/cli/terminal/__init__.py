"""What commands share: the terminal, options, tables, documents, failures, the client of the HTTP API.

Imports `display`.
Never here: a command.
"""
