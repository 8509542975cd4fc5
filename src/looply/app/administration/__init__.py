"""Use cases of administrators: organizations, API keys and their bindings to workflows, the proof of a store.

Imports `context`.
Never here: wire names.
"""
