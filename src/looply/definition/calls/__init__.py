"""Settings of steps that call other systems or contain other steps; they need the model of the graph.

Imports `values`, `schemas`, `settings` and `graph`.
Never here: the calls themselves; connectors make them.
"""
