"""Bulks: one action on many executions, selected by a filter or by their ids; previewed, then run at a limited rate.

Imports `context` and `executions`.
Never here: what an action does to one execution; `execution` decides it.
"""
