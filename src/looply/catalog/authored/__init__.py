"""What organizations edit: workflows, cards, connections, profiles, and bulks.

Imports `storage`, `trail` and `tenants`.
Never here: executions; the engine's store has them.
"""
