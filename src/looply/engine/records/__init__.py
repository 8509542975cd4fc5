"""The records that stores keep beside histories: letters, decisions, card copies, datastores, slots, retention.

Imports no other room of `engine`.
Never here: SQL, asyncio tasks, or anything that reads or writes a record.
"""
