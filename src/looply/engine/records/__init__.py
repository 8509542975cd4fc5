"""The records that stores keep beside histories, each with its port: letters, decisions, card copies, datastores.

Imports no other room of `engine`.
Never here: SQL, asyncio tasks, or an implementation of a port.
"""
