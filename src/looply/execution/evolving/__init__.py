"""Evolving: `evolve`, by which an event becomes state. It records and never judges.

Imports `facts`, `document` and `approvals`.
Never here: a choice. Whatever may turn out in two ways is decided before the event is made.
"""
