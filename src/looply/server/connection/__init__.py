"""Connections: the process that serves the application on a socket, deadlines and limits of a connection.

Imports `http`.
Never here: the meaning of a request.
"""
