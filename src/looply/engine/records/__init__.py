"""The records that stores keep beside histories: letters, decisions, card copies, datastores, slots, retention.

Imports nothing of the engine: only the pure packages and the small modules of `looply`.
Never here: SQL, asyncio tasks, or anything that reads or writes a record.
"""
