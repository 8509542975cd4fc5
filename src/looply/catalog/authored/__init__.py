"""What organizations edit: workflows and their companions, cards, connections, profiles, views, bulks; notifications.

Imports `storage`, `trail`, `calls` and `tenants`.
Never here: executions; the engine's store has them.
"""
