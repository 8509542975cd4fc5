"""Commands of operators: init, serve, worker, databases, keys, organizations, doctor, audit, the demo.

Imports `display` and `terminal`; `offline` on demand.
Never here: the background work of a running server.
"""
