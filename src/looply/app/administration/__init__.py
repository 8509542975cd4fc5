"""Use cases of administrators: organizations, API keys and their bindings, notifications, the proof of a store.

Imports `messages`, `context` and `monitoring`.
Never here: wire names.
"""
