"""What organizations edit: workflows, cards, connections, profiles, and bulks.

Imports every lower room.
Never here: executions; the engine's store has them.
"""
