"""The database: connections, ownership, retries, the schema, partitions, the clock, receiving of a move.

Imports no other room of `engine.postgres`.
Never here: what the store does with an execution.
"""
