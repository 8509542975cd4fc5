"""Commands of operators: init, serve, worker, databases, keys, organizations, doctor, audit, the demo.

Imports `terminal` and `offline`.
Never here: the background work of a running server.
"""
