"""Connections: the process that serves the application on a socket, deadlines and bounds of a connection.

Imports `http`.
Never here: what a request asks for.
"""
