"""The ports of the engine: what `app` calls, and what stores, dispatchers and channels implement.

Imports `records`.
Never here: an implementation. A port states guarantee, order and errors, and nothing of how they are kept.
"""
