"""What organizations edit: workflows, cards, connections, profiles, views, and bulks.

Imports `storage`, `trail` and `tenants`.
Never here: executions; the engine's store has them.
"""
