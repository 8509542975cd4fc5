"""Tenants: organizations, workspaces, API keys, and the keys that seal what an organization stores.

Imports `storage` and `trail`.
Never here: what an organization edits.
"""
