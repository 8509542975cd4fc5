"""The database: connections, ownership, retries, the schema, partitions, the clock, receiving of a move.

Imports nothing of `engine.postgres` outside of this room.
Never here: what the store does with an execution.
"""
