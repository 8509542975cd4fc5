"""The ports of the engine: what `app` calls, and what stores, dispatchers and channels implement.

Imports `records`.
Never here: an implementation, or the port of a record, which lies beside it. A port states guarantee, order and errors.
"""
