"""Settings of steps that call other systems or contain other steps; they need the model of the graph.

Imports every lower room.
Never here: the calls themselves; connectors make them.
"""
