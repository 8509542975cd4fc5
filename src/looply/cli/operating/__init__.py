"""Commands of operators: init, serve, worker, databases, keys, organizations, doctor, audit, the demo.

Imports `terminal` and `offline`.
Never here: what a running server does by itself.
"""
