"""What organizations edit: workflows and their companions, cards, connections, profiles, views, bulks; and presence.

Imports `storage`, `trail` and `tenants`.
Never here: executions; the engine's store has them.
"""
