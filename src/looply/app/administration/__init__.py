"""Use cases of administrators: organizations, keys and what they are bound to, the proof of a store.

Imports every lower room.
Never here: wire names.
"""
