"""Tenants: organizations, workspaces, API keys, and the data keys that seal the secrets of organizations.

Imports `storage` and `trail`.
Never here: the objects that an organization edits.
"""
