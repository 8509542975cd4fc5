"""Evolving: `evolve`, the reducer that applies an event to the state. It never decides.

Imports `facts`, `document` and `approvals`.
Never here: a decision. Everything that has two possible outcomes is decided before the event is made.
"""
